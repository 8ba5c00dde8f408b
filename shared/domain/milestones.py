"""Milestones of a batch, and when it is worth looking for one: pure."""

from collections.abc import Iterable

from shared.models.batch import Batch
from shared.models.facts import Leaf

THRESHOLDS = (10, 25, 50, 75, 90, 100)
LOOKS = tuple(share + more for share in THRESHOLDS if share < 100 for more in (0, 5))
"""Per cent of leaf 0: at each threshold, and a twentieth later, if the other leaves were behind then."""


def passed(batch: Batch, leaves: Iterable[Leaf]) -> tuple[int, ...]:
    """
    The thresholds at or below the share of rows that have their final word, lowest first.

    Rows that were never to be computed have theirs from the beginning, and rows that repeat a ligand
    have it with that ligand: leaves count rows by kind.
    """
    counts = batch.counts
    settled = counts.submitted - counts.valid
    settled += sum(leaf.completed + leaf.failed + leaf.cancelled for leaf in leaves)
    return tuple(it for it in THRESHOLDS if 100 * settled >= it * counts.submitted)


def worth_a_look(leaf: int, before: int, after: int, quota: int) -> bool:
    """
    Whether the commit that moved a leaf's counter is one of those after which milestones are looked for.

    Jobs are dealt to the leaves round robin, so leaf 0 is a sample of the batch: there is one look at
    each of ``LOOKS``, ten in all, however many jobs the batch has.
    """
    return leaf == 0 and any(100 * before < share * quota <= 100 * after for share in LOOKS)
