"""One pass over everything that is overdue."""

import logging

from services.reconcile.attempts import overdue
from services.reconcile.batches import unfinished
from services.reconcile.deletions import erase_deleted
from services.reconcile.notices import forget_old, untold
from services.reconcile.world import Finding, World

log = logging.getLogger("omtx")
MOST_COLLECTED = 1000


def handle(world: World, *, only: str | None) -> list[Finding]:
    """
    Help what is stuck, everywhere or in the batch ``only``; safe to repeat at any time.

    Raises:
        NotFound: there is no batch ``only``.
    """
    if only is not None:
        world.ledger.batch(only)
        return overdue(world, only) + unfinished(world, only)
    erased = erase_deleted(world)
    findings = overdue(world, only) + unfinished(world, only) + untold(world) + erased
    forget_old(world)
    _collect(world)
    return findings


def _collect(world: World) -> None:
    """Last, as what is stuck matters more than what was given up."""
    if taken := world.letters.collect(limit=MOST_COLLECTED):
        log.warning("took in %d messages that the topics gave up", taken)
