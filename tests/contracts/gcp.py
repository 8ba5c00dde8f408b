"""The cloud backend, against Google's emulators; each port is made when a test asks for it."""

import secrets
from contextlib import ExitStack
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from shared.ports.blobs import Blobs
from shared.ports.ledger import Ledger
from shared.ports.world import Key, Secrets
from tests.support.emulators import Emulators
from tests.support.secret_manager import SecretManager
from tests.support.world import HandClock

if TYPE_CHECKING:
    from google.cloud.firestore import Client


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
        for purpose in ("webhook", "urls"):
            secret = f"projects/{self.project}/secrets/omtx-{purpose}"
            service.add(secret, secrets.token_hex(32).encode(), created=self.clock.now() - timedelta(days=1))
        return service

    @cached_property
    def secrets(self) -> Secrets:
        """Secret Manager."""
        from shared.adapters.gcp.secrets import SecretManagerSecrets

        client = self.stack.enter_context(self.secret_manager.served())
        return SecretManagerSecrets(client, self.project, prefix="omtx", clock=self.clock)

    def wait(self, span: timedelta) -> None:
        """See ``Backend.wait``."""
        self.clock.advance(span)
