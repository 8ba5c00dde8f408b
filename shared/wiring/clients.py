"""What the adapters are made of: time, keys, and the clients of the embedded and the cloud backend."""

from functools import cache
from typing import TYPE_CHECKING

from shared.ports.hooks import Hooks
from shared.ports.world import Clock, Secrets
from shared.settings import settings
from shared.settings.redis import redis_settings
from shared.settings.tracing import TracingSettings
from shared.topology import topology
from shared.tracing import UNRECORDED, Tracer

if TYPE_CHECKING:
    from google.cloud.firestore import Client
    from google.cloud.storage import Client as StorageClient

    from shared.adapters.gcp.bus import PubsubBus
    from shared.adapters.gcp.letters import FirestoreLetters
    from shared.adapters.local.blobs import FolderBlobs
    from shared.adapters.local.bus import SqliteBus
    from shared.adapters.local.calls import SqliteCalls
    from shared.adapters.local.database import Database
    from shared.adapters.redis.connection import RedisConnection
    from shared.steps.vault import Vault


@cache
def clock() -> Clock:
    """Time."""
    from shared.adapters.local.world import SystemClock

    return SystemClock()


@cache
def tracer() -> Tracer:
    """Where spans go; nowhere, unless a collector is named."""
    wanted = TracingSettings()
    if not wanted.wanted:
        return UNRECORDED
    from shared.adapters.otlp.tracing import OtlpTracer

    return OtlpTracer.of(wanted, project=settings().project)


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
def redis() -> "RedisConnection | None":
    """The connection to Redis of this process; None where there is no Redis."""
    chosen = redis_settings()
    url, password = chosen.url.get_secret_value(), None
    if not url:
        return None
    from shared.adapters.redis.connection import RedisConnection

    if chosen.login == "google":
        from shared.adapters.gcp.access import AccessTokens

        password = AccessTokens().token
    return RedisConnection(url, ca=chosen.ca, password=password, answer_seconds=chosen.answer_seconds)


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


@cache
def hooks() -> Hooks:
    """Where users want to be told of their batches, and what was told them."""
    if settings().backend == "gcp":
        from shared.adapters.gcp.hooks import FirestoreHooks

        return FirestoreHooks(gcp_database())
    from shared.adapters.local.hooks import SqliteHooks

    return SqliteHooks(local_database())


@cache
def vault() -> "Vault":
    """Secrets of users, encrypted; for whoever is granted the key."""
    from shared.steps.vault import Vault

    return Vault(secrets())


CHOICES = (
    *(hooks, vault, tracer),
    *(clock, secrets, gcp_database, gcp_storage, gcp_bus, gcp_letters),
    *(local_database, local_blobs, local_bus, local_calls),
    *(redis, redis_settings),
)
