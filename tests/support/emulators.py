"""
Google's emulators for tests: each process is started by the first test that needs it, and shared.

One set of processes serves a worker of the test run; what keeps tests apart is a fresh project each.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from local.cloud import emulators as processes
from local.cloud.storage import storage

if TYPE_CHECKING:
    from google.cloud.firestore import Client
    from google.cloud.storage import Client as StorageClient

REQUIRED = "OMTX_REQUIRE_EMULATORS"


class Emulators:
    """
    The emulators of this worker.

    One that is not installed skips the test that asked for it, or fails it where emulators are required.
    """

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._running: dict[str, processes.Emulator] = {}
        self._stack = ExitStack()

    @property
    def firestore(self) -> processes.Emulator:
        """Firestore's."""
        return self._started("firestore", processes.firestore)

    @property
    def pubsub(self) -> processes.Emulator:
        """Pub/Sub's."""
        return self._started("pubsub", processes.pubsub)

    @property
    def storage(self) -> processes.Emulator:
        """Cloud Storage's, which is ours and needs nothing installed."""
        return self._started("storage", storage)

    def storage_client(self, project: str, address: str | None = None) -> "StorageClient":
        """A client of the objects, there or behind ``address``; its bucket is named as the project."""
        from shared.adapters.gcp.blobs import connect

        variable, own = next(iter(self.storage.environment.items()))
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv(variable, address or own)
            client = connect(project)
        if not client.bucket(project).exists():
            client.create_bucket(project)
        return client

    def firestore_client(self, project: str, address: str | None = None) -> "Client":
        """A client of a project's default database, there or behind ``address``."""
        from google.cloud.firestore import Client

        variable, own = next(iter(self.firestore.environment.items()))
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv(variable, address or own)
            return Client(project=project)

    def stop(self) -> None:
        """End every process."""
        self._stack.close()

    def _started(self, name: str, make: Callable[[Path], processes.Emulator]) -> processes.Emulator:
        if name not in self._running:
            try:
                emulator = make(self._logs / f"{name}.log")
            except processes.EmulatorMissing as missing:
                if os.environ.get(REQUIRED) == "1":
                    pytest.fail(str(missing))
                pytest.skip(str(missing))
            self._running[name] = self._stack.enter_context(emulator)
        return self._running[name]


@pytest.fixture(scope="session")
def emulators(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulators]:
    """The emulators; none runs before it is asked for."""
    running = Emulators(tmp_path_factory.mktemp("emulators"))
    yield running
    running.stop()


@pytest.fixture
def project() -> str:
    """A project that nobody used before; emulators keep projects apart."""
    return f"test-{uuid4().hex[:16]}"
