"""Unfinished batches: lost releases, uncounted nodes, unannounced closings, and cancellations."""

from collections.abc import Iterator
from functools import partial

from services.reconcile.budget import within_budget
from services.reconcile.pacing import fill_up, paced
from services.reconcile.retries import open_next
from services.reconcile.world import Finding, World
from shared import tracing
from shared.domain.lifecycle import tree_of
from shared.models.batch import Batch
from shared.models.costs import Usage
from shared.models.facts import Attempt, Intents, Leaf, Outcome, OutcomeKind, Round
from shared.models.work import Failure, FailureClass, JobRef
from shared.steps.alignments import places
from shared.steps.mending import announce_again, count_again, release_again, settled_in
from shared.steps.reading import rounds_of
from shared.steps.settling import note_milestones, settle

PAGE = 100
UNREPORTED = Usage(machine=None, gpu=None, seconds=None, counted_usd=0.0)
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
    tracing.follow(batch.trace, batch.counts.jobs)
    intents = world.ledger.intents(batch.batch_id)
    rounds = rounds_of(world.ledger, batch, intents)
    round = rounds[-1]
    closing = world.ledger.closing(batch.batch_id, round.number)
    if closing is not None and intents.retry > round.number:
        yield from open_next(world, batch, round, closing)
        return
    if closing is not None:
        if announce_again(
            round,
            closing,
            quiet=world.patience.quiet,
            ledger=world.ledger,
            bus=world.bus,
            clock=world.clock,
        ):
            yield _finding(round, "full, but its artefacts are not written", "published batch-finished again")
        return
    if batch.imported:
        yield from _count(world, round)
        yield _finding(round, "its import is not finished", "none: `omtx migrate` with its source does")
        return
    note_milestones(batch, round, ledger=world.ledger, clock=world.clock, notices=world.notices)
    leaves = world.ledger.leaves(round.batch_id, round.number)
    if intents.cancelled_at is None:
        intents = within_budget(world, batch, rounds, intents, leaves)
    if intents.cancelled_at is not None:
        yield from _drain(world, batch, round, _why(intents))
    elif not intents.paused:
        yield from _release(world, batch, round, intents, leaves)
    yield from _count(world, round)


def _why(intents: Intents) -> Failure:
    """Why the ligands that are open never were computed."""
    spent_out = intents.pace.spent_out if intents.pace else None
    return CANCELLED.model_copy(update={"message": spent_out}) if spent_out else CANCELLED


def _count(world: World, round: Round) -> Iterator[Finding]:
    for level, k in count_again(round, ledger=world.ledger, bus=world.bus, clock=world.clock):
        yield _finding(round, f"node {k} of level {level} is full but was not counted", "counted it")


def _release(
    world: World, batch: Batch, round: Round, intents: Intents, leaves: list[Leaf]
) -> Iterator[Finding]:
    standing = world.alignments.look(batch, now=world.now())
    if standing.waits:
        if world.alignments.want(batch, standing.missing, bus=world.bus, now=world.now()):
            yield _finding(round, f"waits for the {standing.sentence()}", "published alignment-wanted")
        return
    intents = paced(world, batch, round, intents, leaves)
    if not intents.braked:
        yield from _repeat(world, round, leaves)
        return
    limit = round.window if intents.limit is None else intents.limit
    yield from fill_up(world, round, limit, leaves, until=intents.until(round.number))


def _repeat(world: World, round: Round, leaves: list[Leaf]) -> Iterator[Finding]:
    """Publish again what the settled jobs of quiet leaves have released."""
    for missing in release_again(
        round,
        leaves,
        quiet=world.patience.quiet,
        ledger=world.ledger,
        bus=world.bus,
        clock=world.clock,
        roster=world.roster,
    ):
        reason = f"{missing} released ligands were never started"
        yield _finding(round, reason, "published job-queued again")


def _drain(world: World, batch: Batch, round: Round, why: Failure) -> Iterator[Finding]:
    """Cancel what runs, then give every open ligand its outcome; a leaf in one commit."""
    for at in places(batch):
        world.alignments.unwish(at, batch.batch_id)
    tree = tree_of(round)
    for leaf in world.ledger.leaves(round.batch_id, round.number):
        if leaf.n == tree.quota(0, leaf.k):
            continue
        settled = settled_in(round, leaf, ledger=world.ledger)
        refs = world.roster.refs(round, tree.positions(leaf.k))
        unsettled = [ref for ref in refs if ref.position not in settled]
        attempts = world.ledger.attempts(round.batch_id, round.number, [it.position for it in unsettled])
        if not _cancel_calls(world, attempts):
            reason = "the engine does not answer, so its runs cannot be cancelled"
            yield _finding(round, reason, "none: it is asked again at the next pass")
            return
        tried = {attempt.ref.position: attempt for attempt in attempts}
        cancelled = [_cancelled(world, batch, ref, tried.get(ref.position), why) for ref in unsettled]
        _settle_all(world, batch, round, cancelled)
        yield _finding(round, f"{len(unsettled)} ligands were open after the cancellation", "cancelled them")


def _cancel_calls(world: World, attempts: list[Attempt]) -> bool:
    """Whether all that runs was told to stop."""

    def told(call_id: str) -> bool:
        world.engine.cancel(call_id)
        return True

    calls = (attempt.call_id for attempt in attempts if attempt.call_id is not None)
    return all(world.engine_answers(partial(told, call_id)) for call_id in calls)


def _settle_all(world: World, batch: Batch, round: Round, outcomes: list[Outcome]) -> None:
    settle(
        batch,
        round,
        outcomes,
        ledger=world.ledger,
        bus=world.bus,
        clock=world.clock,
        roster=world.roster,
        notices=world.notices,
        releasing=False,
    )


def _cancelled(world: World, batch: Batch, ref: JobRef, attempt: Attempt | None, why: Failure) -> Outcome:
    """Of a run that was stopped nobody knows how long it ran; it is told as unreported."""
    runs = attempt.runs if attempt else ()
    if attempt is not None and attempt.call_id is not None and batch.tariff and not batch.tariff.free:
        runs = (*runs, UNREPORTED)
    return Outcome(
        ref=ref,
        kind=OutcomeKind.CANCELLED,
        copies=world.manifest.copies(batch, ref.position),
        failure=why,
        runs=runs,
        test_model=batch.test_model,
        finished_at=world.now(),
    )


def _finding(round: Round, reason: str, action: str) -> Finding:
    return Finding(batch_id=round.batch_id, reason=reason, action=action)
