"""Closings in Firestore."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime

from google.cloud.firestore import DocumentReference
from pydantic import JsonValue

from shared.adapters.gcp.standing import Standings
from shared.adapters.gcp.store import Fields, Found, Store
from shared.adapters.stamps import instant, instant_or_none, stamp
from shared.errors import NotFound
from shared.models.facts import Closing
from shared.models.work import Artefact


class FirestoreClosings:
    """The ``Closings`` part of the ledger."""

    _store: Store
    _standings: Standings

    def close(self, batch_id: str, round: int, *, now: datetime) -> Closing:
        """See ``Closings.close``."""
        record = self._record(batch_id, round)
        content = {"data": {"round": round, "closed_at": stamp(now), "fence": 0}}
        if self._store.tried(lambda commit: commit.create(record, content)) is not None:
            return Closing(round=round, closed_at=now)
        closing = self.closing(batch_id, round)
        assert closing is not None, "a closing is never deleted while its batch is open"
        return closing

    def closing(self, batch_id: str, round: int) -> Closing | None:
        """See ``Closings.closing``."""
        return closing_of(self._store.get(self._record(batch_id, round)))

    def announced(self, batch_id: str, round: int, *, now: datetime) -> None:
        """See ``Closings.announced``."""
        fields, record = {"data.announced_at": stamp(now)}, self._record(batch_id, round)
        try:
            self._store.tried(lambda commit: commit.update(record, fields))
        except NotFound:
            return  # the batch was deleted and its records are erased

    def claim_aggregation(
        self, batch_id: str, round: int, *, now: datetime, lease_until: datetime
    ) -> int | None:
        """See ``Closings.claim_aggregation``."""
        fence = 0

        def claim(found: Found) -> Fields | None:
            nonlocal fence
            closing = closing_of(found)
            if closing is None or closing.finished_at is not None:
                return None
            if closing.lease_until is not None and closing.lease_until > now:
                return None
            fence = closing.fence + 1
            return {"data.fence": fence, "data.lease_until": stamp(lease_until)}

        return fence if self._store.amend(self._record(batch_id, round), claim) else None

    def finish(
        self,
        batch_id: str,
        round: int,
        *,
        fence: int,
        status: str,
        summary: Mapping[str, JsonValue],
        artefacts: Sequence[Artefact],
        now: datetime,
    ) -> bool:
        """See ``Closings.finish``."""

        def finished(found: Found) -> Fields | None:
            closing = closing_of(found)
            if closing is None or closing.fence != fence or closing.finished_at is not None:
                return None
            return {
                "data.status": status,
                "data.summary": json.dumps(summary),
                "data.artefacts": json.dumps([artefact.model_dump() for artefact in artefacts]),
                "data.finished_at": stamp(now),
            }

        batch = self._store.batch(batch_id)
        also = {"finished": True}
        try:
            return self._store.amend(
                self._record(batch_id, round), finished, lambda commit: commit.update(batch, also)
            )
        finally:
            self._standings.forget(batch_id)

    def _record(self, batch_id: str, round: int) -> DocumentReference:
        return closing_record(self._store, batch_id, round)


def closing_record(store: Store, batch_id: str, round: int) -> DocumentReference:
    """Where the closing of a round lies."""
    return store.record(batch_id, "closings", round)


def closing_of(found: Found) -> Closing | None:
    """What a record says; None if there is none."""
    if not found.exists:
        return None
    data = found.get("data")
    return Closing(
        round=data["round"],
        closed_at=instant(data["closed_at"]),
        announced_at=instant_or_none(data.get("announced_at")),
        fence=data["fence"],
        lease_until=instant_or_none(data.get("lease_until")),
        finished_at=instant_or_none(data.get("finished_at")),
        status=data.get("status"),
        summary=json.loads(data.get("summary", "{}")),
        artefacts=tuple(Artefact.model_validate(it) for it in json.loads(data.get("artefacts", "[]"))),
    )
