"""
Telling owners what happened to their batches.

The facts come first: a delivery is kept for each endpoint that wants the news, under an id that follows
from both, then its message is published. Whoever does this again keeps and publishes nothing twice.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from shared.domain.lifecycle import Accounting
from shared.domain.news import News, delivery_of, news_of_end, news_of_milestones, wants
from shared.errors import NotFound
from shared.events.messages import NoticeDue
from shared.models.batch import Batch, BatchStatus
from shared.models.facts import Closing, Milestone
from shared.models.hooks import Delivery, Endpoint, Told
from shared.ports.bus import Bus
from shared.ports.hooks import Hooks
from shared.ports.world import Clock

MOST_ENDPOINTS = 20
"""Of one owner."""


@dataclass(frozen=True)
class Notices:
    """
    ``quiet``: how long a message may be lost until ``reconcile`` looks; ``base_url`` of links.

    An owner without endpoints costs one read each time, and nothing is written; a batch with an endpoint of
    its own costs one more.
    """

    hooks: Hooks
    bus: Bus
    clock: Clock
    quiet: timedelta
    base_url: str

    def milestones(self, batch: Batch, reached: Callable[[], Iterable[Milestone]]) -> None:
        """Tell of those reached; they are looked up only where somebody wants to know."""
        self.publish(self._note(batch, lambda: news_of_milestones(batch, reached()), {Told.BATCH_MILESTONE}))

    def keep_end(
        self,
        batch: Batch,
        status: BatchStatus,
        accounting: Accounting,
        closing: Closing,
        reached: Callable[[], Iterable[Milestone]],
    ) -> list[Delivery]:
        """
        Keep what is to be told of the end of a round, and milestones that nobody has told of.

        Before the round is finished: after that nobody would look again. They are published when it is;
        ``notify`` tells of no end that has not come.
        """

        def news() -> Iterable[News]:
            yield from news_of_end(batch, closing.round, status, accounting, closing.closed_at)
            yield from news_of_milestones(batch, reached())

        return self._note(batch, news, set(Told))

    def publish(self, deliveries: Sequence[Delivery]) -> None:
        """Ask for the deliveries; one whose message is lost is due after a while."""
        if deliveries:
            self.bus.publish([NoticeDue(delivery_id=it.id) for it in deliveries])

    def _note(self, batch: Batch, news: Callable[[], Iterable[News]], about: set[Told]) -> list[Delivery]:
        if batch.imported:  # it ended long ago, elsewhere
            return []
        found = [*self.hooks.endpoints(batch.owner, limit=MOST_ENDPOINTS), *self._own(batch)]
        listening = [it for it in found if it.enabled and about & set(it.events)]
        if not listening:
            return []
        now = self.clock.now()
        wanted = [
            delivery_of(endpoint, it, base_url=self.base_url, now=now, quiet=self.quiet)
            for it in news()
            for endpoint in listening
            if wants(endpoint, it)
        ]
        return self.hooks.note(wanted)

    def _own(self, batch: Batch) -> Iterator[Endpoint]:
        """The endpoint that the batch's order named, if it named one."""
        if batch.hook is not None:
            with suppress(NotFound):  # its owner has removed it
                yield self.hooks.endpoint(batch.hook)
