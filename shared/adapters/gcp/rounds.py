"""Later rounds of a batch, and its deletion, in Firestore."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

from google.cloud.firestore import DELETE_FIELD, DocumentReference, Maximum, WriteBatch

from shared.adapters.gcp.planting import plant
from shared.adapters.gcp.standing import Standings, data_of, gone, standing_of
from shared.adapters.gcp.store import MOST_WRITES, Fields, Found, Store, chunks
from shared.adapters.stamps import instant, stamp
from shared.errors import Gone, NotFound
from shared.models.facts import Round

KINDS = ("outcomes", "attempts", "nodes", "fills", "closings", "rounds")
REMEMBERED = timedelta(days=90)
"""How long it is told of a deleted batch that it was there: longer than any message may live."""


class FirestoreRounds:
    """The ``Rounds`` part of the ledger."""

    _store: Store
    _standings: Standings

    def ask_retry(self, batch_id: str, number: int) -> bool:
        """See ``Rounds.ask_retry``."""
        asked = [False]

        def ask(found: Found) -> Fields | None:
            standing = standing_of(found)
            intents = standing.intents
            asked[0] = intents.retry >= number
            free = standing.finished and intents.cancelled_at is None and intents.round == number - 1
            if asked[0] or not free:
                return None
            return {"finished": False, "data.retry": number, "data.paused": False}

        try:
            return self._standings.change(batch_id, ask) or asked[0]
        except NotFound:
            return False

    def open_round(self, round: Round) -> Round:
        """See ``Rounds.open_round``."""
        record = self._store.record(round.batch_id, "rounds", round.number)

        def announce(commit: WriteBatch) -> None:
            commit.create(record, {"data": {"number": round.number, "body": round.model_dump_json()}})
            commit.update(self._store.batch(round.batch_id), {"data.round": Maximum(round.number)})

        opened = plant(self._store, round, record, announce)
        self._standings.forget(round.batch_id)
        return round if opened else self._standings.learn_round(self._store.get(record))

    def rounds(self, batch_id: str) -> list[Round]:
        """See ``Rounds.rounds``."""
        found = self._store.find(self._store.where(batch_id, "rounds"))
        return sorted(map(self._standings.learn_round, found), key=lambda round: round.number)

    def delete(self, batch_id: str, *, now: datetime) -> Gone | None:
        """See ``Rounds.delete``."""

        def empty(found: Found) -> Fields | None:
            standing = standing_of(found)
            if not standing.finished:
                return None
            emptied = {
                "deleted_at": stamp(now),
                "jobs": standing.batch.counts.jobs,
                "created_at": stamp(standing.batch.created_at),
            }
            lists = dict.fromkeys(("created_at", "finished"), DELETE_FIELD)
            return {**lists, "data": emptied, "unerased_since": stamp(now)}

        try:
            if not self._standings.change(batch_id, empty):
                return None
            self._standings.fresh(batch_id)
        except Gone as gone:
            return gone
        except NotFound:
            return None
        raise AssertionError("a deleted batch is gone")

    def deleted(self, *, limit: int) -> list[Gone]:
        """See ``Rounds.deleted``."""
        query = self._store.batches().order_by("unerased_since").limit(limit)
        return [gone(found) for found in self._store.find(query)]

    def erase(self, batch_id: str, *, limit: int) -> bool:
        """See ``Rounds.erase``."""
        for kind in KINDS:
            query = self._store.where(batch_id, kind).select(["__name__"]).limit(limit)
            records = [found.reference for found in self._store.find(query)]
            for some in chunks(records, MOST_WRITES):
                self._store.tried(partial(_delete, some))
            limit -= len(records)
            if limit <= 0:
                return False
        self._standings.change(batch_id, _erased)
        return True


def _delete(records: Sequence[DocumentReference], commit: WriteBatch) -> None:
    for record in records:
        commit.delete(record)


def _erased(found: Found) -> Fields | None:
    if "unerased_since" not in (found.to_dict() or {}):
        return None
    expire_at = instant(data_of(found)["deleted_at"]) + REMEMBERED
    return {"unerased_since": DELETE_FIELD, "expire_at": expire_at}
