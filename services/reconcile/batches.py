"""Unfinished batches: lost releases, uncounted nodes, unannounced closings, and cancellations."""

from collections.abc import Iterator

from services.reconcile.staleness import needs_aggregation, quiet_leaves, uncounted
from services.reconcile.world import Finding, World
from shared.domain.lifecycle import tree_of
from shared.events.messages import BatchFinished
from shared.models.batch import Batch
from shared.models.facts import Leaf, Outcome, OutcomeKind
from shared.models.work import Failure, FailureClass, JobRef
from shared.steps.settling import announce_jobs, climb, first_attempt, settle

PAGE = 100
ROUND = 0
CANCELLED = Failure(kind=FailureClass.CANCELLED, message="cancelled by the user")


def unfinished(world: World, only: str | None) -> list[Finding]:
    """Help every batch that is not finished, or the one named."""
    return [finding for batch in _chosen(world, only) for finding in _help(world, batch)]


def _chosen(world: World, only: str | None) -> Iterator[Batch]:
    if only is not None:
        yield world.ledger.batch(only)
        return
    after: str | None = None
    while page := world.ledger.batches(owner=None, unfinished=True, limit=PAGE, after=after):
        yield from page
        after = page[-1].batch_id


def _help(world: World, batch: Batch) -> Iterator[Finding]:
    closing = world.ledger.closing(batch.batch_id, ROUND)
    if closing is not None:
        if needs_aggregation(closing, now=world.now(), quiet=world.patience.quiet):
            world.bus.publish([BatchFinished(batch_id=batch.batch_id, round=ROUND)])
            world.ledger.announced(batch.batch_id, ROUND, now=world.now())
            yield _finding(batch, "full, but its artefacts are not written", "published batch-finished again")
        return
    intents = world.ledger.intents(batch.batch_id)
    if intents.cancelled_at is not None:
        yield from _drain(world, batch)
    elif not intents.paused:
        yield from _release(world, batch)
    yield from _count(world, batch)


def _count(world: World, batch: Batch) -> Iterator[Finding]:
    tree = tree_of(batch)
    for level, k, n in uncounted(tree, world.ledger.nodes(batch.batch_id, ROUND)):
        climb(batch, ROUND, (level, k), n, ledger=world.ledger, bus=world.bus, clock=world.clock)
        yield _finding(batch, f"node {k} of level {level} is full but was not counted", "counted it")


def _release(world: World, batch: Batch) -> Iterator[Finding]:
    leaves = world.ledger.leaves(batch.batch_id, ROUND)
    patience = world.patience.quiet
    for leaf in quiet_leaves(tree_of(batch), leaves, now=world.now(), quiet=patience):
        missing = _missing(world, batch, leaf)
        if missing:
            announce_jobs(batch, ROUND, missing, bus=world.bus)
            world.ledger.nudge(batch.batch_id, ROUND, leaf.k, now=world.now())
            reason = f"{len(missing)} released ligands were never started"
            yield _finding(batch, reason, "published job-queued again")


def _missing(world: World, batch: Batch, leaf: Leaf) -> list[int]:
    """Released jobs of the leaf with neither attempt nor outcome."""
    released = tree_of(batch).released(leaf.k, leaf.n)
    settled = {outcome.ref.position for outcome in _outcomes(world, batch, leaf)}
    waiting = [position for position in released if position not in settled]
    tried = {attempt.ref.position for attempt in world.ledger.attempts(batch.batch_id, ROUND, waiting)}
    return [position for position in waiting if position not in tried]


def _outcomes(world: World, batch: Batch, leaf: Leaf) -> list[Outcome]:
    quota = tree_of(batch).quota(0, leaf.k)
    return world.ledger.outcomes(batch.batch_id, ROUND, limit=quota, leaf=leaf.k)


def _drain(world: World, batch: Batch) -> Iterator[Finding]:
    """Cancel what runs, then give every open ligand its outcome; a leaf in one commit."""
    tree = tree_of(batch)
    for leaf in world.ledger.leaves(batch.batch_id, ROUND):
        if leaf.n == tree.quota(0, leaf.k):
            continue
        settled = {outcome.ref.position for outcome in _outcomes(world, batch, leaf)}
        positions = [position for position in tree.positions(leaf.k) if position not in settled]
        for attempt in world.ledger.attempts(batch.batch_id, ROUND, positions):
            if attempt.call_id is not None:
                world.engine.cancel(attempt.call_id)
        outcomes = [_cancelled(world, batch, first_attempt(batch, ROUND, position)) for position in positions]
        settle(batch, outcomes, ledger=world.ledger, bus=world.bus, clock=world.clock, releasing=False)
        yield _finding(batch, f"{len(outcomes)} ligands were open after the cancellation", "cancelled them")


def _cancelled(world: World, batch: Batch, ref: JobRef) -> Outcome:
    return Outcome(
        ref=ref,
        kind=OutcomeKind.CANCELLED,
        failure=CANCELLED,
        test_model=batch.test_model,
        finished_at=world.now(),
    )


def _finding(batch: Batch, reason: str, action: str) -> Finding:
    return Finding(batch_id=batch.batch_id, reason=reason, action=action)
