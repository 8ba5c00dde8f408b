"""
Rounds of many batches in Firestore: two reads of many records, and a count for each round that is open.

A tally of leaves is billed by the leaf, however it is asked for.
"""

from collections.abc import Sequence

from shared.adapters.gcp.closings import closing_of
from shared.adapters.gcp.countdown import counted, leaf_of
from shared.adapters.gcp.store import Store
from shared.models.facts import Round
from shared.ports.courses import Course


class FirestoreCourses:
    """The ``Courses`` part of the ledger."""

    _store: Store

    def courses(self, rounds: Sequence[Round]) -> list[Course]:
        """See ``Courses.courses``."""
        ends = [self._store.record(it.batch_id, "closings", it.number) for it in rounds]
        closings = [closing_of(found) for found in self._store.get_many(ends)]
        flying = [0 if closing else self._flying(it) for it, closing in zip(rounds, closings, strict=True)]
        nodes = [
            self._store.record(it.batch_id, "nodes", it.number, 0, k)
            for it in rounds
            for k in range(it.leaves)
        ]
        found = (counted(node) for node in self._store.get_many(nodes))
        leaves = [[leaf_of(it.number, k, next(found)) for k in range(it.leaves)] for it in rounds]
        return list(map(Course, closings, leaves, flying))

    def _flying(self, round: Round) -> int:
        return self._store.count(self._store.where(round.batch_id, "attempts", round=round.number))
