"""
Port → adapter, chosen once by the settings, made at first use.

Importing this opens nothing. There is no fallback: an unknown backend fails at start.
"""

from collections.abc import Sequence
from functools import cache

from shared.adapters.measured import measured
from shared.ports.blobs import Blobs
from shared.ports.bus import Bus, DeadLetters, Queues
from shared.ports.callers import Callers
from shared.ports.engine import Engine, Runs
from shared.ports.keys import Keys
from shared.ports.ledger import Ledger
from shared.ports.orders import Orders
from shared.ports.world import Key, Notary
from shared.settings import settings
from shared.settings.chemistry import chemistry
from shared.settings.doors import doors
from shared.steps.access import Access
from shared.steps.alignments import Alignments, source_of
from shared.steps.manifest import Manifest
from shared.steps.notices import Notices
from shared.steps.roster import Roster
from shared.wiring import caches, clients, limits
from shared.wiring.caches import answers
from shared.wiring.clients import (
    clock,
    gcp_bus,
    gcp_database,
    gcp_letters,
    gcp_storage,
    hooks,
    local_blobs,
    local_bus,
    local_calls,
    local_database,
    redis,
    secrets,
    tracer,
    vault,
)
from shared.wiring.limits import consumptions, limiter, meter

__all__ = [
    "access",
    "alignments",
    "answers",
    "blobs",
    "bus",
    "callers",
    "clock",
    "consumptions",
    "dead_letters",
    "engine",
    "gcp_bus",
    "gcp_database",
    "gcp_letters",
    "gcp_storage",
    "hooks",
    "keys",
    "ledger",
    "limiter",
    "local_blobs",
    "local_bus",
    "local_calls",
    "local_database",
    "manifest",
    "meter",
    "notary",
    "notices",
    "orders",
    "queues",
    "redis",
    "reset",
    "roster",
    "runs",
    "secrets",
    "tracer",
    "vault",
]


@cache
def ledger() -> Ledger:
    """The state."""
    if settings().backend == "gcp":
        from shared.adapters.gcp.ledger import FirestoreLedger

        return measured("ledger", FirestoreLedger(gcp_database(), intents_age=settings().seconds("intents")))
    from shared.adapters.local.ledger import SqliteLedger

    return measured("ledger", SqliteLedger(local_database()))


@cache
def blobs() -> Blobs:
    """The objects."""
    if settings().backend == "gcp":
        from shared.adapters.gcp.blobs import StorageBlobs

        return measured(
            "blobs", StorageBlobs(gcp_storage(), settings().bucket, keys=_url_keys, clock=clock())
        )
    return measured("blobs", local_blobs())


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
def notices() -> Notices:
    """Telling owners what happened to their batches."""
    quiet = settings().seconds("quiet")
    return Notices(hooks(), bus(), clock(), quiet=quiet, base_url=settings().base_url)


@cache
def bus() -> Bus:
    """The topics."""
    return measured("bus", gcp_bus() if settings().backend == "gcp" else local_bus())


@cache
def notary() -> Notary:
    """Who signs the manifests."""
    from shared.adapters.notary import SecretNotary

    return SecretNotary(secrets())


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

        return measured("engine", ModalEngine.of(settings(), secrets))
    return measured("engine", local_calls())


@cache
def orders() -> Orders:
    """The door of ``submit``: the one of users, or in the cloud our own, past the load balancer."""
    from shared.adapters.orders import HttpOrders

    return HttpOrders.of(settings())


@cache
def runs() -> Runs:
    """What the engine is doing."""
    if settings().engine == "modal":
        from shared.adapters.modal.runs import ModalRuns

        return ModalRuns()
    return local_calls()


@cache
def access() -> Access:
    """Who users' requests come from."""
    return Access(keys, clock(), owner=settings().owner, keyless=settings().keyless)


@cache
def keys() -> Keys:
    """API keys."""
    if settings().backend == "gcp":
        from shared.adapters.gcp.keys import FirestoreKeys

        return FirestoreKeys(gcp_database())
    from shared.adapters.local.keys import SqliteKeys

    return SqliteKeys(local_database())


@cache
def callers() -> Callers:
    """Whom event functions and the sweep answer: anybody in this process, unless an audience is set."""
    if settings().push_audience:
        from shared.adapters.gcp.tokens import SignedCallers

        return SignedCallers.of(settings())
    from shared.adapters.local.world import AnyCaller

    return AnyCaller()


def reset() -> None:
    """Close what is open and forget every choice; between tests, and before a fork is used."""
    if tracer.cache_info().currsize:
        tracer().close()
    if local_database.cache_info().currsize:
        local_database().close()
    if redis.cache_info().currsize and (connection := redis()) is not None:
        connection.close()
    for choice in (*_CHOICES, settings, doors, chemistry):
        choice.cache_clear()


_CHOICES = (
    *(ledger, blobs, manifest, roster, alignments, notices, notary, keys),
    *(bus, dead_letters, queues, engine, orders, runs, access, callers),
    *clients.CHOICES,
    *limits.CHOICES,
    *caches.CHOICES,
)
