"""Attempts in Firestore: what is overdue, and how the ligands of a round stand in line."""

from collections.abc import Sequence
from datetime import datetime

from google.cloud.firestore import FieldFilter, Query

from shared.adapters.gcp.outcomes import FirestoreOutcomes
from shared.adapters.gcp.store import Store
from shared.adapters.gcp.tries import attempt_of
from shared.adapters.stamps import stamp
from shared.models.facts import Attempt, Line


class FirestoreLine(FirestoreOutcomes):
    """Of the ``Attempts`` part of the ledger, what reads many attempts."""

    _store: Store

    def overdue(self, now: datetime, *, limit: int, batch_id: str | None = None) -> list[Attempt]:
        """See ``Attempts.overdue``."""
        query = self._store.group("attempts") if batch_id is None else self._store.where(batch_id, "attempts")
        query = query.where(filter=FieldFilter("due_at", "<=", stamp(now))).order_by("due_at").limit(limit)
        return [attempt_of(found) for found in self._store.find(query)]

    def attempts(self, batch_id: str, round: int, positions: Sequence[int]) -> list[Attempt]:
        """See ``Attempts.attempts``."""
        records = [self._store.record(batch_id, "attempts", round, it) for it in sorted(set(positions))]
        return [attempt_of(found) for found in self._store.get_many(records) if found.exists]

    def in_flight(self, batch_id: str, round: int) -> int:
        """See ``Attempts.in_flight``."""
        return self._store.count(self._store.where(batch_id, "attempts", round=round))

    def line(self, batch_id: str, round: int, position: int | None = None) -> Line:
        """See ``Attempts.line``."""
        query = self._store.where(batch_id, "attempts", round=round)
        query = query.order_by("place", direction=Query.DESCENDING).limit(1)
        begun = [found.get("place") for found in self._store.find(query)]
        settled = self._last_outcome(batch_id, round)
        places = [-1, *begun, *([settled.ref.place_in_round] if settled else [])]
        holds = position is not None and self._held(batch_id, round, position)
        return Line(in_flight=self.in_flight(batch_id, round), last=max(places), holds=holds)

    def _held(self, batch_id: str, round: int, position: int) -> bool:
        kinds = ("attempts", "outcomes")
        records = [self._store.record(batch_id, kind, round, position) for kind in kinds]
        return any(found.exists for found in self._store.get_many(records))

    def open_places(self, batch_id: str, round: int) -> list[int]:
        """See ``Attempts.open_places``."""
        query = self._store.where(batch_id, "attempts", round=round).select(["place"])
        return sorted(found.get("place") for found in self._store.find(query))
