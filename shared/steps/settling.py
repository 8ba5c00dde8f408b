"""
From an outcome to the closing: settle, release the next jobs, climb the tree, announce.

Each step may be repeated by anyone: a duplicate that finds its work done goes on with what a dead
twin may have left undone.
"""

from collections.abc import Iterable, Sequence

from shared.domain.identity import job_id
from shared.domain.lifecycle import tree_of
from shared.events.messages import BatchFinished, JobQueued
from shared.models.batch import Batch
from shared.models.facts import Outcome
from shared.models.work import JobRef
from shared.ports.bus import Bus
from shared.ports.ledger import Ledger
from shared.ports.world import Clock


def settle(
    batch: Batch, outcomes: Sequence[Outcome], *, ledger: Ledger, bus: Bus, clock: Clock, releasing: bool
) -> None:
    """Store outcomes of one leaf, publish the jobs this releases, and close what is full."""
    tree, round = tree_of(batch), outcomes[0].ref.round
    leaf = tree.leaf_of(outcomes[0].ref.position)
    settled = ledger.settle(batch.batch_id, leaf, outcomes, now=clock.now())
    if releasing:
        # A duplicate announces the last release again: its twin may have died before it could.
        before = settled.n - max(settled.created, 1)
        announce_jobs(batch, round, tree.releases_of(leaf, before, settled.n), bus=bus)
    climb(batch, round, (0, leaf), settled.n, ledger=ledger, bus=bus, clock=clock)


def announce_jobs(batch: Batch, round: int, positions: Iterable[int], *, bus: Bus) -> None:
    """Publish the first attempt of these jobs."""
    events = [JobQueued(ref=first_attempt(batch, round, position)) for position in positions]
    if events:
        bus.publish(events)


def first_attempt(batch: Batch, round: int, position: int) -> JobRef:
    """The reference of a job's first attempt."""
    return JobRef(
        batch_id=batch.batch_id,
        job_id=job_id(batch.batch_id, position),
        round=round,
        position=position,
    )


def climb(
    batch: Batch, round: int, node: tuple[int, int], n: int, *, ledger: Ledger, bus: Bus, clock: Clock
) -> None:
    """Count a full node into its parent, and so on; the full root closes the round."""
    tree = tree_of(batch)
    while n == tree.quota(*node):
        if node[0] == tree.root_level:
            announce_closing(batch, round, ledger=ledger, bus=bus, clock=clock)
            return
        parent = tree.parent(*node)
        n = ledger.fill(batch.batch_id, round, node, parent)
        node = parent


def announce_closing(batch: Batch, round: int, *, ledger: Ledger, bus: Bus, clock: Clock) -> None:
    """Create the closing fact; publish it unless that is known to have been done."""
    closing = ledger.close(batch.batch_id, round, now=clock.now())
    if closing.announced_at is not None:
        return
    bus.publish([BatchFinished(batch_id=batch.batch_id, round=round)])
    ledger.announced(batch.batch_id, round, now=clock.now())
