"""Every backend under test is built here, and nowhere else in these suites."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest

from shared.adapters.local import schema
from shared.adapters.local.blobs import FolderBlobs
from shared.adapters.local.bus import SqliteBus
from shared.adapters.local.calls import SqliteCalls
from shared.adapters.local.consumptions import SqliteConsumptions
from shared.adapters.local.database import Database
from shared.adapters.local.hooks import SqliteHooks
from shared.adapters.local.keys import SqliteKeys
from shared.adapters.local.ledger import SqliteLedger
from shared.adapters.local.world import FolderSecrets
from shared.models.work import Envelope
from shared.ports.blobs import Blobs
from shared.ports.engine import Engine
from shared.ports.hooks import Hooks
from shared.ports.ledger import Ledger
from tests.contracts.backends import TOPICS, Backend, EngineRoom
from tests.contracts.gcp import GcpBackend
from tests.contracts.modal_room import ModalRoom
from tests.modal_server.server import ControlPlane
from tests.support.emulators import Emulators
from tests.support.tables import SOON
from tests.support.world import HandClock


class LocalBackend:
    """SQLite and a folder, under a clock that the test moves."""

    def __init__(self, home: Path) -> None:
        self.clock = HandClock()
        self.database = Database(home / "state.db", schema.STEPS, fsync=False)
        self.ledger = SqliteLedger(self.database)
        self.hooks = SqliteHooks(self.database)
        self.keys = SqliteKeys(self.database)
        self.consumptions = SqliteConsumptions(self.database)
        self.secrets = FolderSecrets(home / "secrets")
        self.blobs = FolderBlobs(
            home / "objects",
            base_url="http://127.0.0.1:1",
            keys=lambda: self.secrets.keys("urls"),
            fsync=False,
        )
        self.bus = self.dead_letters = self.queues = self.subscriber = SqliteBus(
            self.database, self.clock, TOPICS, pause=SOON.pause
        )
        self.calls = self.engine = self.runs = SqliteCalls(self.database, self.clock, size=2)
        self.machine = LocalMachine(self.calls)

    def wait(self, span: timedelta) -> None:
        """See ``Backend.wait``."""
        self.clock.advance(span)


class LocalMachine:
    """The pool's side of the embedded engine."""

    def __init__(self, calls: SqliteCalls) -> None:
        self._calls = calls

    def begin(self) -> list[str]:
        """See ``Machine.begin``."""
        return [call.call_id for call in self._calls.take(100)]

    def end(self, answers: Sequence[tuple[str, Envelope]]) -> None:
        """See ``Machine.end``."""
        self._calls.answer(answers)


@pytest.fixture
def local(tmp_path: Path) -> Iterator[LocalBackend]:
    """The embedded backend, for what only it promises."""
    backend = LocalBackend(tmp_path)
    yield backend
    backend.database.close()


@pytest.fixture
def gcp(project: str, emulators: Emulators) -> Iterator[GcpBackend]:
    """The cloud backend, for what only it promises."""
    with ExitStack() as stack:
        yield GcpBackend(project, emulators, stack)


@pytest.fixture(params=["local", pytest.param("gcp", marks=pytest.mark.gcp)])
def backend(request: pytest.FixtureRequest) -> Backend:
    """Each backend in turn; one with a ``gap`` there has to fail the test."""
    for gap in request.node.iter_markers("gap"):
        if gap.args == (request.param,):
            request.applymarker(pytest.mark.xfail(strict=True, reason=gap.kwargs["reason"]))
    found: Backend = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def modal(control_plane: ControlPlane) -> ModalRoom:
    """The engine at Modal, for what only it promises."""
    return ModalRoom(control_plane)


@pytest.fixture(params=["local", "modal"])
def engine_room(request: pytest.FixtureRequest) -> EngineRoom:
    """Each engine in turn; where state and messages are kept does not concern it."""
    found: EngineRoom = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def ledger(backend: Backend) -> Ledger:
    """The state."""
    return backend.ledger


@pytest.fixture
def hooks(backend: Backend) -> Hooks:
    """Endpoints and deliveries."""
    return backend.hooks


@pytest.fixture
def blobs(backend: Backend) -> Blobs:
    """The objects."""
    return backend.blobs


@pytest.fixture
def engine(engine_room: EngineRoom) -> Engine:
    """Where models run."""
    return engine_room.engine
