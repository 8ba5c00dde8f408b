"""Which engine a model of the catalogue needs."""

import pytest

from shared.catalogue.entry import entries, known, obstacle
from shared.settings import settings

GPU_MODEL = known("boltz2").model_copy(update={"offered": True})


def test_a_model_that_needs_a_gpu_does_not_run_on_processors() -> None:
    assert obstacle(GPU_MODEL, "modal") is None
    reason = obstacle(GPU_MODEL, "pool")
    assert reason is not None
    assert "Boltz-2 needs a GPU" in reason
    assert "OMTX_ENGINE" in reason


def test_on_this_machine_s_gpu_a_model_needs_a_python_of_its_own() -> None:
    assert obstacle(GPU_MODEL, "local-gpu", {"boltz2"}) is None
    reason = obstacle(GPU_MODEL, "local-gpu", {"chai1"})
    assert reason is not None
    assert "OMTX_PYTHON_BOLTZ2" in reason


@pytest.mark.parametrize("engine", ["pool", "modal", "local-gpu"])
@pytest.mark.parametrize("model", ["noop", "vina"])
def test_a_model_that_needs_none_runs_on_every_engine(model: str, engine: str) -> None:
    assert obstacle(known(model), engine) is None


@pytest.mark.parametrize(("engine", "offered"), [("pool", False), ("modal", True)])
def test_the_catalogue_offers_what_the_engine_of_this_installation_runs(
    engine: str, offered: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.catalogue.entry._all", lambda: {"boltz2": GPU_MODEL})
    monkeypatch.setenv("OMTX_ENGINE", engine)
    monkeypatch.setenv("MODAL_TOKEN_ID", "ak")
    monkeypatch.setenv("MODAL_TOKEN_SECRET", "as")
    settings.cache_clear()
    assert ("boltz2" in entries()) == offered
    monkeypatch.undo()
    settings.cache_clear()
