"""What would be deployed: every app is sent to the control plane, and its definition is read there."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import modal
import pytest

from modal_gpu import container
from modal_gpu.hosting import HOSTED, MOST_RETRIES, RFANTIBODY, Hosting, WeightFile, Weights
from modal_gpu.predictors import PREDICTORS
from shared.catalogue.entry import known
from shared.events.runs import CLASS, METHOD
from shared.settings.containers import RfantibodySettings
from tests.modal_server.deployments import App, Deployed
from tests.modal_server.server import ControlPlane
from tests.modal_server.service import TOKEN
from tests.support.control_plane import lead_to

IMAGES = container.IMAGES
GPUS = ("A100-40GB", "L40S", "A100-80GB")
FOLDING = Hosting(
    gpus=GPUS,
    cores=4.0,
    memory_mb=(16384, 49152),
    seconds=1800,
    start_seconds=1200,
    most_containers=20,
    idle_seconds=120,
    retries=1,
    weights=Weights("2024-01", (WeightFile("model.ckpt", "https://weights.test/model.ckpt", "0" * 64),)),
    cached=True,
)


@pytest.fixture(scope="module")
def control_plane() -> Iterator[ControlPlane]:
    """A control plane to which every app was deployed, and one of a model that there is not."""
    with ControlPlane() as plane, pytest.MonkeyPatch.context() as patch:
        lead_to(plane, patch)
        client = modal.Client.from_credentials(*TOKEN)
        for model in HOSTED:
            import_module(f"modal_gpu.apps.{model}").app.deploy(client=client)
        patch.setattr(container, "HOSTED", {**HOSTED, "fold": FOLDING})
        patch.setattr(container, "IMAGES", Path(__file__).with_name("images"))
        patch.setenv("OMTX_PREFIX", "staging")
        an_app("fold").deploy(client=client)
        assert plane.service.missing == []
        yield plane


def an_app(model: str) -> modal.App:
    """What a module of ``modal_gpu/apps`` makes."""
    app = container.application(model)

    @app.cls(serialized=True, **container.resources(model))
    class Model(container.Container):
        pass

    return app


@pytest.fixture
def folding(control_plane: ControlPlane) -> App:
    """An app with all that an app can have, of an installation with a prefix of its own."""
    return control_plane.deployments.apps["staging-fold"]


@pytest.mark.parametrize("model", sorted(HOSTED))
def test_every_hosted_model_has_an_app_that_deploys_with_the_limits_of_the_table(
    control_plane: ControlPlane, model: str
) -> None:
    app = control_plane.deployments.apps[f"omtx-{model}"]
    assert sorted(app.functions) == [f"{CLASS}.*", *(["fill"] if HOSTED[model].weights else [])]
    assert app.tags == {"system": "omtx", "model": model}
    found = app.functions[f"{CLASS}.*"]
    _has_limits(found, HOSTED[model])
    mounted = {"/weights": (f"omtx-{model}-weights", True)} if HOSTED[model].weights else {}
    assert (found.secrets, found.volumes) == (["omtx-webhook"], mounted)
    assert METHOD in found.data.method_definitions


def test_boltz_2_is_deployed_on_large_gpus_with_weights_of_one_revision(control_plane: ControlPlane) -> None:
    found = control_plane.deployments.apps["omtx-boltz2"].functions[f"{CLASS}.*"]
    assert [it.resources.gpu_config.gpu_type for it in found.ranked] == ["A100-40GB", "A100-80GB", "H100"]
    assert {(it.timeout_secs, it.startup_timeout_secs) for it in found.ranked} == {(1800, 900)}
    assert {it.retry_policy.retries for it in found.ranked} == {0}
    weights = HOSTED["boltz2"].weights
    assert weights is not None
    assert [it.path for it in weights.files] == ["boltz2_conf.ckpt", "boltz2_aff.ckpt", "mols.tar"]
    assert all(f"/{weights.revision}/" in it.url and len(it.sha256 or "") == 64 for it in weights.files)


def _has_limits(found: Deployed, hosting: Hosting) -> None:
    gpus = tuple(it.resources.gpu_config.gpu_type for it in found.ranked if it.resources.gpu_config.count)
    assert gpus == hosting.gpus
    for it in found.ranked:
        assert (it.timeout_secs, it.startup_timeout_secs) == (hosting.seconds, hosting.start_seconds)
        assert (it.concurrency_limit, it.task_idle_timeout_secs) == (
            hosting.most_containers,
            hosting.idle_seconds,
        )
        assert it.retry_policy.retries == hosting.retries <= MOST_RETRIES
        memory = it.resources.memory_mb, it.resources.memory_mb_max
        assert (it.resources.milli_cpu, memory) == (hosting.cores * 1000, hosting.memory_mb)
        assert it.checkpointing_enabled  # a CPU snapshot; one of the GPU is not asked for
        assert not it.enable_gpu_snapshot
        assert it.max_concurrent_inputs <= 1


def test_a_model_on_gpus_has_its_fallbacks_in_order_each_with_the_same_limits(folding: App) -> None:
    found = folding.functions[f"{CLASS}.*"]
    assert len(found.ranked) == len(GPUS)
    _has_limits(found, FOLDING)


def test_runs_only_read_the_weights_and_share_what_was_computed_for_their_target(folding: App) -> None:
    assert folding.functions[f"{CLASS}.*"].volumes == {
        "/weights": ("staging-fold-weights", True),
        "/cache": ("staging-fold-cache", False),
    }


def test_the_weights_are_filled_by_a_function_without_a_gpu_and_without_secrets(folding: App) -> None:
    fill = folding.functions["fill"]
    assert not any(it.resources.gpu_config.count for it in fill.ranked)
    assert (fill.volumes, fill.secrets) == ({"/weights": ("staging-fold-weights", False)}, [])


def test_an_image_holds_pinned_packages_only_and_our_code_with_its_tables(
    control_plane: ControlPlane,
) -> None:
    for model in HOSTED:
        commands = control_plane.deployments.apps[f"omtx-{model}"].functions[f"{CLASS}.*"].image
        installed = [line for line in commands if "uv pip install" in line]
        assert [f"{model}.txt" in line for line in installed] == [True]
        assert "ENV OMTX_PREFIX=omtx" in commands
        pins = (IMAGES / f"{model}.txt").read_text().splitlines()
        assert all("==" in pin for pin in pins if not pin.startswith("#"))
    files = control_plane.deployments.files
    assert {"/root/shared/catalogue/vina.yaml", "/root/modal_gpu/attempt.py"} <= files
    assert not [name for name in files if "secret" in name.lower() and name.endswith(".txt")]


def test_programs_that_are_no_package_come_at_their_commit_into_an_environment_of_their_own(
    control_plane: ControlPlane,
) -> None:
    app = control_plane.deployments.apps["omtx-rfantibody"]
    commands = "\n".join(app.functions[f"{CLASS}.*"].image)
    assert f"fetch --quiet --depth 1 {RFANTIBODY.url} {RFANTIBODY.commit}" in commands
    assert f"rev-parse HEAD) = {RFANTIBODY.commit}" in commands
    assert "uv sync --project /opt/rfantibody --frozen --no-dev --python 3.10" in commands
    assert "rfantibody" not in "".join(app.functions["fill"].image).replace("rfantibody.txt", "")
    assert re.fullmatch(r"[0-9a-f]{40}", RFANTIBODY.commit)
    place = RfantibodySettings()
    assert (str(place.source), str(place.weights)) == (RFANTIBODY.folder, container.WEIGHTS)


def test_debian_brings_what_a_program_starts(control_plane: ControlPlane) -> None:
    images = {
        name: "\n".join(app.functions[f"{CLASS}.*"].image)
        for name, app in control_plane.deployments.apps.items()
    }
    assert [name for name, image in images.items() if re.search(r"apt-get install.* kalign", image)] == [
        "omtx-chai1"
    ]


def test_the_table_and_the_catalogue_agree() -> None:
    assert set(HOSTED) <= set(PREDICTORS)
    for model, hosting in HOSTED.items():
        assert hosting.seconds == known(model).timeout_seconds
        assert bool(hosting.gpus) == (known(model).engine == "modal")


def test_more_retries_than_one_are_refused() -> None:
    with pytest.raises(ValueError, match="at most 1"):
        Hosting((), 1.0, (1, 1), 1, 1, 1, 1, retries=2)


def test_the_webhook_key_is_a_secret_by_name_with_the_keys_that_a_container_reads(
    control_plane: ControlPlane, folding: App
) -> None:
    assert folding.functions[f"{CLASS}.*"].secrets == ["staging-webhook"]
    assert set(control_plane.deployments.secrets.values()) == {
        ("omtx-webhook", ("OMTX_WEBHOOK_KEY_ID", "OMTX_WEBHOOK_KEY")),
        ("staging-webhook", ("OMTX_WEBHOOK_KEY_ID", "OMTX_WEBHOOK_KEY")),
    }


def test_the_documented_command_deploys_an_app() -> None:
    commands = re.findall(r"^modal (deploy .+)$", Path("docs/modal.md").read_text(), re.MULTILINE)
    assert commands == ["deploy -m modal_gpu.apps.vina"]
    with ControlPlane() as plane:
        environment = (
            os.environ | plane.environment | {"MODAL_CONFIG_PATH": os.devnull, "OMTX_PREFIX": "omtx"}
        )
        command = [sys.executable, "-m", "modal", *commands[0].split()]
        subprocess.run(command, env=environment, check=True, capture_output=True, timeout=60)
        assert list(plane.deployments.apps) == ["omtx-vina"]
        assert plane.service.missing == []
