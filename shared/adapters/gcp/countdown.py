"""
The counting tree in Firestore.

One commit creates what is counted and increments the counter, whose value after the commit comes with
its answer. Where something existed already, the counter is read instead: it is never incremented
without what it counts.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from typing import Any

from google.cloud.firestore import DocumentReference, Increment, Maximum, WriteBatch

from shared.adapters.gcp.outcomes import FirestoreOutcomes, outcome_record, stored
from shared.adapters.gcp.planting import COUNTERS
from shared.adapters.gcp.standing import Standings
from shared.adapters.gcp.store import MOST_BYTES, MOST_TRIES, MOST_WRITES, Found, Store, portions
from shared.adapters.gcp.tries import attempt_record
from shared.adapters.stamps import instant, instant_or_none, stamp
from shared.domain.costs import spent
from shared.domain.lifecycle import tree_of
from shared.domain.pacing import experience_of
from shared.errors import NotFound, Unavailable
from shared.models.costs import Spent
from shared.models.facts import Experience, Leaf, Node, Outcome, OutcomeKind, Settled

MOST_OUTCOMES = MOST_WRITES // 2
"""Each goes with the deletion of its attempt."""

_OVERHEAD = 500
_N = sorted((*COUNTERS, "moved_at")).index("n")
"""A commit answers with the new values in the order of their names."""


class FirestoreCountdown(FirestoreOutcomes):
    """The ``Countdown`` part of the ledger."""

    _store: Store
    _standings: Standings

    def settle(self, batch_id: str, leaf: int, outcomes: Sequence[Outcome], *, now: datetime) -> Settled:
        """See ``Countdown.settle``; many outcomes take several commits."""
        node = self._store.record(batch_id, "nodes", outcomes[0].ref.round, 0, leaf)
        first = {outcome_record(self._store, it.ref): it for it in reversed(outcomes)}
        sized = [(item, len(item[1].model_dump_json()) + _OVERHEAD) for item in first.items()]
        created, n = 0, None
        with self._whole(batch_id):
            for some in portions(sized, most=MOST_OUTCOMES, most_bytes=MOST_BYTES):
                new, n = self._settle(node, leaf, dict(some), now)
                created += new
            return Settled(created=created, n=self._counted(node) if n is None else n)

    def _settle(
        self, node: DocumentReference, leaf: int, outcomes: Mapping[DocumentReference, Outcome], now: datetime
    ) -> tuple[int, int | None]:
        """How many were created, and the counter after that, or None if none was."""
        for _ in range(MOST_TRIES):
            if not outcomes:
                return 0, None
            written = self._store.tried(partial(self._write, node, leaf, outcomes, now))
            if written is not None:
                return len(outcomes), int(written[-1].transform_results[_N].integer_value)
            found = self._store.get_many(list(outcomes))
            outcomes = {it.reference: outcomes[it.reference] for it in found if not it.exists}
        raise Unavailable(f"others settle the same ligands of {node.path}")

    def _write(
        self,
        node: DocumentReference,
        leaf: int,
        outcomes: Mapping[DocumentReference, Outcome],
        now: datetime,
        commit: WriteBatch,
    ) -> None:
        for record, outcome in outcomes.items():
            commit.create(record, stored(outcome, leaf))
            commit.delete(attempt_record(self._store, outcome.ref))
        commit.update(node, _counted(list(outcomes.values()), now))

    def fill(self, batch_id: str, round: int, child: tuple[int, int], parent: tuple[int, int]) -> int:
        """See ``Countdown.fill``."""
        mark = self._store.record(batch_id, "fills", round, *child)
        node = self._store.record(batch_id, "nodes", round, *parent)

        def write(commit: WriteBatch) -> None:
            commit.create(mark, {})
            commit.update(node, {"data.n": Increment(1)})

        with self._whole(batch_id):
            written = self._store.tried(write)
            return self._counted(node) if written is None else written[1].transform_results[0].integer_value

    def leaves(self, batch_id: str, round: int) -> list[Leaf]:
        """See ``Countdown.leaves``."""
        tree = tree_of(self._standings.round(batch_id, round))
        found = self._read(batch_id, round, [(0, k) for k in range(tree.leaves)])
        return [leaf_of(round, k, data) for k, data in enumerate(found)]

    def nodes(self, batch_id: str, round: int) -> list[Node]:
        """See ``Countdown.nodes``."""
        places = list(tree_of(self._standings.round(batch_id, round)).nodes())
        found = self._read(batch_id, round, places)
        return [Node(level=level, k=k, n=data["n"]) for (level, k), data in zip(places, found, strict=True)]

    def nudge(self, batch_id: str, round: int, leaf: int, *, now: datetime) -> None:
        """See ``Countdown.nudge``."""
        node = self._store.record(batch_id, "nodes", round, 0, leaf)
        with self._whole(batch_id):
            self._store.tried(lambda commit: commit.update(node, {"data.nudged_at": stamp(now)}))

    def _read(self, batch_id: str, round: int, places: Sequence[tuple[int, int]]) -> list[dict[str, Any]]:
        records = [self._store.record(batch_id, "nodes", round, *place) for place in places]
        with self._whole(batch_id):
            return [counted(found) for found in self._store.get_many(records)]

    def _counted(self, node: DocumentReference) -> int:
        return int(counted(self._store.get(node))["n"])

    @contextmanager
    def _whole(self, batch_id: str) -> Iterator[None]:
        """A node that is missing is told as what it is: that the batch was deleted, or a broken tree."""
        try:
            yield
        except NotFound as missing:
            self._standings.fresh(batch_id)
            raise NotFound(f"a node of the tree of batch {batch_id} is missing") from missing


def counted(found: Found) -> dict[str, Any]:
    """What a node counts; NotFound if there is no such node."""
    if not found.exists:
        raise NotFound(f"there is no {found.reference.path}")
    data: dict[str, Any] = found.get("data")
    return data


def _counted(created: Sequence[Outcome], now: datetime) -> dict[str, Any]:
    """What these outcomes add to their leaf."""
    shown = experience_of(created)
    kinds = {kind.value: sum(it.copies for it in created if it.kind is kind) for kind in OutcomeKind}
    busy = round(1e6 * shown.busy_seconds)
    paid = spent(run for outcome in created for run in outcome.runs)
    added = {
        "n": len(created),
        **kinds,
        "ran": shown.ran,
        "busy": busy,
        "troubles": shown.troubles,
        "used": round(1e6 * paid.seconds),
        "spent": round(1e9 * paid.usd),
    }
    return {f"data.{name}": Increment(added[name]) for name in COUNTERS} | {
        "data.moved_at": Maximum(stamp(now))
    }


def leaf_of(round: int, k: int, data: Mapping[str, Any]) -> Leaf:
    """A leaf from what its node counts."""
    return Leaf(
        round=round,
        k=k,
        n=data["n"],
        completed=data["completed"],
        failed=data["failed"],
        cancelled=data["cancelled"],
        experience=Experience(ran=data["ran"], busy_seconds=data["busy"] / 1e6, troubles=data["troubles"]),
        # A node that was planted by an older version has counted none.
        spent=Spent(seconds=data.get("used", 0) / 1e6, usd=data.get("spent", 0) / 1e9),
        moved_at=instant(data["moved_at"]),
        nudged_at=instant_or_none(data.get("nudged_at")),
    )
