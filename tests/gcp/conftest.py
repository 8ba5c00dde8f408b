"""Ledgers on the Firestore emulator, reached directly or through a relay that loses and counts."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from local.cloud.relay import Relay
from tests.support.emulators import Emulators
from tests.support.firestore import Clients, Ledgers, Relays

if TYPE_CHECKING:
    from google.cloud.firestore import Client

    from shared.adapters.gcp.ledger import FirestoreLedger


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    """What is closed after the test."""
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def new_client(project: str, emulators: Emulators, stack: ExitStack) -> Clients:
    """Makes clients of one database, reached directly or through a relay."""

    def make(relay: Relay | None = None) -> "Client":
        client = emulators.firestore_client(project, relay.address if relay else None)
        stack.callback(client.close)
        return client

    return make


@pytest.fixture
def new_ledger(new_client: Clients) -> Ledgers:
    """Makes ledgers on one database, each as a process of its own has it: with a memory of its own."""
    from shared.adapters.gcp.ledger import FirestoreLedger

    def make(relay: Relay | None = None, *, age: timedelta = timedelta(0)) -> "FirestoreLedger":
        return FirestoreLedger(new_client(relay), intents_age=age)

    return make


@pytest.fixture
def relayed(emulators: Emulators, stack: ExitStack) -> Relays:
    """Makes relays before the emulator."""
    return lambda **how: stack.enter_context(Relay(emulators.firestore.address, **how))
