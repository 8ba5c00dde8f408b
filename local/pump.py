"""
The pump plays Pub/Sub: it leases messages and pushes each to the function that subscribed to it.

The function gets the exact push envelope. An answer of 2xx acknowledges; anything else brings the
message again after a backoff, and at last among the dead letters.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from local.inprocess import Reply, post
from local.lane import Lane
from shared.adapters.local.bus import Delivery, SqliteBus
from shared.events.envelope import push_body
from shared.events.parked import document_of
from shared.topology import Topology

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

PROJECT = "projects/omtx"
THREADS = 64
SHOWN_WORDS = 300


class Courier:
    """Brings one message to its function; no thread, no timer. ``apps`` are keyed by subscription."""

    def __init__(self, apps: Mapping[str, "WSGIApplication"], *, bus: SqliteBus, table: Topology) -> None:
        self._apps = apps
        self._bus = bus
        self._defaults = table.subscription_defaults
        self._deadlines = {
            it.subscription.name: it.subscription.ack_deadline_seconds or self._defaults.ack_deadline_seconds
            for it in table.functions.values()
            if it.subscription
        }

        self._widths = {
            it.subscription.name: it.concurrency * it.max_instances
            for it in table.functions.values()
            if it.subscription
        }

    @property
    def subscriptions(self) -> Sequence[str]:
        """All of them, in the order of the table."""
        return list(self._deadlines)

    def width(self, subscription: str, *, most: int) -> int:
        """How many deliveries at a time: as many as the platform would make, up to ``most``."""
        return min(most, self._widths[subscription])

    def lease(self, subscription: str, *, limit: int) -> list[Delivery]:
        """Due messages of a subscription, hidden from others for its acknowledgement deadline."""
        visibility = timedelta(seconds=self._deadlines[subscription])
        return self._bus.lease(subscription, limit=limit, visibility=visibility)

    def deliver(self, delivery: Delivery) -> Reply:
        """Push the message and return the function's answer; the queue is not touched."""
        body = push_body(
            delivery.data,
            message_id=str(delivery.id),
            published_at=delivery.published_at.isoformat().replace("+00:00", "Z"),
            subscription=f"{PROJECT}/subscriptions/{delivery.subscription}",
            delivery=delivery.number,
            attributes=delivery.attributes,
        )
        # A real push endpoint has the topic in its path.
        path = f"/{PROJECT}/topics/{delivery.topic}"
        return post(self._apps[delivery.subscription], path, json.dumps(body).encode())

    def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        """These are done with."""
        self._bus.acknowledge_all(deliveries)

    def refuse(self, delivery: Delivery, reply: Reply) -> None:
        """Deliver it later again, or give it up."""
        reason = f"{delivery.subscription} answered {reply.status}: {_words(reply)[:SHOWN_WORDS]}"
        self._bus.refuse(delivery, reason=reason, most=self._defaults.max_delivery_attempts)


def _words(reply: Reply) -> str:
    """The detail of a problem document; another body as it is."""
    document = document_of(reply.body)
    if isinstance(document, Mapping) and "detail" in document:
        return str(document["detail"])
    return reply.body.decode(errors="replace")


Arrangement = Callable[[list[Delivery]], Iterable[Delivery]]


def drain(courier: Courier, *, arrange: Arrangement = list, limit: int = 100) -> Counter[str]:
    """
    Deliver what is due, and what that publishes, until nothing is due; the deliveries that were
    accepted, counted by subscription.

    ``arrange`` may repeat, reorder or leave out deliveries; what it leaves out is acknowledged too:
    a lost message. Nothing waits for backoffs or leases.
    """
    accepted: Counter[str] = Counter()
    while leased := [d for name in courier.subscriptions for d in courier.lease(name, limit=limit)]:
        refused = set()
        for delivery in arrange(leased):
            reply = courier.deliver(delivery)
            if reply.accepted:
                accepted[delivery.subscription] += 1
            elif delivery.id not in refused:
                refused.add(delivery.id)
                courier.refuse(delivery, reply)
        courier.acknowledge([delivery for delivery in leased if delivery.id not in refused])
    return accepted


class Pump:
    """All lanes of a runner; a message published in this process is picked up at once."""

    def __init__(self, courier: Courier, *, bus: SqliteBus, threads: int = THREADS) -> None:
        width = max(1, threads // len(courier.subscriptions))
        self._lanes = {
            name: Lane(courier, name, width=courier.width(name, most=width)) for name in courier.subscriptions
        }
        self._bus = bus

    def start(self) -> None:
        """Begin; also with what a dead process had leased, as no other process delivers here."""
        self._bus.return_leased()
        self._bus.on_publish = lambda subscription: self._lanes[subscription].wake()
        for lane in self._lanes.values():
            lane.start()

    def stop(self) -> None:
        """Take no new message, and return once those that are being delivered are done with."""
        for lane in self._lanes.values():
            lane.stop()
        for lane in self._lanes.values():
            lane.join()
