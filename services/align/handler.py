"""One step of a search; at its end, the batches that wait for it go on."""

from collections.abc import Callable

from services.align.searching import Connect, Terms, advance
from services.align.shelf import Shelf
from shared import tracing
from shared.domain.alignments import sequence_digest
from shared.errors import Malformed, NotFound
from shared.events.messages import AlignmentWanted
from shared.models.batch import Batch
from shared.ports.blobs import Blobs
from shared.ports.bus import Bus
from shared.ports.ledger import Ledger
from shared.ports.world import Clock
from shared.steps.alignments import Alignments, place
from shared.steps.reading import rounds_of
from shared.steps.roster import Roster
from shared.steps.settling import announce_jobs, first_places


def handle(
    event: AlignmentWanted,
    *,
    terms: Terms,
    connect: Connect,
    pause: Callable[[float], None],
    ledger: Ledger,
    blobs: Blobs,
    bus: Bus,
    clock: Clock,
    roster: Roster,
    alignments: Alignments,
) -> None:
    """
    Bring a search on, unless another does; a batch that was cancelled has none made for it.

    A server that has no answer yet is asked again by another message. One that wants to be left alone is:
    the search waits in the state, and ``reconcile`` asks for it again.
    """
    batch = ledger.batch(event.batch_id)
    sequence = _sequence(batch, event.sequence)
    at = place(batch, sequence)
    if ledger.intents(batch.batch_id).cancelled_at is not None:
        alignments.unwish(at, batch.batch_id)
        return

    def over() -> bool:
        """Whether there is an alignment, or will be none for now."""
        return alignments.found(at) is not None or alignments.futile(at, now=clock.now()) is not None

    if not over():
        shelf = Shelf(blobs, at)
        if batch.alignment_source != alignments.source:
            shelf.give_up("its server is no longer the one that this installation asks", now=clock.now())
        elif advance(shelf, sequence, terms, connect, over=over, clock=clock, pause=pause):
            bus.publish([event])
            return
    if over():
        for waiting in list(alignments.waiting(at)):
            _go_on(waiting, ledger=ledger, bus=bus, clock=clock, roster=roster, alignments=alignments)
            alignments.unwish(at, waiting)


def _sequence(batch: Batch, digest: str) -> str:
    for sequence in batch.alignments.values():
        if sequence_digest(sequence) == digest:
            return sequence
    raise Malformed(f"batch {batch.batch_id} needs no alignment of a sequence {digest[:12]}…")


def _go_on(
    batch_id: str, *, ledger: Ledger, bus: Bus, clock: Clock, roster: Roster, alignments: Alignments
) -> None:
    """
    Publish the first jobs of the round again; where others are next, ``reconcile`` finds them.

    A batch that still waits for another alignment goes on when that search ends.
    """
    try:
        batch, intents = ledger.batch(batch_id), ledger.intents(batch_id)
    except NotFound:
        return
    held = intents.paused or intents.cancelled_at is not None
    if held or alignments.look(batch, now=clock.now()).waits:
        return
    tracing.follow(batch.trace, batch.counts.jobs)
    round = rounds_of(ledger, batch, intents)[-1]
    announce_jobs(round, first_places(round, intents.limit), bus=bus, roster=roster)
