"""Ledgers on the Firestore emulator, reached directly or through a relay that loses and counts."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from local.cloud.relay import Relay
from shared.topology import topology
from tests.contracts.pubsub import PREFIX, create
from tests.support.emulators import Emulators
from tests.support.firestore import Ledgers, Letters, Relays
from tests.support.world import HandClock

if TYPE_CHECKING:
    from google.cloud.firestore import Client

    from shared.adapters.gcp.ledger import FirestoreLedger
    from shared.adapters.gcp.letters import FirestoreLetters


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    """What is closed after the test."""
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def client(project: str, emulators: Emulators, stack: ExitStack) -> "Client":
    """The database itself."""
    client = emulators.firestore_client(project)
    stack.callback(client.close)
    return client


@pytest.fixture
def new_ledger(project: str, emulators: Emulators, stack: ExitStack) -> Ledgers:
    """Makes ledgers on one database, each as a process of its own has it: with a memory of its own."""
    from shared.adapters.gcp.ledger import FirestoreLedger

    def make(relay: Relay | None = None, *, age: timedelta = timedelta(0)) -> "FirestoreLedger":
        client = emulators.firestore_client(project, relay.address if relay else None)
        stack.callback(client.close)
        return FirestoreLedger(client, intents_age=age)

    return make


@pytest.fixture
def new_letters(
    project: str, emulators: Emulators, stack: ExitStack, monkeypatch: pytest.MonkeyPatch
) -> Letters:
    """Makes keepers of dead letters on one database, with the topics of the table behind them."""
    from shared.adapters.gcp.bus import PubsubBus
    from shared.adapters.gcp.letters import FirestoreLetters

    for variable, address in emulators.pubsub.environment.items():
        monkeypatch.setenv(variable, address)
    table = topology()
    create(project, table)
    bus = PubsubBus(project, prefix=PREFIX, table=table)

    def make(relay: Relay | None = None) -> "FirestoreLetters":
        client = emulators.firestore_client(project, relay.address if relay else None)
        stack.callback(client.close)
        names = table.subscriptions()
        return FirestoreLetters(client, HandClock(), prefix=PREFIX, subscriptions=names, bus=lambda: bus)

    return make


@pytest.fixture
def relayed(emulators: Emulators, stack: ExitStack) -> Relays:
    """Makes relays before the emulator."""
    return lambda **how: stack.enter_context(Relay(emulators.firestore.address, **how))
