"""The cloud backend, against Google's emulators; each port is made when a test asks for it."""

import secrets
import time
from contextlib import ExitStack
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING

import pytest

from shared.ports.blobs import Blobs
from shared.ports.consumptions import Consumptions
from shared.ports.hooks import Hooks
from shared.ports.keys import Keys
from shared.ports.ledger import Ledger
from shared.ports.world import Key, Secrets
from shared.topology import Topology
from tests.contracts.backends import TOPICS
from tests.contracts.pubsub import PREFIX, PubsubSubscriber, create, table_of
from tests.support.emulators import Emulators
from tests.support.secret_manager import SecretManager
from tests.support.world import HandClock

if TYPE_CHECKING:
    from google.cloud.firestore import Client

    from shared.adapters.gcp.bus import PubsubBus
    from shared.adapters.gcp.letters import FirestoreLetters


URL_KEY = Key(id="GOOG1EMULATED", secret=b"known to this test alone")


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

    @cached_property
    def hooks(self) -> Hooks:
        """Firestore."""
        from shared.adapters.gcp.hooks import FirestoreHooks

        return FirestoreHooks(self.database)

    @cached_property
    def keys(self) -> Keys:
        """Firestore."""
        from shared.adapters.gcp.keys import FirestoreKeys

        return FirestoreKeys(self.database)

    @cached_property
    def consumptions(self) -> Consumptions:
        """Firestore."""
        from shared.adapters.gcp.consumptions import FirestoreConsumptions

        return FirestoreConsumptions(self.database)

    @cached_property
    def blobs(self) -> Blobs:
        """A bucket of Cloud Storage, named as the project."""
        from shared.adapters.gcp.blobs import StorageBlobs

        client = self.emulators.storage_client(self.project)
        self.stack.callback(client.close)
        return StorageBlobs(client, self.project, keys=lambda: [URL_KEY], clock=self.clock)

    @cached_property
    def secret_manager(self) -> SecretManager:
        """Where the keys are; each purpose has had one for a day."""
        service = SecretManager()
        for purpose in ("webhook", "urls", "hooks"):
            secret = f"projects/{self.project}/secrets/omtx-{purpose}"
            service.add(secret, secrets.token_hex(32).encode(), created=self.clock.now() - timedelta(days=1))
        return service

    @cached_property
    def secrets(self) -> Secrets:
        """Secret Manager."""
        from shared.adapters.gcp.secrets import SecretManagerSecrets

        client = self.stack.enter_context(self.secret_manager.served())
        return SecretManagerSecrets(client, self.project, prefix="omtx", clock=self.clock)

    @cached_property
    def table(self) -> Topology:
        """Topics and subscriptions; they exist, and clients find them until the test ends."""
        patch = self.stack.enter_context(pytest.MonkeyPatch.context())
        for variable, address in self.emulators.pubsub.environment.items():
            patch.setenv(variable, address)
        table = table_of(TOPICS)
        create(self.project, table)
        return table

    @cached_property
    def bus(self) -> "PubsubBus":
        """Pub/Sub."""
        from shared.adapters.gcp.bus import PubsubBus

        return PubsubBus(self.project, prefix=PREFIX, table=self.table)

    @property
    def queues(self) -> "PubsubBus":
        """Pub/Sub."""
        return self.bus

    @cached_property
    def dead_letters(self) -> "FirestoreLetters":
        """Firestore, and Pub/Sub behind it."""
        from shared.adapters.gcp.letters import FirestoreLetters

        return FirestoreLetters(
            self.database, self.clock, prefix=PREFIX, subscriptions=TOPICS, bus=lambda: self.bus
        )

    @cached_property
    def subscriber(self) -> PubsubSubscriber:
        """Whoever pulls."""
        subscriber = PubsubSubscriber(self.project, self.table, self.dead_letters)
        self.stack.callback(subscriber.close)
        return subscriber

    def wait(self, span: timedelta) -> None:
        """See ``Backend.wait``; Pub/Sub's time is real, for tests that use it."""
        if "table" in vars(self):
            time.sleep(span.total_seconds())
        self.clock.advance(span)
