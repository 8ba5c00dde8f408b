"""
Topics in Pub/Sub.

Topics and subscriptions are named ``{prefix}-{name}``. Events are published by explicit requests, so that
``publish`` returns only when all of them were accepted. A message's body says everything; its attributes
repeat some of it for whoever looks at a topic. Pub/Sub itself does not tell how long its queues are,
that is known to Cloud Monitoring alone.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from google.api_core.exceptions import (
    Aborted,
    DeadlineExceeded,
    InternalServerError,
    ServiceUnavailable,
    TooManyRequests,
)
from google.api_core.retry import Retry, if_exception_type
from google.cloud.pubsub_v1 import PublisherClient, SubscriberClient
from google.pubsub_v1 import PublisherClient as PublisherRequests
from google.pubsub_v1.types import PubsubMessage, ReceivedMessage

from shared.adapters.gcp.errors import writing
from shared.errors import PermanentError, Unavailable
from shared.events.envelope import payload
from shared.events.messages import Event
from shared.events.parked import subject
from shared.events.postmarks import postmark
from shared.ports.bus import Queue
from shared.topology import Topology

MOST_MESSAGES, MOST_BYTES = 1000, 9_000_000
"""Of one request; Pub/Sub takes 1,000 messages and 10 MB."""
AROUND_MESSAGE = 512
ANSWER_SECONDS = 20.0
MOST_PULLED = 100
SOURCE = "CloudPubSubDeadLetterSource"
PATIENTLY = Retry(
    if_exception_type(Aborted, DeadlineExceeded, InternalServerError, ServiceUnavailable, TooManyRequests),
    initial=0.1,
    maximum=2.0,
    timeout=ANSWER_SECONDS,
)
"""The library's own retries go on for ten minutes, longer than any function may run."""


@dataclass(frozen=True)
class GivenUp:
    """A message that Pub/Sub stopped delivering; ``receipt`` acknowledges it."""

    receipt: str
    topic: str
    subscription: str | None
    data: bytes
    deliveries: int
    published_at: datetime | None


class PubsubBus:
    """The topics of one project; the clients are made at first use."""

    def __init__(self, project: str, *, prefix: str, table: Topology) -> None:
        self._project = project
        self._prefix = prefix
        self._table = table

    def publish(self, events: Sequence[Event]) -> None:
        """See ``Bus.publish``; ``not_before`` is left to who receives the message."""
        for topic in dict.fromkeys(event.topic for event in events):
            sent = (event for event in events if event.topic == topic)
            self._send(topic, (_message(topic, payload(event), postmark(event)) for event in sent))

    def send(self, topic: str, data: bytes) -> None:
        """Publish one message as it is."""
        self._send(topic, [_message(topic, data, {})])

    def queues(self, *, most: int) -> list[Queue]:
        """See ``Queues.queues``; no request is made."""
        return [Queue(name, messages=None, due_since=None) for name in sorted(self._topics)]

    def given_up(self, *, limit: int, seconds: float) -> list[GivenUp]:
        """Some of what Pub/Sub stopped delivering, leased; learning that there is none may take so long."""
        with _asking():
            try:
                answer = self._subscriber.pull(
                    subscription=self._pulled,
                    max_messages=min(limit, MOST_PULLED),
                    retry=None,
                    timeout=seconds,
                )
            except DeadlineExceeded:  # the server did not say in time that there is none
                return []
        return [self._given_up(received) for received in answer.received_messages]

    def settle(self, given_up: Sequence[GivenUp]) -> None:
        """These are kept elsewhere now."""
        with _asking():
            self._subscriber.acknowledge(
                subscription=self._pulled,
                ack_ids=[it.receipt for it in given_up],
                retry=PATIENTLY,
                timeout=ANSWER_SECONDS,
            )

    def _send(self, topic: str, messages: Iterable[PubsubMessage]) -> None:
        path = self._publisher.topic_path(self._project, self._full(topic))
        for request in requests(messages):
            with _asking():
                self._publisher.publish(topic=path, messages=request, retry=PATIENTLY, timeout=ANSWER_SECONDS)

    def _given_up(self, received: ReceivedMessage) -> GivenUp:
        told = received.message.attributes
        name = told.get(f"{SOURCE}Subscription", "").removeprefix(f"{self._prefix}-")
        count = told.get(f"{SOURCE}DeliveryCount", "")
        return GivenUp(
            receipt=received.ack_id,
            topic=self._topics.get(name, self._table.dead_letters.topic),
            subscription=name or None,
            data=received.message.data,
            deliveries=int(count) if count.isdecimal() else 1,
            published_at=_instant(told.get(f"{SOURCE}TopicPublishTime", "")),
        )

    def _full(self, name: str) -> str:
        return f"{self._prefix}-{name}"

    @cached_property
    def _topics(self) -> dict[str, str]:
        """The topic of each subscription."""
        return {name: topic for topic, names in self._table.subscriptions().items() for name in names}

    @cached_property
    def _pulled(self) -> str:
        """The path of the subscription to what was given up."""
        name = self._full(self._table.dead_letters.subscription)
        path: str = SubscriberClient.subscription_path(self._project, name)
        return path

    @cached_property
    def _publisher(self) -> PublisherRequests:
        # The library's own ``publish`` collects messages in a thread; the requests below it do not.
        return PublisherRequests(transport=PublisherClient().transport)

    @cached_property
    def _subscriber(self) -> SubscriberClient:
        return SubscriberClient()


@contextmanager
def _asking() -> Iterator[None]:
    """A topic that is missing or forbidden is no caller's fault: none should give up because of it."""
    try:
        with writing():
            yield
    except PermanentError as error:
        raise Unavailable(str(error)) from error


def _message(topic: str, data: bytes, marks: Mapping[str, str]) -> PubsubMessage:
    about = subject(data)
    hints = {"event": topic, "batch_id": about.batch_id, "job_id": about.job_id, **marks}
    return PubsubMessage(data=data, attributes={key: value for key, value in hints.items() if value})


def _instant(text: str) -> datetime | None:
    with suppress(ValueError):
        return datetime.fromisoformat(text)
    return None


def requests(messages: Iterable[PubsubMessage]) -> Iterator[list[PubsubMessage]]:
    """As few requests as the limits allow, in the order of the messages."""
    request, size = list[PubsubMessage](), 0
    for message in messages:
        added = len(message.data) + AROUND_MESSAGE
        if request and (len(request) == MOST_MESSAGES or size + added > MOST_BYTES):
            yield request
            request, size = [], 0
        request.append(message)
        size += added
    if request:
        yield request
