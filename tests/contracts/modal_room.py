"""The engine at Modal, its unchanged client against the control plane for tests."""

from collections.abc import Sequence
from datetime import timedelta

from shared.adapters.modal.account import Account, Token
from shared.adapters.modal.engine import ModalEngine
from shared.adapters.modal.runs import ModalRuns
from shared.events.runs import packed
from shared.models.work import Envelope
from tests.modal_server.plane import Plane
from tests.modal_server.server import ControlPlane
from tests.modal_server.service import TOKEN
from tests.support.control_plane import SECONDS


class ModalRoom:
    """One account with the app of the test model, and the inside of its containers."""

    def __init__(self, control_plane: ControlPlane) -> None:
        self.control_plane = control_plane
        control_plane.deployments.have("omtx-noop", most_containers=2)
        account = Account(lambda: Token(*TOKEN), prefix="omtx", server_url=control_plane.url)
        self.engine = ModalEngine(account, seconds=SECONDS)
        self.runs = ModalRuns()
        self.machine = ModalMachine(control_plane.plane)

    def wait(self, span: timedelta) -> None:
        """See ``EngineRoom.wait``: nothing here depends on time."""


class ModalMachine:
    """Containers that take every call at once."""

    def __init__(self, plane: Plane) -> None:
        self._plane = plane

    def begin(self) -> list[str]:
        """See ``Machine.begin``."""
        return [call.id for call in self._plane.begin()]

    def end(self, answers: Sequence[tuple[str, Envelope]]) -> None:
        """See ``Machine.end``."""
        for call_id, envelope in answers:
            self._plane.answer(call_id, packed(envelope))
