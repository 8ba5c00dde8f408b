"""A Pub/Sub emulator with a project of its own, and clients of it."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from google.cloud.pubsub_v1 import PublisherClient, SubscriberClient
from google.pubsub_v1 import PublisherClient as PublisherRequests
from google.pubsub_v1.types import PubsubMessage, Subscription

from local.cloud.subscriptions import Names, make, plan
from shared.topology import Topology
from tests.support.emulators import Emulators
from tests.support.tables import impatient

QUEUED, DISPATCH = "job-queued", "dispatch-job-queued"


@dataclass(frozen=True)
class Topics:
    """The topics of a table in one project; its subscriptions give up soon."""

    table: Topology
    names: Names
    publisher: PublisherClient
    subscriber: SubscriberClient

    def publish(self, *texts: str, topic: str = QUEUED, ordering_key: str = "", **attributes: str) -> None:
        """Messages in one request."""
        messages = [
            PubsubMessage(data=text.encode(), attributes=attributes, ordering_key=ordering_key)
            for text in texts
        ]
        requests = PublisherRequests(transport=self.publisher.transport)
        requests.publish(topic=self.names.topic(topic), messages=messages)

    def waiting(self, subscription: str) -> list[str]:
        """What can be pulled now."""
        path = self.names.subscription(subscription)
        found = self.subscriber.pull(subscription=path, max_messages=100, timeout=1.3).received_messages
        return [received.message.data.decode() for received in found]

    def pulled(self, *, deadline: int = 60) -> Subscription:
        """The subscription of ``dispatch`` to pull from; refused messages come again at once."""
        wanted = plan(self.table, self.names, bases={})
        for request in wanted.subscriptions:
            del request.retry_policy
            request.ack_deadline_seconds = deadline
        make(wanted, self.publisher, self.subscriber)
        path = self.names.subscription(DISPATCH)
        return next(request for request in wanted.subscriptions if request.name == path)


@pytest.fixture
def topics(project: str, emulators: Emulators, monkeypatch: pytest.MonkeyPatch) -> Iterator[Topics]:
    """Clients; nothing is made yet."""
    for variable, address in emulators.pubsub.environment.items():
        monkeypatch.setenv(variable, address)
    with SubscriberClient() as subscriber:
        publisher = PublisherClient()
        yield Topics(impatient(), Names(project, "omtx"), publisher, subscriber)
        publisher.transport.close()
