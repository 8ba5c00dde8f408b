"""
Port → adapter, chosen once by the settings, made at first use.

Importing this opens nothing. There is no fallback: an unknown backend fails at start.
"""

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

from shared.ports.blobs import Blobs
from shared.ports.bus import Bus, DeadLetters, Queues
from shared.ports.callers import Callers
from shared.ports.engine import Engine, Runs
from shared.ports.ledger import Ledger
from shared.ports.world import Clock, Key, Secrets
from shared.settings import settings
from shared.steps.alignments import Alignments, source_of
from shared.steps.manifest import Manifest
from shared.steps.roster import Roster
from shared.topology import topology

if TYPE_CHECKING:
    from google.cloud.firestore import Client
    from google.cloud.storage import Client as StorageClient

    from shared.adapters.gcp.bus import PubsubBus
    from shared.adapters.gcp.letters import FirestoreLetters
    from shared.adapters.local.blobs import FolderBlobs
    from shared.adapters.local.bus import SqliteBus
    from shared.adapters.local.calls import SqliteCalls
    from shared.adapters.local.database import Database


@cache
def clock() -> Clock:
    """Time."""
    from shared.adapters.local.world import SystemClock

    return SystemClock()


@cache
def secrets() -> Secrets:
    """Signing keys."""
    if settings().keys_in == "secret-manager":
        from google.cloud.secretmanager_v1 import SecretManagerServiceClient

        from shared.adapters.gcp.secrets import SecretManagerSecrets

        client = SecretManagerServiceClient()
        return SecretManagerSecrets(client, settings().project, prefix=settings().prefix, clock=clock())
    from shared.adapters.local.world import FolderSecrets

    return FolderSecrets(settings().home / "secrets")


@cache
def ledger() -> Ledger:
    """The state."""
    if settings().backend == "gcp":
        from shared.adapters.gcp.ledger import FirestoreLedger

        return FirestoreLedger(gcp_database(), intents_age=settings().seconds("intents"))
    from shared.adapters.local.ledger import SqliteLedger

    return SqliteLedger(local_database())


@cache
def blobs() -> Blobs:
    """The objects."""
    if settings().backend == "gcp":
        from shared.adapters.gcp.blobs import StorageBlobs

        return StorageBlobs(gcp_storage(), settings().bucket, keys=_url_keys, clock=clock())
    return local_blobs()


def _url_keys() -> Sequence[Key]:
    """The keys of Cloud Storage's signed URLs; an emulator takes any, also one that the folder made up."""
    if settings().keys_in == "folder":
        return secrets().keys("urls")
    from shared.adapters.gcp.signing import hmac_keys

    return hmac_keys(secrets().keys("urls"))


@cache
def manifest() -> Manifest:
    """The libraries, read through a small cache."""
    return Manifest(blobs())


@cache
def roster() -> Roster:
    """The jobs of later rounds, read through a small cache."""
    return Roster(blobs())


@cache
def alignments() -> Alignments:
    """The alignments of sequences, read through a small cache."""
    return Alignments(blobs(), source=source_of(settings()), quiet=settings().seconds("quiet"))


@cache
def bus() -> Bus:
    """The topics."""
    if settings().backend == "gcp":
        return gcp_bus()
    return local_bus()


@cache
def dead_letters() -> DeadLetters:
    """Where messages go that no retry can help."""
    if settings().backend == "gcp":
        return gcp_letters()
    return local_bus()


@cache
def queues() -> Queues:
    """How long the queues are."""
    if settings().backend == "gcp":
        return gcp_bus()
    return local_bus()


@cache
def engine() -> Engine:
    """Where models run."""
    if settings().engine == "modal":
        from shared.adapters.modal.engine import ModalEngine

        return ModalEngine.of(settings(), secrets)
    return local_calls()


@cache
def runs() -> Runs:
    """What the engine is doing."""
    if settings().engine == "modal":
        from shared.adapters.modal.runs import ModalRuns

        return ModalRuns()
    return local_calls()


@cache
def callers() -> Callers:
    """Whom event functions and the sweep answer: anybody in this process, unless an audience is set."""
    if settings().push_audience:
        from shared.adapters.gcp.tokens import SignedCallers

        return SignedCallers.of(settings())
    from shared.adapters.local.world import AnyCaller

    return AnyCaller()


@cache
def gcp_database() -> "Client":
    """The Firestore client of this process."""
    from google.cloud.firestore import Client

    return Client(project=settings().project, database=settings().database)


@cache
def gcp_storage() -> "StorageClient":
    """The Cloud Storage client of this process."""
    from shared.adapters.gcp.blobs import connect

    return connect(settings().project)


@cache
def gcp_bus() -> "PubsubBus":
    """The Pub/Sub client of this process."""
    from shared.adapters.gcp.bus import PubsubBus

    return PubsubBus(settings().project, prefix=settings().prefix, table=topology())


@cache
def gcp_letters() -> "FirestoreLetters":
    """Dead letters, kept in Firestore; Pub/Sub is asked only when one is sent again, or collected."""
    from shared.adapters.gcp.letters import FirestoreLetters

    prefix, subscriptions = settings().prefix, topology().subscriptions()
    return FirestoreLetters(gcp_database(), clock(), prefix=prefix, subscriptions=subscriptions, bus=gcp_bus)


@cache
def local_database() -> "Database":
    """The embedded state file; for the embedded runner."""
    from shared.adapters.local import schema
    from shared.adapters.local.database import Database

    path = settings().home / "state.db"
    return Database(path, schema.STEPS, fsync=settings().fsync)


@cache
def local_blobs() -> "FolderBlobs":
    """The embedded object folder; for the embedded runner, which serves its signed URLs."""
    from shared.adapters.local.blobs import FolderBlobs

    return FolderBlobs(
        settings().home / "objects",
        base_url=settings().base_url,
        keys=lambda: secrets().keys("urls"),
        fsync=settings().fsync,
    )


@cache
def local_bus() -> "SqliteBus":
    """The embedded queue; for the embedded runner, which delivers its messages."""
    from shared.adapters.local.bus import SqliteBus

    pause = topology().subscription_defaults.pause
    return SqliteBus(local_database(), clock(), topology().subscriptions(), pause=pause)


@cache
def local_calls() -> "SqliteCalls":
    """The embedded engine's calls; for the embedded runner, whose pool works them off."""
    from shared.adapters.local.calls import SqliteCalls

    return SqliteCalls(local_database(), clock(), size=settings().workers)


def reset() -> None:
    """Close what is open and forget every choice; between tests, and before a fork is used."""
    if local_database.cache_info().currsize:
        local_database().close()
    for choice in (*_CHOICES, settings):
        choice.cache_clear()


_CHOICES = (
    *(clock, secrets, ledger, blobs, manifest, roster, alignments),
    *(bus, dead_letters, queues, engine, runs, callers),
    *(gcp_database, gcp_storage, gcp_bus, gcp_letters, local_database, local_blobs, local_bus, local_calls),
)
