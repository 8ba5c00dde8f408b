"""A message reaches its function, signed, again and again, and in the end the dead letters; never nowhere."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from infra.proof.deployment import Deployment, Resource
from shared.topology import Function, Topology

FEWEST_ATTEMPTS = 5
WEEK = 7 * 86400
OUTAGE = timedelta(minutes=30)


def all_topics_exist(deployment: Deployment, topology: Topology) -> Iterator[str]:
    """Those of the topology, and the dead letters'."""
    found = {deployment.plain(it["name"]) for it in deployment.all("pubsub_topic")}
    for name in sorted({*topology.topics, topology.dead_letters.topic} ^ found):
        yield f"topic {name} is not in both the topology and the deployment"


def all_event_functions_are_subscribed(deployment: Deployment, topology: Topology) -> Iterator[str]:
    """Each to its topic, under its name."""
    found, topics = deployment.by_function("pubsub_subscription"), _topics(deployment)
    for name, row in topology.functions.items():
        if row.subscription is not None and name not in found:
            yield f"function {name} has no subscription"
    for name, it in found.items():
        wanted = topology.functions[name].subscription if name in topology.functions else None
        is_wanted = wanted and (deployment.plain(it["name"]), topics.get(it["topic"])) == (
            wanted.name,
            wanted.topic,
        )
        if not is_wanted:
            yield f"subscription {it['name']} of function {name} is not the topology's"


def none_expires_or_forgets(deployment: Deployment, topology: Topology) -> Iterator[str]:
    """A subscription lives however quiet it is, and keeps a message for a week at least."""
    for it in deployment.all("pubsub_subscription"):
        if it.inner("expiration_policy").get("ttl") != "":
            yield f"subscription {it['name']} expires when nothing happens"
        if float(it["message_retention_duration"].removesuffix("s")) < WEEK:
            yield f"subscription {it['name']} keeps messages for less than a week"


def what_fails_becomes_a_dead_letter(deployment: Deployment, topology: Topology) -> Iterator[str]:
    """After as many attempts as the topology says, with growing pauses."""
    topics, defaults = _topics(deployment), topology.subscription_defaults
    backoff = {
        "minimum_backoff": f"{defaults.min_backoff_seconds}s",
        "maximum_backoff": f"{defaults.max_backoff_seconds}s",
    }
    for it in deployment.by_function("pubsub_subscription").values():
        letters = it.inner("dead_letter_policy")
        if topics.get(letters.get("dead_letter_topic")) != topology.dead_letters.topic:
            yield f"subscription {it['name']} has no dead letters"
        elif letters["max_delivery_attempts"] < FEWEST_ATTEMPTS:
            yield f"subscription {it['name']} gives up after {letters['max_delivery_attempts']} attempts"
        elif letters["max_delivery_attempts"] != defaults.max_delivery_attempts:
            yield f"subscription {it['name']} does not try as often as the topology says"
        if it.inner("retry_policy") != backoff:
            yield f"subscription {it['name']} does not pause as the topology says"


def an_outage_makes_no_dead_letters(deployment: Deployment, topology: Topology) -> Iterator[str]:
    """Of half an hour, even if the platform's pauses are half as long as they were asked for."""
    patience = topology.subscription_defaults.patience() / 2
    if patience < OUTAGE:
        yield f"messages may be given up after {patience.total_seconds() / 60:.0f} minutes of an outage"


def a_delivery_is_signed_and_arrives(deployment: Deployment, topology: Topology) -> Iterator[str]:
    """By the push identity, made out to the function, with the topic's path, in time for it to answer."""
    pushers = {it["email"] for it in deployment.all("service_account", "push")}
    told = {name: _told(it) for name, it in deployment.by_function("cloudfunctions2_function").items()}
    for name, it in deployment.by_function("pubsub_subscription").items():
        audience = told.get(name, {}).get("OMTX_PUSH_AUDIENCE")
        token, push = it.inner("push_config", "oidc_token"), it.inner("push_config")
        if not audience or token.get("audience") != audience:
            yield f"subscription {it['name']} does not make its tokens out to function {name}"
        if token.get("service_account_email") not in pushers:
            yield f"subscription {it['name']} does not sign as the push identity"
        if push.get("push_endpoint") != f"{audience}/{it['topic']}":
            yield f"subscription {it['name']} does not push to function {name}"
        row = topology.functions.get(name)
        if row and it["ack_deadline_seconds"] < row.timeout_seconds:
            yield f"subscription {it['name']} delivers again while function {name} may still run"


def dead_letters_wait_to_be_read(deployment: Deployment, topology: Topology) -> Iterator[str]:
    """In a subscription that pushes nowhere."""
    topics = _topics(deployment)
    found = [it for it in deployment.all("pubsub_subscription") if it.function is None]
    wanted = (topology.dead_letters.subscription, topology.dead_letters.topic)
    if [(deployment.plain(it["name"]), topics.get(it["topic"])) for it in found] != [wanted]:
        yield "dead letters have no subscription of their own"
    if any(it.inner("push_config") for it in found):
        yield "dead letters are pushed"


def what_is_scheduled_is_called(deployment: Deployment, topology: Topology) -> Iterator[str]:
    """At its times, at its route, signed by the schedule and made out to the function."""
    jobs = {it.key: it for it in deployment.all("cloud_scheduler_job")}
    told = {name: _told(it) for name, it in deployment.by_function("cloudfunctions2_function").items()}
    for name, row in topology.functions.items():
        if row.schedule is None:
            continue
        if name not in jobs:
            yield f"function {name} is not called by any schedule"
        elif not _is_called(jobs[name], row, told.get(name, {})):
            yield f"function {name} is not called as the topology says, or the call is not signed"


def _is_called(job: Resource, row: Function, told: Mapping[str, Any]) -> bool:
    target, token = job.inner("http_target"), job.inner("http_target", "oidc_token")
    audience, signer = told.get("OMTX_PUSH_AUDIENCE"), told.get("OMTX_PUSH_SERVICE_ACCOUNT")
    call = (target.get("http_method"), target.get("uri"), job["schedule"])
    wanted = (row.routes[0].method, f"{audience}{row.routes[0].path}", row.schedule)
    signature = (token.get("audience"), token.get("service_account_email"))
    return call == wanted and signature == (audience, signer)


def _topics(deployment: Deployment) -> dict[str | None, str]:
    return {it["id"]: deployment.plain(it["name"]) for it in deployment.all("pubsub_topic")}


def _told(function: Resource) -> Mapping[str, Any]:
    told: Mapping[str, Any] = function.inner("service_config").get("environment_variables") or {}
    return told


RULES = (
    all_topics_exist,
    all_event_functions_are_subscribed,
    none_expires_or_forgets,
    what_fails_becomes_a_dead_letter,
    an_outage_makes_no_dead_letters,
    a_delivery_is_signed_and_arrives,
    dead_letters_wait_to_be_read,
    what_is_scheduled_is_called,
)
