"""Opening the round of failed ligands that an owner asked for."""

import itertools
from collections.abc import Iterator

from services.reconcile.world import Finding, World
from shared.domain.lifecycle import next_round
from shared.models.batch import Batch
from shared.models.facts import Closing, Outcome, OutcomeKind, Round
from shared.steps.reading import all_outcomes
from shared.steps.roster import CHUNK, write_chunk
from shared.steps.settling import announce_jobs, first_places


def open_next(world: World, batch: Batch, last: Round, closing: Closing) -> Iterator[Finding]:
    """
    Store who is in the next round, then open it, then publish its first jobs.

    It holds every ligand that failed in the last round, which is over: whoever does this twice
    writes the same. While an older aggregation may still write artefacts of the last round, it
    waits, as those have the same names as the next round's.
    """
    if closing.fence > 1 and closing.lease_until is not None and world.now() < closing.lease_until:
        return
    number = last.number + 1
    jobs = rows = 0
    failed = (it for it in all_outcomes(world.ledger, batch.batch_id, last.number) if _failed(it))
    for chunk in itertools.count():
        outcomes = list(itertools.islice(failed, CHUNK))
        if not outcomes:
            break
        positions = [outcome.ref.position for outcome in outcomes]
        write_chunk(world.blobs, batch.batch_id, number, chunk, positions)
        jobs, rows = jobs + len(outcomes), rows + sum(outcome.copies for outcome in outcomes)
    round = world.ledger.open_round(next_round(batch, number, jobs=jobs, rows=rows, now=world.now()))
    announce_jobs(round, first_places(round, None), bus=world.bus, roster=world.roster)
    reason = f"the owner asked to compute {rows} failed ligands again"
    yield Finding(batch_id=batch.batch_id, reason=reason, action=f"opened round {number}")


def _failed(outcome: Outcome) -> bool:
    return outcome.kind is OutcomeKind.FAILED
