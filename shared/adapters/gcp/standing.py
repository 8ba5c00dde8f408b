"""The record of a batch: what was submitted, what is wanted since, and what is left of a deleted one."""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from shared.adapters.gcp.store import Fields, Found, Store
from shared.adapters.lately import Lately
from shared.adapters.stamps import instant, instant_or_none, stamp
from shared.domain.lifecycle import first_round
from shared.errors import Gone, NotFound
from shared.models.batch import Batch
from shared.models.facts import Intents, Milestone, Pace, Round

MOST_REMEMBERED = 256
TURNS = 64


@dataclass(frozen=True)
class Standing:
    """A batch as its record showed it; ``seen`` on this process's own monotonic clock."""

    batch: Batch
    intents: Intents
    milestones: tuple[Milestone, ...]
    finished: bool
    seen: float


class Standings:
    """
    The batches and rounds of a database, remembered for as long as each may be.

    What was submitted and the shape of a round never change; intents may be used for ``intents_age``.
    """

    def __init__(self, store: Store, intents_age: timedelta) -> None:
        self._store = store
        self._age = intents_age.total_seconds()
        self._turns = [threading.Lock() for _ in range(TURNS)]
        self._standings = Lately[str, Standing](MOST_REMEMBERED)
        self._rounds = Lately[tuple[str, int], Round](MOST_REMEMBERED)

    def fresh(self, batch_id: str) -> Standing:
        """The batch as it stands now, or NotFound."""
        seen = time.monotonic()
        return self.learn(self._store.get(self._store.batch(batch_id)), seen)

    def recent(self, batch_id: str) -> Standing:
        """The batch as it stood not longer ago than intents may be old."""
        if not self._age:
            return self.fresh(batch_id)
        with self._turns[hash(batch_id) % TURNS]:  # one looks for all who wait
            known = self._standings.get(batch_id)
            if known is not None and time.monotonic() - known.seen < self._age:
                return known
            return self.fresh(batch_id)

    def round(self, batch_id: str, number: int) -> Round:
        """A round, however long ago its batch was seen."""
        known = self._rounds.get((batch_id, number))
        if known is not None:
            return known
        if number == 0:
            self.fresh(batch_id)
            return self.round(batch_id, 0)
        return self.learn_round(self._store.get(self._store.record(batch_id, "rounds", number)))

    def learn(self, found: Found, seen: float) -> Standing:
        """Remember a batch by its record, which was asked for at ``seen``."""
        standing = standing_of(found, seen)
        batch_id = standing.batch.batch_id
        self._standings.put(batch_id, standing)
        self._rounds.put((batch_id, 0), first_round(standing.batch))
        return standing

    def learn_round(self, found: Found) -> Round:
        """Remember a round by its record, or raise NotFound."""
        if not found.exists:
            raise NotFound(f"there is no such round: {found.reference.path}")
        round = Round.model_validate_json(found.get("data")["body"])
        self._rounds.put((round.batch_id, round.number), round)
        return round

    def change(self, batch_id: str, decide: Callable[[Found], Fields | None]) -> bool:
        """Change the record of a batch by what ``decide`` makes of it; whether it wanted a change."""
        try:
            return self._store.amend(self._store.batch(batch_id), decide)
        finally:
            self.forget(batch_id)

    def forget(self, batch_id: str) -> None:
        """Its record was changed."""
        self._standings.pop(batch_id)


def opened(batch: Batch) -> dict[str, Any]:
    """The record of a batch that nobody has asked anything of."""
    return {
        "owner": batch.owner,
        "created_at": stamp(batch.created_at),
        "finished": False,
        "data": {"body": batch.model_dump_json(), "round": 0, "retry": 0, "paused": False, "milestones": {}},
    }


def standing_of(found: Found, seen: float = 0.0) -> Standing:
    """What a record says, or NotFound; Gone if it is that of a deleted batch."""
    data = data_of(found)
    if "deleted_at" in data:
        raise gone(found)
    return Standing(
        batch=Batch.model_validate_json(data["body"]),
        intents=_intents(data),
        milestones=_milestones(data["milestones"]),
        finished=found.get("finished"),
        seen=seen,
    )


def data_of(found: Found) -> dict[str, Any]:
    """The unindexed part of the record of a batch, deleted or not; NotFound if there is none."""
    if not found.exists:
        raise NotFound(f"no batch {found.id}")
    data: dict[str, Any] = found.get("data")
    return data


def gone(found: Found) -> Gone:
    """The error that the record of a deleted batch stands for."""
    data = found.get("data")
    return Gone(found.id, owner=found.get("owner"), deleted_at=instant(data["deleted_at"]), jobs=data["jobs"])


def _intents(data: Mapping[str, Any]) -> Intents:
    return Intents(
        paused=data["paused"],
        cancelled_at=instant_or_none(data.get("cancelled_at")),
        round=data["round"],
        retry=data["retry"],
        pace=Pace.model_validate_json(data["pace"]) if data.get("pace") else None,
    )


def _milestones(found: Mapping[str, Mapping[str, int]]) -> tuple[Milestone, ...]:
    known = sorted((int(threshold), it) for threshold, it in found.items())
    return tuple(
        Milestone(threshold=threshold, round=it["round"], reached_at=instant(it["reached_at"]))
        for threshold, it in known
    )
