"""
From an outcome to the closing: settle, release the next jobs, climb the tree, announce.

Each step may be repeated by anyone: a duplicate that finds its work done goes on with what a dead
twin may have left undone.
"""

import itertools
from collections.abc import Iterable, Iterator, Sequence

from shared.domain.lifecycle import tree_of
from shared.domain.milestones import THRESHOLDS, passed, worth_a_look
from shared.events.messages import BatchFinished, JobQueued
from shared.measures import JOBS_SETTLED
from shared.models.batch import Batch
from shared.models.facts import Outcome, Round
from shared.ports.bus import Bus
from shared.ports.ledger import Ledger
from shared.ports.world import Clock
from shared.steps.notices import Notices
from shared.steps.roster import Roster


def settle(
    batch: Batch,
    round: Round,
    outcomes: Sequence[Outcome],
    *,
    ledger: Ledger,
    bus: Bus,
    clock: Clock,
    roster: Roster,
    notices: Notices | None,
    releasing: bool,
) -> None:
    """
    Store outcomes of one leaf, publish the jobs this releases, and close what is full.

    Without ``notices`` nobody is told of milestones.
    """
    tree = tree_of(round)
    leaf = tree.leaf_of(outcomes[0].ref.place_in_round)
    settled = ledger.settle(round.batch_id, leaf, outcomes, now=clock.now())
    if settled.created:  # those that are settled together are of one kind
        JOBS_SETTLED.add(batch.model, outcomes[0].kind.value, amount=settled.created)
    if releasing:
        # A duplicate announces the last release again: its twin may have died before it could.
        before = settled.n - max(settled.created, 1)
        announce_jobs(round, tree.releases_of(leaf, before, settled.n), bus=bus, roster=roster)
    if worth_a_look(leaf, settled.n - settled.created, settled.n, tree.quota(0, leaf)):
        note_milestones(batch, round, ledger=ledger, clock=clock, notices=notices)
    climb(round, (0, leaf), settled.n, ledger=ledger, bus=bus, clock=clock)


def note_milestones(
    batch: Batch, round: Round, *, ledger: Ledger, clock: Clock, notices: Notices | None
) -> None:
    """Record every threshold that is passed, and tell of it; only in the first round can one be new."""
    if round.number == 0:
        reached = passed(batch, ledger.leaves(round.batch_id, round.number))
        ledger.reach(round.batch_id, round.number, reached, now=clock.now())
        if reached and notices is not None:
            notices.milestones(batch, lambda: ledger.milestones(batch.batch_id))


def first_places(round: Round, limit: int | None) -> Iterator[int]:
    """The jobs that are published when a round begins: a window full, or as many as may be in flight."""
    tree = tree_of(round)
    if limit is not None:
        return iter(range(min(limit, tree.jobs)))
    return itertools.chain.from_iterable(tree.released(leaf, 0) for leaf in range(tree.leaves))


def announce_jobs(round: Round, places: Iterable[int], *, bus: Bus, roster: Roster) -> None:
    """Publish the first attempt of the jobs at these places."""
    events = [JobQueued(ref=ref) for ref in roster.refs(round, places)]
    if events:
        bus.publish(events)


def climb(round: Round, node: tuple[int, int], n: int, *, ledger: Ledger, bus: Bus, clock: Clock) -> None:
    """Count a full node into its parent, and so on; the full root closes the round."""
    tree = tree_of(round)
    while n == tree.quota(*node):
        if node[0] == tree.root_level:
            announce_closing(round, ledger=ledger, bus=bus, clock=clock)
            return
        parent = tree.parent(*node)
        n = ledger.fill(round.batch_id, round.number, node, parent)
        node = parent


def announce_closing(round: Round, *, ledger: Ledger, bus: Bus, clock: Clock) -> None:
    """Create the closing fact; publish it unless that is known to have been done."""
    # Before the closing: a batch that is closed has all its milestones, whoever died in between.
    ledger.reach(round.batch_id, round.number, THRESHOLDS, now=clock.now())
    closing = ledger.close(round.batch_id, round.number, now=clock.now())
    if closing.announced_at is not None:
        return
    bus.publish([BatchFinished(batch_id=round.batch_id, round=round.number)])
    ledger.announced(round.batch_id, round.number, now=clock.now())
