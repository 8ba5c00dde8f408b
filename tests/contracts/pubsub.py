"""The other end of Pub/Sub: a subscriber that pulls, on subscriptions made from a table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from google.cloud.pubsub_v1 import PublisherClient, SubscriberClient
from google.pubsub_v1 import PublisherClient as PublisherRequests
from google.pubsub_v1.types import PubsubMessage

from local.cloud.subscriptions import Names, make, plan
from shared.adapters.local.bus import Delivery
from shared.ports.bus import DeadLetter, DeadLetters
from shared.topology import DeadLetterQueue, Function, Opens, Subscription, Topology
from tests.support.tables import SOON

PREFIX = "omtx"
MOST_PULLED = 100
EMPTY_SECONDS = 1.1
"""The emulator says that there is nothing a second before a call's deadline."""


@dataclass(frozen=True)
class Leased(Delivery):
    """A delivery, and the receipt with which it is answered."""

    receipt: str


def table_of(topics: Mapping[str, Sequence[str]]) -> Topology:
    """One function per subscription."""
    functions = {
        name: Function(
            trigger="event",
            entry_point=name,
            memory_mb=512,
            timeout_seconds=60,
            concurrency=1,
            max_instances=1,
            subscription=Subscription(name=name, topic=topic),
            opens=Opens(),
        )
        for topic, names in topics.items()
        for name in names
    }
    return Topology(
        topics=tuple(topics),
        dead_letters=DeadLetterQueue(topic="dead-letters", subscription="dead-letters"),
        functions=functions,
        subscription_defaults=SOON,
    )


def create(project: str, table: Topology) -> None:
    """Make the topics, and subscriptions to pull from that bring a refused message at once."""
    wanted = plan(table, Names(project, PREFIX), bases={})
    for request in wanted.subscriptions:
        del request.retry_policy
    with SubscriberClient() as subscriber:
        make(wanted, PublisherClient(), subscriber)


class PubsubSubscriber:
    """``Subscriber`` by unary pulls."""

    def __init__(self, project: str, table: Topology, letters: DeadLetters) -> None:
        self._names = Names(project, PREFIX)
        self._table = table
        self._topics = {it: topic for topic, names in table.subscriptions().items() for it in names}
        self._letters = letters
        self._client = SubscriberClient()

    def close(self) -> None:
        """Let go of the connection."""
        self._client.close()

    def lease(self, subscription: str, *, limit: int, visibility: timedelta) -> list[Delivery]:
        """See ``Subscriber.lease``."""
        found = list[Delivery]()
        while len(found) < limit and (more := self._pull(subscription, limit - len(found))):
            self._hide(subscription, [item.receipt for item in more], int(visibility.total_seconds()))
            found += more
        return found

    def acknowledge(self, delivery: Delivery) -> None:
        """See ``Subscriber.acknowledge``."""
        path = self._names.subscription(delivery.subscription)
        self._client.acknowledge(subscription=path, ack_ids=[_receipt(delivery)])

    def refuse(self, delivery: Delivery, *, reason: str, most: int) -> None:
        """See ``Subscriber.refuse``; Pub/Sub gives up after five, so it is refused again up to there."""
        self._hide(delivery.subscription, [_receipt(delivery)], 0)
        if delivery.number < most:
            return
        # The emulator moves a message to the dead letters when it is asked for the next one.
        for _ in range(delivery.number, self._table.subscription_defaults.max_delivery_attempts + 1):
            again = self._pull(delivery.subscription, 1)
            self._hide(delivery.subscription, [item.receipt for item in again], 0)

    def attributes(self, subscription: str) -> list[dict[str, str]]:
        """Those of the messages that can be pulled."""
        path = self._names.subscription(subscription)
        found = self._client.pull(subscription=path, max_messages=MOST_PULLED, timeout=EMPTY_SECONDS)
        return [dict(received.message.attributes) for received in found.received_messages]

    def put(self, topic: str, data: bytes, **attributes: str) -> None:
        """Publish whatever it is."""
        with PublisherRequests(transport=PublisherClient().transport) as requests:
            message = PubsubMessage(data=data, attributes=attributes)
            requests.publish(topic=self._names.topic(topic), messages=[message])

    def hand_back(self, subscription: str, receipts: Sequence[str]) -> None:
        """What was pulled by somebody may be pulled again."""
        self._hide(subscription, receipts, 0)

    def dead_letters(self) -> list[DeadLetter]:
        """See ``Subscriber.dead_letters``."""
        self._letters.collect(limit=1000)
        return self._letters.letters(state=None, limit=1000)[::-1]

    def _pull(self, subscription: str, limit: int) -> list[Leased]:
        answer = self._client.pull(
            subscription=self._names.subscription(subscription),
            max_messages=min(limit, MOST_PULLED),
            timeout=EMPTY_SECONDS,
        )
        return [self._leased(subscription, received) for received in answer.received_messages]

    def _hide(self, subscription: str, receipts: Sequence[str], seconds: int) -> None:
        if receipts:
            path = self._names.subscription(subscription)
            self._client.modify_ack_deadline(
                subscription=path, ack_ids=receipts, ack_deadline_seconds=seconds
            )

    def _leased(self, subscription: str, received: Any) -> Leased:
        return Leased(
            id=int(received.message.message_id),
            subscription=subscription,
            topic=self._topics[subscription],
            data=received.message.data,
            published_at=received.message.publish_time,
            number=received.delivery_attempt,
            attributes=dict(received.message.attributes),
            receipt=received.ack_id,
        )


def _receipt(delivery: Delivery) -> str:
    assert isinstance(delivery, Leased)
    return delivery.receipt
