"""The brake of a batch: judged by what is seen; what it leaves room for is started."""

from collections.abc import Iterator
from itertools import chain, islice

from services.reconcile.world import Finding, World
from shared.catalogue.entry import entry_of
from shared.domain.lifecycle import tree_of
from shared.domain.overdue import holed_leaves
from shared.domain.pacing import BRAKED, Pool, View, judge, together
from shared.events.messages import JobQueued
from shared.models.batch import Batch
from shared.models.facts import Intents, Leaf, Round
from shared.models.work import JobRef
from shared.steps.mending import unstarted


def paced(world: World, batch: Batch, round: Round, intents: Intents, leaves: list[Leaf]) -> Intents:
    """What is wanted of the batch after a look at its runs and their pool."""
    strategy = batch.configuration.scheduling_strategy
    load = world.load(batch.model) if strategy in BRAKED else None
    if load is None or load.size is None:
        return intents
    view = View(
        round=round.number,
        window=round.window,
        in_flight=world.ledger.in_flight(round.batch_id, round.number),
        experience=together(leaf.experience for leaf in leaves),
        typical_seconds=entry_of(batch).seconds_for(batch.tokens),
    )
    pool = Pool(load.size, load.running, load.waiting)
    pace = judge(strategy, intents.pace, view, pool, now=world.now())
    if pace is not None and pace != intents.pace:  # what the money allows is not judged here
        pace = pace.model_copy(update={"until": intents.until(round.number)})
    return intents if pace == intents.pace else world.ledger.intend(batch.batch_id, pace=pace)


def fill_up(
    world: World, round: Round, limit: int, leaves: list[Leaf], *, until: int | None = None
) -> Iterator[Finding]:
    """
    Start as many jobs as the limit leaves room for: the next in line, at last those passed over.

    No place behind ``until`` is begun.

    Under a limit the beginning of the round is started, so what comes next is known without a search.
    Nothing waits to become quiet: what was published a moment ago and is not yet claimed is published
    again, but ``dispatch`` starts no more than there is room for.
    """
    line = world.ledger.line(round.batch_id, round.number)
    room = limit - line.in_flight
    if room <= 0:
        return
    jobs = tree_of(round).jobs if until is None else min(tree_of(round).jobs, until + 1)
    ahead = range(line.last + 1, jobs)[:room]
    refs = chain(world.roster.refs(round, ahead), _passed_over(world, round, line.last, leaves))
    events = [JobQueued(ref=ref) for ref in islice(refs, room)]
    if events:
        world.bus.publish(events)
        reason = f"{line.in_flight} ligands are in flight where {limit} may be"
        yield Finding(batch_id=round.batch_id, reason=reason, action=f"published {len(events)} job-queued")


def _passed_over(world: World, round: Round, last: int, leaves: list[Leaf]) -> Iterator[JobRef]:
    """Jobs up to place ``last`` with neither attempt nor outcome; only leaves that lack some are read."""
    tree, in_flight = tree_of(round), world.ledger.open_places(round.batch_id, round.number)
    begun = {leaf.k: range(leaf.k, last + 1, tree.leaves) for leaf in leaves}
    for leaf in holed_leaves(tree, leaves, in_flight, lambda leaf: begun[leaf.k]):
        yield from unstarted(round, leaf, begun[leaf.k], ledger=world.ledger, roster=world.roster)
