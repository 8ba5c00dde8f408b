"""
The topics and subscriptions that a table of functions asks for, made at a Pub/Sub, mostly an emulator.

What is not pushed is pulled: a function without an address gets a subscription all the same.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from google.api_core.exceptions import AlreadyExists
from google.cloud.pubsub_v1 import PublisherClient, SubscriberClient
from google.pubsub_v1.types import (
    DeadLetterPolicy,
    ExpirationPolicy,
    PushConfig,
    RetryPolicy,
)
from google.pubsub_v1.types import Subscription as Request

from shared.topology import Subscription, Topology

CHANGEABLE = ("push_config", "ack_deadline_seconds", "retry_policy", "dead_letter_policy")


@dataclass(frozen=True)
class Identity:
    """Whom push deliveries say they come from, and whom they are meant for."""

    service_account: str
    audience: str


@dataclass(frozen=True)
class Plan:
    """Paths of topics, and what is to be asked for each subscription."""

    topics: tuple[str, ...]
    subscriptions: tuple[Request, ...]


@dataclass(frozen=True)
class Names:
    """Paths in one project."""

    project: str
    prefix: str

    def topic(self, name: str) -> str:
        """A topic's."""
        return f"projects/{self.project}/topics/{self.prefix}-{name}"

    def subscription(self, name: str) -> str:
        """A subscription's."""
        return f"projects/{self.project}/subscriptions/{self.prefix}-{name}"


def plan(
    table: Topology, names: Names, *, bases: Mapping[str, str], identity: Identity | None = None
) -> Plan:
    """
    Everything the table needs; ``bases`` are the addresses of functions, without a path.

    The endpoint's path is the topic's, as that is where the functions' framework takes the topic from.
    """
    lost = Request(
        name=names.subscription(table.dead_letters.subscription),
        topic=names.topic(table.dead_letters.topic),
        ack_deadline_seconds=table.subscription_defaults.ack_deadline_seconds,
        expiration_policy=ExpirationPolicy(),
    )
    asked = [
        _request(table, names, it.subscription, _push(names, it.subscription, bases.get(function), identity))
        for function, it in table.functions.items()
        if it.subscription
    ]
    topics = (*table.topics, table.dead_letters.topic)
    return Plan(tuple(map(names.topic, topics)), (lost, *asked))


def make(plan: Plan, publisher: PublisherClient, subscriber: SubscriberClient) -> None:
    """Make what is missing, and change subscriptions that are otherwise; a repeat changes nothing."""
    for topic in plan.topics:
        _unless_there(publisher.create_topic, {"name": topic})
    for request in plan.subscriptions:
        if not _unless_there(subscriber.create_subscription, request):
            mask = {"paths": CHANGEABLE}
            subscriber.update_subscription(request={"subscription": request, "update_mask": mask})


def _request(table: Topology, names: Names, subscription: Subscription, push: PushConfig | None) -> Request:
    defaults = table.subscription_defaults
    return Request(
        name=names.subscription(subscription.name),
        topic=names.topic(subscription.topic),
        push_config=push,
        ack_deadline_seconds=subscription.ack_deadline_seconds or defaults.ack_deadline_seconds,
        retry_policy=RetryPolicy(
            minimum_backoff=timedelta(seconds=defaults.min_backoff_seconds),
            maximum_backoff=timedelta(seconds=defaults.max_backoff_seconds),
        ),
        dead_letter_policy=DeadLetterPolicy(
            dead_letter_topic=names.topic(table.dead_letters.topic),
            max_delivery_attempts=defaults.max_delivery_attempts,
        ),
        expiration_policy=ExpirationPolicy(),  # without it an idle subscription is deleted after a month
    )


def _push(
    names: Names, subscription: Subscription, base: str | None, identity: Identity | None
) -> PushConfig | None:
    if base is None:
        return None
    token = identity and PushConfig.OidcToken(
        service_account_email=identity.service_account, audience=identity.audience
    )
    endpoint = f"{base.rstrip('/')}/{names.topic(subscription.topic)}"
    return PushConfig(push_endpoint=endpoint, oidc_token=token)


def _unless_there(create: Any, request: Any) -> bool:
    try:
        create(request=request)
    except AlreadyExists:
        return False
    return True
