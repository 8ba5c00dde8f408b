"""One pass over everything that is overdue."""

from services.reconcile.attempts import overdue
from services.reconcile.batches import unfinished
from services.reconcile.deletions import erase_deleted
from services.reconcile.world import Finding, World


def handle(world: World, *, only: str | None) -> list[Finding]:
    """
    Help what is stuck, everywhere or in the batch ``only``; safe to repeat at any time.

    Raises:
        NotFound: there is no batch ``only``.
    """
    if only is not None:
        world.ledger.batch(only)
    erased = [] if only is not None else erase_deleted(world)
    return overdue(world, only) + unfinished(world, only) + erased
