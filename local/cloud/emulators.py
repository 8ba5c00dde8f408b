"""
Google's Firestore and Pub/Sub emulators as child processes on free loopback ports.

Both are part of the Google Cloud SDK and need Java. They keep nothing on disk: their state dies with
the process. The client libraries find them by the variables that ``environment`` holds.
"""

import shutil
import socket
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

ADDRESS = "127.0.0.1"
START_SECONDS = 90.0
STOP_SECONDS = 10.0


class EmulatorMissing(Exception):
    """The emulator, or the Java that runs it, is not installed; the text says what to install."""


class Emulator:
    """
    One emulator; a context manager. ``variable`` is the one that client libraries look for.

    Raises EmulatorMissing at once if it cannot be run here, TimeoutError if it does not answer.
    """

    def __init__(
        self, name: str, command: Sequence[str], *, port: int, variable: str, log: Path, scheme: str = ""
    ) -> None:
        self.address = f"{ADDRESS}:{port}"
        self.environment = {variable: f"{scheme}{self.address}"}
        self._name = name
        self._command = command
        self._port = port
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Return once it accepts connections."""
        self._log.parent.mkdir(parents=True, exist_ok=True)
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        end = time.monotonic() + START_SECONDS
        while not _accepts(self._port):
            if self._process.poll() is not None or time.monotonic() > end:
                self.stop()
                raise TimeoutError(f"the {self._name} emulator did not start; its log is {self._log}")
            time.sleep(0.05)

    def stop(self) -> None:
        """End the process; what it held is gone."""
        if self._process is None:
            return
        self._process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(STOP_SECONDS)
        self._process.kill()
        self._process.wait()
        self._process = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def firestore(log: Path, *, port: int | None = None) -> Emulator:
    """Google's Firestore emulator."""
    jar = _jar("cloud-firestore-emulator", "cloud-firestore-emulator.jar")
    port = port or free_port()
    main = "com.google.cloud.datastore.emulator.firestore.CloudFirestore"
    # The emulator supports English error messages only, says its own start script.
    options = ("-Duser.language=en", "-Xmx2g", "-cp", str(jar), main)
    command = (_java(), *options, "start", f"--host={ADDRESS}", f"--port={port}")
    return Emulator("Firestore", command, port=port, variable="FIRESTORE_EMULATOR_HOST", log=log)


def pubsub(log: Path, *, port: int | None = None) -> Emulator:
    """Google's Pub/Sub emulator."""
    jar = _jar("pubsub-emulator", "lib/cloud-pubsub-emulator-*.jar")
    port = port or free_port()
    command = (_java(), "-Xmx1g", "-jar", str(jar), f"--host={ADDRESS}", f"--port={port}")
    return Emulator("Pub/Sub", command, port=port, variable="PUBSUB_EMULATOR_HOST", log=log)


def free_port() -> int:
    """A port of the loopback interface that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind((ADDRESS, 0))
        port: int = probe.getsockname()[1]
        return port


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


def _accepts(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1.0)
        return probe.connect_ex((ADDRESS, port)) == 0
