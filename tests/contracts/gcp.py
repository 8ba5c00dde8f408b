"""The cloud backend, against Google's emulators; each port is made when a test asks for it."""

from contextlib import ExitStack
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from shared.ports.ledger import Ledger
from tests.support.emulators import Emulators
from tests.support.world import HandClock

if TYPE_CHECKING:
    from google.cloud.firestore import Client


class GcpBackend:
    """One project under a clock that the test moves; ``stack`` holds what is to be closed."""

    def __init__(self, project: str, emulators: Emulators, stack: ExitStack) -> None:
        self.project = project
        self.emulators = emulators
        self.stack = stack
        self.clock = HandClock()

    @cached_property
    def database(self) -> "Client":
        """A client of the project's database."""
        client = self.emulators.firestore_client(self.project)
        self.stack.callback(client.close)
        return client

    @cached_property
    def ledger(self) -> Ledger:
        """Firestore."""
        from shared.adapters.gcp.ledger import FirestoreLedger

        return FirestoreLedger(self.database, intents_age=timedelta(0))

    def wait(self, span: timedelta) -> None:
        """See ``Backend.wait``."""
        self.clock.advance(span)
