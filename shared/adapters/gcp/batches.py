"""Batches and intents in Firestore."""

import time
from datetime import datetime

from google.cloud.firestore import Query

from shared.adapters.gcp.closings import closing_of, closing_record
from shared.adapters.gcp.outcomes import outcome_of, outcome_record
from shared.adapters.gcp.planting import plant
from shared.adapters.gcp.standing import Standings, data_of, gone, opened, standing_of
from shared.adapters.gcp.store import Fields, Found, Store, narrowed
from shared.adapters.stamps import stamp
from shared.domain.lifecycle import first_round
from shared.models.batch import Batch
from shared.models.facts import Intents, Pace
from shared.models.work import JobRef
from shared.ports.courses import Listed, Seal
from shared.ports.ledger import Glance, Sight


class FirestoreBatches:
    """The ``Batches`` part of the ledger."""

    _store: Store
    _standings: Standings

    def open(self, batch: Batch) -> Batch:
        """See ``Batches.open``."""
        record, content = self._store.batch(batch.batch_id), opened(batch)
        if plant(self._store, first_round(batch), record, lambda commit: commit.create(record, content)):
            return batch
        return self._standings.fresh(batch.batch_id).batch

    def batch(self, batch_id: str) -> Batch:
        """See ``Batches.batch``."""
        return self._standings.fresh(batch_id).batch

    def glance(self, ref: JobRef) -> Glance:
        """See ``Batches.glance``."""
        standing = self._standings.recent(ref.batch_id)
        return Glance(standing.batch, self._standings.round(ref.batch_id, ref.round), standing.intents)

    def look(self, ref: JobRef) -> Sight:
        """See ``Batches.look``."""
        seen = time.monotonic()
        wanted = [self._store.batch(ref.batch_id), outcome_record(self._store, ref)]
        found, outcome = self._store.get_many(wanted)
        standing = self._standings.learn(found, seen)
        round = self._standings.round(ref.batch_id, ref.round)
        return Sight(standing.batch, round, standing.intents, outcome_of(outcome))

    def intents(self, batch_id: str) -> Intents:
        """See ``Batches.intents``."""
        return self._standings.fresh(batch_id).intents

    def intend(
        self,
        batch_id: str,
        *,
        paused: bool | None = None,
        cancelled_at: datetime | None = None,
        pace: Pace | None = None,
    ) -> Intents:
        """See ``Batches.intend``."""

        def changed(found: Found) -> Fields:
            standing, fields = standing_of(found), dict[str, object]()
            if paused is not None:
                fields["data.paused"] = paused
            if cancelled_at is not None and standing.intents.cancelled_at is None:
                fields["data.cancelled_at"] = stamp(cancelled_at)
            if pace is not None:
                fields["data.pace"] = pace.model_dump_json()
            return fields

        self._standings.change(batch_id, changed)
        return self.intents(batch_id)

    def batches(self, *, owner: str | None, unfinished: bool, limit: int, after: str | None) -> list[Batch]:
        """See ``Batches.batches``."""
        query = self._store.batches()
        if unfinished:
            query = narrowed(query, finished=False)
        if owner is not None:
            query = narrowed(query, owner=owner)
        return [standing_of(found).batch for found in self._newest(query, limit, 0, after)]

    def listed(self, *, owner: str, limit: int, skip: int = 0, after: str | None = None) -> list[Listed]:
        """See ``Batches.listed``."""
        page = self._newest(narrowed(self._store.batches(), owner=owner), limit, skip, after)
        known = [(standing_of(found), _seal(found)) for found in page]
        records = [closing_record(self._store, it.batch.batch_id, it.intents.round) for it, _ in known]
        closings = map(closing_of, self._store.get_many(records))
        return [
            Listed(it.batch, it.intents, closing, seal)
            for (it, seal), closing in zip(known, closings, strict=True)
        ]

    def seal(self, batch_id: str) -> Seal:
        """See ``Batches.seal``."""
        return _seal(self._store.get(self._store.batch(batch_id)))

    def count(self, *, owner: str, most: int) -> int:
        """See ``Batches.count``."""
        query = narrowed(self._store.batches(), owner=owner)
        return self._store.count(query.order_by("created_at", direction=Query.DESCENDING).limit(most))

    def _newest(self, query: Query, limit: int, skip: int, after: str | None) -> list[Found]:
        # Only a batch that is not deleted has the field: what is without it is in no such list.
        query = query.order_by("created_at", direction=Query.DESCENDING)
        query = query.order_by("__name__", direction=Query.DESCENDING)
        if after is not None:
            last = self._store.get(self._store.batch(after))
            if not last.exists:
                return []
            created_at = data_of(last).get("created_at") or last.get("created_at")
            query = query.start_after({"created_at": created_at, "__name__": last.reference})
        return self._store.find(query.offset(skip).limit(limit))


def _seal(found: Found) -> Seal:
    """Of a finished batch only this record changes still: by a retry, or a wish that comes too late."""
    data = data_of(found)
    if "deleted_at" in data:
        raise gone(found)
    wishes = [data.get(name) for name in ("round", "retry", "paused", "cancelled_at", "pace")]
    return Seal(found.get("owner"), "/".join(map(str, wishes)) if found.get("finished") else None)
