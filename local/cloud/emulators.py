"""
Google's Firestore and Pub/Sub emulators as child processes on free loopback ports.

Both are part of the Google Cloud SDK and need Java. They keep nothing on disk: their state dies with
the process, unless Firestore's was exported before. The client libraries find them by the variables that
``environment`` holds.
"""

import shutil
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import httpx

from local.cloud.child import ADDRESS, Child, accepts, free_port


class EmulatorMissing(Exception):
    """The emulator, or the Java that runs it, is not installed; the text says what to install."""


class Emulator(Child):
    """
    One emulator; a context manager. ``variable`` is the one that client libraries look for.

    Raises EmulatorMissing at once if it cannot be run here, TimeoutError if it does not answer.
    """

    def __init__(
        self, name: str, command: Sequence[str], *, port: int, variable: str, log: Path, scheme: str = ""
    ) -> None:
        super().__init__(f"the {name} emulator", command, ready=partial(accepts, port), log=log)
        self.address = f"{ADDRESS}:{port}"
        self.environment = {variable: f"{scheme}{self.address}"}


def firestore(log: Path, *, port: int | None = None, state: Path | None = None) -> Emulator:
    """Google's Firestore emulator; it begins with what ``export`` wrote, if there is such a ``state``."""
    jar = _jar("cloud-firestore-emulator", "cloud-firestore-emulator.jar")
    port = port or free_port()
    main = "com.google.cloud.datastore.emulator.firestore.CloudFirestore"
    # The emulator supports English error messages only, says its own start script.
    options = ("-Duser.language=en", "-Xmx2g", "-cp", str(jar), main)
    command = [_java(), *options, "start", f"--host={ADDRESS}", f"--port={port}"]
    command += [f"--import-data={state}"] if state else []
    return Emulator("Firestore", command, port=port, variable="FIRESTORE_EMULATOR_HOST", log=log)


def export(emulator: Emulator, project: str, folder: Path) -> Path:
    """Write the default database of a project below ``folder``, for another emulator to begin with."""
    folder.mkdir(parents=True, exist_ok=True)
    httpx.post(
        f"http://{emulator.address}/emulator/v1/projects/{project}:export",
        json={
            "database": f"projects/{project}/databases/(default)",
            "export_directory": str(folder.resolve()),
            "export_name": "state",
        },
        timeout=60,
        trust_env=False,
    ).raise_for_status()
    return folder / "state" / "state.overall_export_metadata"


def pubsub(log: Path, *, port: int | None = None) -> Emulator:
    """Google's Pub/Sub emulator."""
    jar = _jar("pubsub-emulator", "lib/cloud-pubsub-emulator-*.jar")
    port = port or free_port()
    command = (_java(), "-Xmx1g", "-jar", str(jar), f"--host={ADDRESS}", f"--port={port}")
    return Emulator("Pub/Sub", command, port=port, variable="PUBSUB_EMULATOR_HOST", log=log)


def _jar(component: str, pattern: str) -> Path:
    gcloud = shutil.which("gcloud")
    if gcloud is None:
        raise EmulatorMissing("gcloud is not on the PATH: install the Google Cloud SDK")
    found = sorted((Path(gcloud).resolve().parents[1] / "platform" / component).glob(pattern))
    if not found:
        short = component.removeprefix("cloud-").removesuffix("-emulator")
        raise EmulatorMissing(
            f"the {component} is not installed: `gcloud components install {component}`, "
            f"or Debian's google-cloud-cli-{short}-emulator"
        )
    return found[-1]


def _java() -> str:
    java = shutil.which("java")
    if java is None:
        raise EmulatorMissing("java is not on the PATH: the emulators need Java 11 or newer")
    return java
