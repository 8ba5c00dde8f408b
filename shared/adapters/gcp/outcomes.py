"""Outcomes in Firestore."""

from typing import Any

from google.cloud.firestore import DocumentReference, FieldFilter, Query

from shared.adapters.gcp.store import Found, Store
from shared.models.facts import Outcome
from shared.models.work import JobRef


def outcome_record(store: Store, ref: JobRef) -> DocumentReference:
    """Where the outcome of a ligand lies."""
    return store.record(ref.batch_id, "outcomes", ref.round, ref.position)


def outcome_of(found: Found) -> Outcome | None:
    """What a record says; None if there is none."""
    return Outcome.model_validate_json(found.get("data")["body"]) if found.exists else None


def stored(outcome: Outcome, leaf: int) -> dict[str, Any]:
    """The record of an outcome."""
    return {
        "round": outcome.ref.round,
        "leaf": leaf,
        "position": outcome.ref.position,
        "data": {"body": outcome.model_dump_json()},
    }


class FirestoreOutcomes:
    """Of the ``Countdown`` part of the ledger, what reads outcomes."""

    _store: Store

    def outcomes(
        self, batch_id: str, round: int, *, after: int = -1, limit: int, leaf: int | None = None
    ) -> list[Outcome]:
        """See ``Countdown.outcomes``."""
        of_leaf = {} if leaf is None else {"leaf": leaf}
        query = self._store.where(batch_id, "outcomes", round=round, **of_leaf)
        query = query.where(filter=FieldFilter("position", ">", after)).order_by("position").limit(limit)
        found = [outcome_of(it) for it in self._store.find(query)]
        return [outcome for outcome in found if outcome is not None]

    def outcome(self, ref: JobRef) -> Outcome | None:
        """See ``Countdown.outcome``."""
        return outcome_of(self._store.get(outcome_record(self._store, ref)))

    def _last_outcome(self, batch_id: str, round: int) -> Outcome | None:
        query = self._store.where(batch_id, "outcomes", round=round)
        query = query.order_by("position", direction=Query.DESCENDING).limit(1)
        found = self._store.find(query)
        return outcome_of(found[0]) if found else None
