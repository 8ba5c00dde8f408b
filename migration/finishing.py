"""
The last step of an import: the ordinary ``aggregate`` function, brought its ordinary message.

A server that runs on the same home may be faster; its lease then makes ours do nothing, and we wait.
"""

import time
from dataclasses import dataclass
from functools import cached_property

from local.mount import mount
from local.pump import Courier
from shared import wiring
from shared.events.messages import BatchFinished
from shared.ports.ledger import Ledger
from shared.topology import topology

WAIT_SECONDS = 60.0
POLL_SECONDS = 0.1


@dataclass(frozen=True)
class Finisher:
    """Sees to the artefacts of closed batches."""

    ledger: Ledger

    def finish(self, batch_id: str) -> bool:
        """Whether the artefacts are written; False if nobody wrote them in time."""
        until = time.monotonic() + WAIT_SECONDS
        while not _is_finished(self.ledger, batch_id):
            if not self._deliver() and not self._announce(batch_id):
                if time.monotonic() > until:
                    return False
                time.sleep(POLL_SECONDS)
        return True

    def _announce(self, batch_id: str) -> bool:
        """Announce the batch again, unless somebody may be writing its artefacts at this moment."""
        closing, now = self.ledger.closing(batch_id, 0), wiring.clock().now()
        if closing is None or (closing.lease_until or now) > now:
            return False
        wiring.bus().publish([BatchFinished(batch_id=batch_id)])
        return True

    def _deliver(self) -> bool:
        """Bring one message, of this batch or another, to ``aggregate``; whether there was any."""
        deliveries = self._courier.lease(self._subscription, limit=1)
        for delivery in deliveries:
            reply = self._courier.deliver(delivery)
            if reply.accepted:
                self._courier.acknowledge([delivery])
            else:
                self._courier.refuse(delivery, reply)
        return bool(deliveries)

    @cached_property
    def _courier(self) -> Courier:
        return Courier(mount().subscribers, bus=wiring.local_bus(), table=topology())

    @cached_property
    def _subscription(self) -> str:
        subscriptions = (it.subscription for it in topology().functions.values() if it.subscription)
        return next(it.name for it in subscriptions if it.topic == BatchFinished.topic)


def _is_finished(ledger: Ledger, batch_id: str) -> bool:
    closing = ledger.closing(batch_id, 0)
    return closing is not None and closing.finished_at is not None
