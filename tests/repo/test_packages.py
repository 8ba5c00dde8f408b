"""Each function boots in a clean process from just its packaged files and requirements."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from packaging.utils import canonicalize_name

from infra.package import unpacked
from modal_gpu.hosting import HOSTED
from shared.topology import Function, topology
from tests.repo.packages import Booted, boot, interpreter

ROOT = Path(__file__).resolve().parents[2]
FUNCTIONS = topology().functions
IMAGES = [*ROOT.glob("modal_gpu/images/*.txt")]
# Gigabytes, and old releases of what we use; `make test-models` runs our code among those.
LARGE = {"boltz2", "chai1"}
APART = LARGE | {"rfantibody"}  # the last brings a program that only its image needs
SAMPLE = ROOT / "examples" / "t4l_l99a"
UNREADABLE = {"message": {"data": "bm90IEpTT04=", "messageId": "1"}, "subscription": "a/b"}

Boots = Callable[[str, dict[str, Any]], Booted]


@pytest.fixture
def booted(tmp_path: Path, request: pytest.FixtureRequest) -> Boots:
    """Packages a function and boots it with one request."""
    cache = request.config.cache
    assert cache is not None

    def run(name: str, sent: dict[str, Any]) -> Booted:
        entry_point = FUNCTIONS[name].entry_point
        archive = unpacked(name, tmp_path / "archive")
        python = interpreter(archive / "requirements.txt", cache.mkdir("function-environments"))
        return boot(python, archive, entry_point, sent, tmp_path / "home")

    return run


def test_submit_takes_a_docking_screen(booted: Boots) -> None:
    body = {
        "job_name": "packaged",
        "protein_name": "T4 lysozyme L99A",
        "protein_structure": (SAMPLE / "receptor.pdb").read_text(),
        "library": {"format": "csv", "content": (SAMPLE / "ligands.csv").read_text()},
        "model_name": "vina",
        "parameters": {"box_from_ligand": (SAMPLE / "reference_poses.sdf").read_text()},
    }
    answer = booted("submit", {"method": "POST", "path": "/", "body": body})
    assert answer.status == 202, answer.body
    assert answer.body["accounting"]["queued"] == 12
    assert_alone(answer, "submit")


def test_api_describes_every_model_with_its_parameters(booted: Boots) -> None:
    answer = booted("api", {"method": "GET", "path": "/api/v2/models"})
    assert answer.status == 200, answer.body
    assert "exhaustiveness" in answer.body["models"][0]["parameters"]["properties"]
    assert_alone(answer, "api")


def test_webhook_refuses_an_unsigned_call(booted: Boots) -> None:
    answer = booted("webhook", {"method": "POST", "path": "/", "body": {}})
    assert answer.status == 401, answer.body
    assert_alone(answer, "webhook")


def test_reconcile_finds_nothing_in_an_empty_state(booted: Boots) -> None:
    answer = booted("reconcile", {"method": "POST", "path": "/", "body": {}})
    assert (answer.status, answer.body) == (200, {"findings": []})
    assert_alone(answer, "reconcile")


@pytest.mark.parametrize("name", [name for name, it in FUNCTIONS.items() if it.trigger == "event"])
def test_an_event_function_parks_what_it_cannot_read(booted: Boots, name: str) -> None:
    subscription = FUNCTIONS[name].subscription
    assert subscription is not None
    path = f"/projects/omtx/topics/{subscription.topic}"
    answer = booted(name, {"method": "POST", "path": path, "body": UNREADABLE})
    assert answer.status < 300, answer.body
    assert len(answer.dead_letters) == 1
    assert_alone(answer, name)


@pytest.mark.parametrize("name", [name for name, it in FUNCTIONS.items() if it.opens.engine])
def test_a_function_that_opens_the_engine_can_reach_modal(
    name: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    cache = request.config.cache
    assert cache is not None
    archive = unpacked(name, tmp_path)
    python = interpreter(archive / "requirements.txt", cache.mkdir("function-environments"))
    made = "from shared import wiring; print(wiring.engine())"
    given = {"OMTX_ENGINE": "modal", "MODAL_TOKEN_ID": "ak", "MODAL_TOKEN_SECRET": "as"}
    said = subprocess.run(
        [python, "-c", made], cwd=archive, env=given, capture_output=True, text=True, timeout=120
    )
    assert said.stdout == "measured ModalEngine\n", said.stderr


def taken(function: Function) -> set[str]:
    """The adapters that a function takes in the cloud, by what stands in its row."""
    opens = function.opens
    secrets = opens.secrets or opens.engine or opens.msa_server
    found = {"otlp.tracing"}  # every step is traced
    found |= {"gcp.ledger"} if opens.ledger else set()
    found |= {"gcp.letters"} if function.subscription or opens.dead_letters else set()
    found |= {"gcp.tokens"} if function.subscription or function.schedule else set()
    found |= {"gcp.blobs"} if opens.objects else set()
    found |= {"gcp.signing"} if "sign" in opens.objects else set()
    found |= {"gcp.secrets"} if secrets else set()
    found |= {"gcp.bus"} if function.publishes else set()
    found |= {"redis.connection", "redis.limiter", "redis.cache", "gcp.access"} if opens.redis else set()
    return found | ({"orders", "gcp.access"} if opens.orders else set())


@pytest.mark.parametrize(("name", "function"), FUNCTIONS.items())
def test_what_a_function_takes_in_the_cloud_comes_with_its_requirements(
    name: str, function: Function, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    cache = request.config.cache
    assert cache is not None
    archive = unpacked(name, tmp_path)
    python = interpreter(archive / "requirements.txt", cache.mkdir("function-environments"))
    imports = "; ".join(f"import shared.adapters.{it}" for it in sorted(taken(function)))
    said = subprocess.run(
        [python, "-c", imports], cwd=archive, env={}, capture_output=True, text=True, timeout=120
    )
    assert said.returncode == 0, said.stderr


@pytest.mark.parametrize("model", sorted(set(HOSTED) - LARGE))
def test_an_image_at_modal_holds_all_that_its_model_imports(
    model: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    cache = request.config.cache
    assert cache is not None
    for package_of_ours in ("shared", "modal_gpu"):
        shutil.copytree(ROOT / package_of_ours, tmp_path / package_of_ours)
    python = interpreter(ROOT / "modal_gpu" / "images" / f"{model}.txt", cache.mkdir("function-environments"))
    loading = f"import modal_gpu.body; from modal_gpu.predictors import predictor; predictor({model!r})"
    said = subprocess.run(
        [python, "-c", loading], cwd=tmp_path, env={}, capture_output=True, text=True, timeout=120
    )
    assert said.returncode == 0, said.stderr


def pins(path: Path) -> dict[str, str]:
    """What a file pins, by normalised name. A line that pins nothing fails here."""
    lines = (line.strip() for line in path.read_text().replace("\\\n", " ").splitlines())
    named = [line.split(" ")[0].split("==") for line in lines if line and not line.startswith("#")]
    return {canonicalize_name(name): version for name, version in named}


def test_every_requirement_is_pinned() -> None:
    files = [*ROOT.glob("requirements/*.txt"), *ROOT.glob("services/*/requirements.txt"), *IMAGES]
    models = [*ROOT.glob("requirements/models-*.in")]
    assert len(files) == 4 + len(models) + len(FUNCTIONS) + len(HOSTED)
    assert all(pins(path) for path in files)


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_what_a_function_is_built_from_is_pinned_by_the_hashes_of_its_files(name: str) -> None:
    text = (ROOT / "services" / name / "requirements.txt").read_text()
    entries = [it for it in text.replace("\\\n", " ").splitlines() if "==" in it]
    assert len(entries) > 10
    assert [it.split(" ")[0] for it in entries if " --hash=sha256:" not in it] == []


def test_all_requirements_agree_on_their_versions() -> None:
    everything = pins(ROOT / "requirements" / "dev.txt").items()
    images = [path for path in IMAGES if path.stem not in APART]
    for path in [ROOT / "requirements" / "embedded.txt", *ROOT.glob("services/*/requirements.txt"), *images]:
        assert pins(path).items() <= everything, path


def assert_alone(answer: Booted, name: str) -> None:
    """The process holds this function and no other, and nothing that only the embedded runner needs."""
    services = {module.split(".")[1] for module in answer.modules if module.startswith("services.")}
    assert services == {name}
    assert not {"local", "cli", "modal_gpu", "vina", "meeko"} & answer.modules
