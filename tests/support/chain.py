"""
The whole chain in one thread, under the test's control: real entry points, real adapters, real body.

Nothing happens by itself. The test delivers messages, runs calls, moves the clock and lets
``reconcile`` look, in whatever order and as often as it likes.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from modal_gpu.attempt import attempt
from modal_gpu.predictors import predictor
from modal_gpu.transfer import Transfer
from shared import settings, wiring
from shared.adapters.local.bus import Delivery
from shared.adapters.local.calls import Call
from shared.domain.signature import sign
from shared.errors import NotFound, Unavailable
from shared.events.envelope import push_body
from shared.models.work import Envelope
from shared.ports.orders import Placed
from shared.topology import topology
from shared.tracing import headers_of, run_place
from shared.wiring import clients
from tests.support.boundaries import Boundaries
from tests.support.functions import Reply, call, push
from tests.support.world import HandClock

VISIBILITY = timedelta(seconds=60)
PORTS = ("ledger", "blobs", "bus", "engine", "hooks")
SUBSCRIBERS = {
    function.subscription.name: (name, function.subscription.topic)
    for name, function in topology().functions.items()
    if function.subscription is not None
}


class Chain:
    """One home, one clock, and the boundaries between functions and adapters."""

    def __init__(self, home: Path, boundaries: Boundaries, monkeypatch: pytest.MonkeyPatch) -> None:
        self.clock = HandClock()
        self.boundaries = boundaries
        self._real = {port: getattr(wiring, port) for port in PORTS}
        for name, value in {
            "OMTX_HOME": str(home),
            "OMTX_TEST_MODELS": "1",
            "OMTX_FSYNC": "0",
            "OMTX_RETRY_SECONDS": "2",
            "OMTX_WORKERS": "2",
        }.items():
            monkeypatch.setenv(name, value)
        wiring.reset()
        for choices in (wiring, clients):
            monkeypatch.setattr(choices, "clock", lambda: self.clock)
        for port in PORTS:
            monkeypatch.setattr(wiring, port, self._guarded(port))
        monkeypatch.setattr(wiring, "orders", lambda: Door(self._call))

    def _guarded(self, port: str) -> Any:
        return lambda: self.boundaries.wrap(port, self._real[port]())

    def restart(self) -> None:
        """The process died: nothing in memory, everything on disk, and its leases are taken over."""
        wiring.reset()
        wiring.local_bus().return_leased()

    def _call(self, function: str, *request: Any) -> Reply:
        self.boundaries.where = function
        return call(function, *request)

    # what can happen

    def submit(self, order: dict[str, Any], *, key: str | None = None) -> Reply:
        """Post an order."""
        headers = {"Idempotency-Key": key} if key else {}
        return self._call("submit", "POST", "/", order, headers)

    def leased(self, limit: int = 1000) -> list[Delivery]:
        """Every message that is due, hidden from now on for the visibility timeout."""
        bus = wiring.local_bus()
        return [item for name in SUBSCRIBERS for item in bus.lease(name, limit=limit, visibility=VISIBILITY)]

    def deliver(self, delivery: Delivery) -> bool:
        """One push; whether the function acknowledged it."""
        function, topic = SUBSCRIBERS[delivery.subscription]
        self.boundaries.where = function
        envelope = push_body(
            delivery.data,
            message_id=str(delivery.id),
            published_at=delivery.published_at.isoformat(),
            subscription=f"projects/omtx/subscriptions/{delivery.subscription}",
            delivery=delivery.number,
            attributes=delivery.attributes,
        )
        return 200 <= push(function, envelope, topic) < 300

    def settle_delivery(self, delivery: Delivery, acknowledged: bool) -> None:
        """Tell the queue how the delivery went."""
        bus = wiring.local_bus()
        if acknowledged:
            bus.acknowledge(delivery)
        else:
            bus.refuse(delivery, reason="not acknowledged", most=5)

    def taken(self, limit: int = 1000) -> list[Call]:
        """Waiting calls, from now on running."""
        return wiring.local_calls().take(limit)

    def run(self, item: Call) -> Envelope:
        """The body of one call, as a worker runs it; its answer is kept by the engine."""
        envelope = attempt(
            item.order,
            call_id=item.call_id,
            predictor=predictor(item.order.model),
            transfer=Transfer(httpx.Client(transport=httpx.MockTransport(stored))),
            machine="test",
            now=self.clock.now,
        )
        wiring.local_calls().answer([(item.call_id, envelope)])
        return envelope

    def webhook(self, envelope: Envelope) -> Reply:
        """The signed call that ends a run."""
        body = envelope.model_dump_json(exclude_none=True).encode()
        key = wiring.secrets().keys("webhook")[0]
        timestamp = int(self.clock.now().timestamp())
        headers = sign(body, key_id=key.id, secret=key.secret, timestamp=timestamp)
        headers |= headers_of(run_place(envelope.trace or {}, envelope.ref.run_name))
        return self._call("webhook", "POST", "/", body, headers)

    def reconcile(self, batch_id: str | None = None) -> Reply:
        """One pass of the sweeper."""
        return self._call("reconcile", "POST", f"/?batch={batch_id}" if batch_id else "/")

    def api(self, path: str, method: str = "GET") -> Reply:
        """One request to the read API."""
        return self._call("api", method, path)

    # all that is due

    def drain(self, *, reconciling: bool = True, rounds: int = 60) -> None:
        """
        Let everything that is due happen, in order and without faults, until every batch is finished.

        Without ``reconciling`` only redelivery may help.
        """
        for _ in range(rounds):
            if not self.step():
                if not self.unfinished():
                    return
                self.clock.advance(timedelta(seconds=61))
                if reconciling:
                    self.reconcile()
        raise AssertionError(f"not finished after {rounds} rounds: {self.unfinished()}")

    def step(self) -> bool:
        """Deliver what is due and run what waits, once; whether there was anything."""
        deliveries, calls = self.leased(), self.taken()
        for delivery in deliveries:
            self.settle_delivery(delivery, self.deliver(delivery))
        for item in calls:
            self.webhook(self.run(item))
        return bool(deliveries or calls)

    def unfinished(self) -> list[str]:
        """The ids of batches that are not finished."""
        batches = self._real["ledger"]().batches(owner=None, unfinished=True, limit=100, after=None)
        return [batch.batch_id for batch in batches]

    @property
    def ledger(self) -> Any:
        """The ledger, without boundaries: for looking."""
        return self._real["ledger"]()


class Door:
    """The door of ``submit`` without a socket: the real function, called."""

    def __init__(self, call: Callable[..., Reply]) -> None:
        self._call = call

    def place(self, path: str, order: Mapping[str, Any], headers: Mapping[str, str]) -> Placed:
        """See ``Orders.place``."""
        reply = self._call("submit", "POST", path, order, headers)
        return Placed(reply.status, reply.body)


def stored(request: httpx.Request) -> httpx.Response:
    """The object route of the embedded server: a PUT to a signed URL."""
    key = request.url.path.removeprefix("/objects/")
    query = request.url.params
    blobs, now = wiring.local_blobs(), wiring.clock().now()
    blobs.check_url(request.method, key, query["expires"], query["signature"], now=now)
    try:
        if request.method == "GET":
            return httpx.Response(200, content=blobs.get(key))
        blobs.put(key, request.read())
    except NotFound:
        return httpx.Response(404)
    except Unavailable:
        return httpx.Response(503)
    return httpx.Response(200)


def message_of(delivery: Delivery) -> dict[str, Any]:
    """What a delivery says."""
    said: dict[str, Any] = json.loads(delivery.data)
    return said


@contextmanager
def chain_at(home: Path, boundaries: Boundaries | None = None) -> Iterator[Chain]:
    """A chain on ``home``; everything it changed in the process is put back."""
    patch = pytest.MonkeyPatch()
    try:
        yield Chain(home, boundaries or Boundaries(lambda number, name: None), patch)
    finally:
        patch.undo()
        wiring.reset()
        settings.settings.cache_clear()
