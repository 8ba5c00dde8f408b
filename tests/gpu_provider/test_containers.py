"""Containers: Modal's own runtime, in a process of its own, runs what was deployed."""

import os
import sys
from importlib import import_module
from pathlib import Path

import modal
import pytest
from pydantic import JsonValue

from shared.events.runs import packed, unpacked
from shared.models.work import Envelope, FailureClass
from tests.modal_server.running import contain
from tests.modal_server.server import ControlPlane
from tests.modal_server.service import TOKEN, Mishap
from tests.unit.modal_gpu.store import Store

KEY = {"OMTX_WEBHOOK_KEY_ID": "1", "OMTX_WEBHOOK_KEY": "key"}
BREAKS: dict[str, JsonValue] = {"break_attempts": 1}
NOWHERE = "http://127.0.0.1:1/"
BROKEN = FailureClass.INFRASTRUCTURE


@pytest.fixture
def client(control_plane: ControlPlane) -> modal.Client:
    """The client of this test's control plane."""
    return modal.Client.from_credentials(*TOKEN)


def deploy(model: str, client: modal.Client) -> None:
    """Deploy its app, made anew: one that was deployed keeps the ids of its control plane."""
    name = f"modal_gpu.apps.{model}"
    before = sys.modules.pop(name, None)
    import_module(name).app.deploy(client=client)
    del sys.modules[name]
    if before is not None:
        sys.modules[name] = before


def spawn(
    client: modal.Client, folder: Path, *parameters: dict[str, JsonValue]
) -> list[modal.FunctionCall[bytes]]:
    """A run of the test model for each."""
    run = modal.Cls.from_name("omtx-noop", "Model", client=client)().run
    orders = [Store(folder).order(parameters=it, webhook_url=NOWHERE, uploads={}) for it in parameters]
    return [run.spawn(packed(order)) for order in orders]


def failures(calls: list[modal.FunctionCall[bytes]]) -> list[FailureClass | None]:
    """How each run ended, by what its caller gets."""
    envelopes = [unpacked(call.get(timeout=0), Envelope) for call in calls]
    assert [it.call_id for it in envelopes] == [call.object_id for call in calls]
    return [it.failure.kind if it.failure else None for it in envelopes]


def test_a_container_whose_model_is_spent_gets_no_further_run_and_the_next_one_goes_on(
    control_plane: ControlPlane, client: modal.Client, tmp_path: Path
) -> None:
    deploy("noop", client)
    calls = spawn(client, tmp_path, {}, BREAKS, {}, {})
    for _ in range(2):
        done = contain(control_plane, "omtx-noop", KEY, tmp_path)
        assert done.returncode == 0, done.stderr
    assert [number for number, _ in control_plane.service.taken] == [1, 1, 2, 2]
    assert failures(calls) == [None, BROKEN, None, None]
    assert control_plane.service.missing == []


def test_a_container_that_cannot_say_that_it_ends_answers_and_says_it_after_the_next_run(
    control_plane: ControlPlane, client: modal.Client, tmp_path: Path
) -> None:
    deploy("noop", client)
    calls = spawn(client, tmp_path, BREAKS, {}, {})
    control_plane.service.strike = lambda method, number: (
        Mishap.BREAKS if (method, number) == ("ContainerStop", 1) else None
    )
    for _ in range(2):
        contain(control_plane, "omtx-noop", KEY, tmp_path)
    assert [number for number, _ in control_plane.service.taken] == [1, 1, 2]
    assert failures(calls) == [BROKEN, BROKEN, None]


@pytest.mark.parametrize(("model", "package"), [("boltz2", "torch"), ("chai1", "chai_lab")])
def test_the_programs_of_a_model_are_imported_before_the_snapshot(
    control_plane: ControlPlane, client: modal.Client, tmp_path: Path, model: str, package: str
) -> None:
    deploy(model, client)
    (tmp_path / f"{package}.py").write_text('raise ImportError("wanted before the snapshot")')
    path = os.pathsep.join([str(tmp_path), str(Path.cwd())])
    contain(control_plane, f"omtx-{model}", KEY | {"PYTHONPATH": path}, tmp_path)
    [trouble] = control_plane.service.troubles
    assert "ImportError: wanted before the snapshot" in trouble
    assert "in imports" in trouble
