"""The record of an attempt."""

from datetime import datetime
from typing import Any

from google.cloud.firestore import DocumentReference
from pydantic import TypeAdapter

from shared.adapters.gcp.store import Found, Store
from shared.adapters.stamps import instant, instant_or_none, stamp, stamp_or_none
from shared.models.costs import Usage
from shared.models.facts import Attempt
from shared.models.work import Failure, JobRef

RUNS = TypeAdapter(tuple[Usage, ...])


def attempt_record(store: Store, ref: JobRef) -> DocumentReference:
    """Where the latest attempt at a ligand lies."""
    return store.record(ref.batch_id, "attempts", ref.round, ref.position)


def stored(attempt: Attempt, hand: str) -> dict[str, Any]:
    """The record of an attempt that was just claimed, by ``hand``."""
    ref = attempt.ref
    return {
        "round": ref.round,
        "place": ref.place_in_round,
        "due_at": stamp_or_none(attempt.due_at),
        "data": {
            "job_id": ref.job_id,
            "position": ref.position,
            "place": ref.place,
            "number": ref.attempt,
            "claims": attempt.claims,
            "claimed_at": stamp(attempt.claimed_at),
            "lease_until": stamp(attempt.lease_until),
            "hand": hand,
            **({"runs": RUNS.dump_json(attempt.runs).decode()} if attempt.runs else {}),
        },
    }


def attempt_of(found: Found) -> Attempt:
    """What a record says."""
    data = found.get("data")
    return Attempt(
        ref=JobRef(
            batch_id=found.reference.parent.parent.id,
            job_id=data["job_id"],
            round=found.get("round"),
            position=data["position"],
            place=data["place"],
            attempt=data["number"],
        ),
        claims=data["claims"],
        claimed_at=instant(data["claimed_at"]),
        lease_until=instant(data["lease_until"]),
        call_id=data.get("call_id"),
        deadline=instant_or_none(data.get("deadline")),
        failure=Failure.model_validate_json(data["failure"]) if data.get("failure") else None,
        runs=RUNS.validate_json(data.get("runs", "[]")),
        due_at=instant(found.get("due_at")),
    )


def fresh(ref: JobRef, *, now: datetime, lease_until: datetime, claims: int = 1) -> Attempt:
    """An attempt claimed now, as often as ``claims`` says."""
    return Attempt(ref=ref, claims=claims, claimed_at=now, lease_until=lease_until, due_at=lease_until)


def taken_over(standing: Attempt, wanted: Attempt) -> Attempt | None:
    """
    The attempt as it is after ``wanted`` was claimed where ``standing`` stands; None if it is refused.

    A later attempt replaces an older one; the same one is free when its lease is over and neither call
    nor failure was noted.
    """
    if standing.ref.attempt != wanted.ref.attempt:
        later = standing.ref.attempt < wanted.ref.attempt
        return wanted.model_copy(update={"runs": standing.runs}) if later else None
    held = standing.lease_until > wanted.claimed_at
    if held or standing.call_id is not None or standing.failure is not None:
        return None
    return wanted.model_copy(update={"claims": standing.claims + 1, "runs": standing.runs})
