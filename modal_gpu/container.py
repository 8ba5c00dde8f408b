"""
From the table of models to Modal's objects; with ``apps/``, all that imports Modal.

This is imported when an app is deployed, and again in each of its containers. Secrets and Volumes are
named, never made from content.
"""

import logging
from pathlib import Path
from typing import Any, ClassVar

import modal
import modal.exception
from modal.experimental import stop_fetching_inputs

from modal_gpu.hosting import HOSTED, Checkout, Hosting, Weights
from shared.events.runs import app_name
from shared.settings.containers import ContainerSettings

log = logging.getLogger("omtx.container")
WEIGHTS, CACHE = "/weights", "/cache"
IMAGES = Path(__file__).with_name("images")
SECRET_KEYS = ["OMTX_WEBHOOK_KEY_ID", "OMTX_WEBHOOK_KEY"]
FILL_SECONDS = 4 * 3600
NOT_CODE = ["**/*.md", "**/__pycache__/**"]


def application(model: str) -> modal.App:
    """The app of a model; with weights it has a function that fills their Volume."""
    return _application(model, HOSTED[model])


def _application(model: str, hosting: Hosting) -> modal.App:
    app = modal.App(_name(model), tags={"system": "omtx", "model": model})
    if hosting.weights is not None:
        _add_filling(app, model, hosting.weights)
    return app


def resources(model: str, hosting: Hosting | None = None) -> dict[str, Any]:
    """What ``app.cls`` takes for the class of a model."""
    hosting = hosting or HOSTED[model]
    return {
        "image": image(model, hosting),
        "gpu": list(hosting.gpus) or None,
        "cpu": hosting.cores,
        "memory": hosting.memory_mb,
        "timeout": hosting.seconds,
        "startup_timeout": hosting.start_seconds,
        "retries": hosting.retries,
        "max_containers": hosting.most_containers,
        "scaledown_window": hosting.idle_seconds,
        "enable_memory_snapshot": True,
        "secrets": [modal.Secret.from_name(f"{_prefix()}-webhook", required_keys=SECRET_KEYS)],
        "volumes": _volumes(model, hosting),
    }


def image(model: str, hosting: Hosting | None = None) -> modal.Image:
    """Debian with the pinned packages of the model, its programs, and our own code on top."""
    debian, programs = (hosting.debian, hosting.programs) if hosting else ((), None)
    system = modal.Image.debian_slim(python_version="3.11")
    packages = (system.apt_install(*debian) if debian else system).uv_pip_install(
        requirements=[str(IMAGES / f"{model}.txt")]
    )
    return (
        (packages if programs is None else _with_programs(packages, programs))
        .env({"OMTX_PREFIX": _prefix(), "MODAL_PAYLOAD_FORMAT": "cbor"})
        .add_local_python_source("shared", "modal_gpu", ignore=NOT_CODE)
    )


def _with_programs(image: modal.Image, programs: Checkout) -> modal.Image:
    """The checkout, and the environment of its own lock file; ``uv`` is among the packages of the model."""
    git = f"git -C {programs.folder}"
    return image.apt_install("git").run_commands(
        f"git init --quiet {programs.folder}",
        f"{git} fetch --quiet --depth 1 {programs.url} {programs.commit}",
        f"{git} checkout --quiet FETCH_HEAD && test $({git} rev-parse HEAD) = {programs.commit}",
        f"uv sync --project {programs.folder} --frozen --no-dev --python {programs.python}",
    )


class Container:
    """
    The base of every app's class: ``model`` is loaded once, then asked once per run.

    What is imported before the snapshot is not imported again in the next container; keys and
    connections are made after it.
    """

    model: ClassVar[str]

    @modal.enter(snap=True)
    def imports(self) -> None:
        """What every container of the model imports alike; torch and the model's packages take longest."""
        from modal_gpu import body  # noqa: F401 - with what it imports
        from modal_gpu.predictors import import_programs

        import_programs(self.model)

    @modal.enter(snap=False)
    def load(self) -> None:
        """The model, the key of the webhook, the connections."""
        from modal_gpu.body import Body, Weighed, machine_name
        from modal_gpu.predictors import predictor
        from modal_gpu.report import Reporter
        from modal_gpu.transfer import Transfer

        given, weights = ContainerSettings(), HOSTED[self.model].weights
        revision = {f"{self.model} weights": weights.revision} if weights else {}
        key = given.webhook_key.get_secret_value().encode()
        self._body = Body(
            predictor=Weighed(predictor(self.model), revision),
            transfer=Transfer(),
            reporter=Reporter(key_id=given.webhook_key_id, secret=key),
            machine=machine_name(),
        )

    @modal.method()
    def run(self, order: bytes) -> bytes:
        """One run: a packed order in, its packed envelope out; the last one if the model is spent."""
        from modal_gpu.predictors.base import is_spent

        answer = self._body.answer(order, modal.current_function_call_id())
        if is_spent(self._body.predictor):
            _take_no_more()
        return answer


def _take_no_more() -> None:
    """The container ends after this run. If that cannot be said now, the run still has its answer."""
    try:
        stop_fetching_inputs()
    except modal.exception.Error as error:
        log.warning("this container goes on with a spent model, and tries again to end: %s", error)


def _volumes(model: str, hosting: Hosting) -> dict[str, modal.Volume]:
    found: dict[str, modal.Volume] = {}
    if hosting.weights is not None:
        found[WEIGHTS] = _volume(model, "weights").with_mount_options(read_only=True)
    if hosting.cached:
        found[CACHE] = _volume(model, "cache")
    return found


def _add_filling(app: modal.App, model: str, weights: Weights) -> None:
    """``modal run -m modal_gpu.apps.<model>::fill`` puts the pinned files into the Volume of the weights."""
    volume = _volume(model, "weights")

    @app.function(
        name="fill", serialized=True, image=image(model), timeout=FILL_SECONDS, volumes={WEIGHTS: volume}
    )
    def fill() -> int:
        import httpx

        from modal_gpu.weights import fill as fill_folder

        with httpx.Client(follow_redirects=True, timeout=60) as client:
            fetched = fill_folder(Path(WEIGHTS), weights, client=client, tell=print)
        volume.commit()
        return fetched


def _volume(model: str, kind: str) -> modal.Volume:
    return modal.Volume.from_name(f"{_name(model)}-{kind}", create_if_missing=True)


def _name(model: str) -> str:
    return app_name(_prefix(), model)


def _prefix() -> str:
    return ContainerSettings().prefix
