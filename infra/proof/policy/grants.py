"""Everybody may do what the topology says, on the thing itself, and nothing else."""

from collections.abc import Iterator
from typing import NamedTuple

from infra.proof.deployment import Deployment, Resource
from shared.topology import INSIDE, Function, Topology

ANYONE, PUBSUB, PUSH, SCHEDULE = "anyone", "Pub/Sub", "push", "schedule"
SIGNER, BUILD = "signer", "build"
SUBSCRIBER, PUBLISHER = "roles/pubsub.subscriber", "roles/pubsub.publisher"
OBJECT_USER, OBJECT_VIEWER = "roles/storage.objectUser", "roles/storage.objectViewer"
READING_SECRETS = ("roles/secretmanager.secretAccessor", "roles/secretmanager.viewer")
REDIS_USER = "roles/memorystore.dbConnectionUser"
INVOKER, TOKEN_CREATOR = "roles/run.invoker", "roles/iam.serviceAccountTokenCreator"


class Grant(NamedTuple):
    """``who`` is a function's name, or one of the identities above."""

    who: str
    role: str
    on: str

    def __str__(self) -> str:
        return f"{self.who}: {self.role} on {self.on}"


def only_what_is_needed_is_granted(deployment: Deployment, topology: Topology) -> Iterator[str]:
    """And all of it."""
    needed = {*_needed(topology), *_needed_in_redis(deployment, topology)}
    given = set(_given(deployment))
    for grant in sorted(needed - given):
        yield f"a grant is missing: {grant}"
    for grant in sorted(given - needed):
        yield f"a grant is too much: {grant}"


def grants_are_made_one_by_one(deployment: Deployment, topology: Topology) -> Iterator[str]:
    """A binding or a policy would take away what somebody else granted."""
    for it in deployment.resources:
        if it.type.endswith(("_iam_binding", "_iam_policy")):
            yield f"{it.address} replaces grants instead of adding one"


def _needed(topology: Topology) -> Iterator[Grant]:
    letters = topology.dead_letters
    yield Grant(PUBSUB, PUBLISHER, f"topic {letters.topic}")
    yield Grant(PUBSUB, TOKEN_CREATOR, f"identity {PUSH}")
    yield Grant(SIGNER, OBJECT_USER, "bucket objects")
    yield Grant(BUILD, OBJECT_VIEWER, "bucket source")
    yield Grant(BUILD, "roles/artifactregistry.writer", "repository functions")
    yield Grant(BUILD, "roles/logging.logWriter", "project")
    yield from _needed_to_order(topology)
    public = topology.public()
    for name, row in topology.functions.items():
        yield from _needed_to_call(name, row, public=name in public)
        yield from _needed_to_open(name, row)
        yield Grant(name, "roles/telemetry.tracesWriter", "project")
        if row.opens.dead_letters:
            yield Grant(name, SUBSCRIBER, f"subscription {letters.subscription}")


def _needed_in_redis(deployment: Deployment, topology: Topology) -> Iterator[Grant]:
    """Where there is one."""
    if deployment.all("memorystore_instance"):
        for name, row in topology.functions.items():
            if row.opens.redis:
                yield Grant(name, REDIS_USER, "redis")


def _needed_to_call(name: str, row: Function, *, public: bool) -> Iterator[Grant]:
    if public:
        yield Grant(ANYONE, INVOKER, f"service {name}")
    if row.schedule is not None:
        yield Grant(SCHEDULE, INVOKER, f"service {name}")
    if row.subscription is not None:
        yield Grant(PUSH, INVOKER, f"service {name}")
        yield Grant(PUBSUB, SUBSCRIBER, f"subscription {row.subscription.name}")


def _needed_to_order(topology: Topology) -> Iterator[Grant]:
    """Nobody else gets into a twin."""
    for name, row in topology.functions.items():
        if row.opens.orders:
            yield Grant(name, INVOKER, f"service submit{INSIDE}")


def _needed_to_open(name: str, row: Function) -> Iterator[Grant]:
    """To sign is to read a key; to read a secret is to list its versions too."""
    yield from (Grant(name, PUBLISHER, f"topic {topic}") for topic in row.publishes)
    for purpose in row.opens.secrets:
        yield from (Grant(name, role, f"secret {purpose}") for role in READING_SECRETS)
    if row.opens.objects:
        role = OBJECT_USER if "write" in row.opens.objects else OBJECT_VIEWER
        yield Grant(name, role, "bucket objects")
    if row.opens.ledger is not None:
        role = "user" if row.opens.ledger == "write" else "viewer"
        yield Grant(name, f"roles/datastore.{role}", "the database")


def _given(deployment: Deployment) -> Iterator[Grant]:
    identities = {it["email"]: it.function or it.label for it in deployment.all("service_account")}
    for it in deployment.resources:
        if it.type.endswith("_iam_member"):
            yield Grant(_who(it["member"], identities), it["role"], _on(it, deployment))


def _who(member: str, identities: dict[str, str]) -> str:
    if member in ("allUsers", "allAuthenticatedUsers"):
        return ANYONE
    email = member.removeprefix("serviceAccount:")
    return PUBSUB if "@gcp-sa-pubsub." in email else identities.get(email, member)


def _on(it: Resource, deployment: Deployment) -> str:
    match it.type.removeprefix("google_").removesuffix("_iam_member"):
        case "cloud_run_v2_service":
            return f"service {deployment.plain(it['name'])}"
        case "pubsub_topic":
            return f"topic {deployment.plain(it['topic'])}"
        case "pubsub_subscription":
            return f"subscription {deployment.plain(it['subscription'])}"
        case "secret_manager_secret":
            return f"secret {deployment.plain(it['secret_id'])}"
        case "storage_bucket":
            labels = {bucket["name"]: bucket.label for bucket in deployment.all("storage_bucket")}
            return f"bucket {labels.get(it['bucket'], it['bucket'])}"
        case "service_account":
            return f"identity {_owner(it['service_account_id'], deployment)}"
        case "artifact_registry_repository":
            return "repository functions"
        case "project":
            return _within(deployment).get(it.inner("condition").get("expression"), "project")
        case other:
            return other


def _owner(identity: str, deployment: Deployment) -> str:
    owners = {it["name"]: it.function or it.label for it in deployment.all("service_account")}
    return owners.get(identity, identity)


def _within(deployment: Deployment) -> dict[str | None, str]:
    """What a condition holds a grant on the project to."""
    (ledger,) = deployment.all("firestore_database")
    held = {f"projects/{ledger['project']}/databases/{ledger['name']}": "the database"}
    for it in deployment.all("memorystore_instance"):
        held[f"projects/{it['project']}/locations/{it['location']}/instances/{it['instance_id']}"] = "redis"
    return {f'resource.name == "{name}"': what for name, what in held.items()}


RULES = (only_what_is_needed_is_granted, grants_are_made_one_by_one)
