"""
Attempts in Firestore: claims and what is noted of them.

There is one record per ligand and round, that of its latest attempt, and it goes with the commit that
stores the outcome: a ligand has an attempt exactly as long as it is in flight.
"""

from collections.abc import Callable, Sequence
from datetime import datetime

from google.cloud.firestore import WriteBatch

from shared.adapters.gcp.outcomes import outcome_record
from shared.adapters.gcp.store import MOST_TRIES, Fields, Found, Store, new_hand
from shared.adapters.gcp.tries import RUNS, attempt_of, attempt_record, fresh, stored, taken_over
from shared.adapters.lately import Lately
from shared.adapters.stamps import stamp
from shared.errors import Unavailable
from shared.models.costs import Usage
from shared.models.facts import Attempt
from shared.models.work import Failure, JobRef

MOST_REMEMBERED = 10_000
Claims = Lately[JobRef, object]
"""When each claim of this process was written, so that its call can be noted without a read."""


class FirestoreAttempts:
    """Of the ``Attempts`` part of the ledger, what changes one attempt."""

    _store: Store
    _claims: Claims

    def claim(self, ref: JobRef, *, now: datetime, lease_until: datetime) -> Attempt | None:
        """See ``Attempts.claim``; the first attempt at a ligand is claimed without a read."""
        wanted, hand = fresh(ref, now=now, lease_until=lease_until), new_hand()
        if ref.attempt == 1 and self._claimed(wanted, hand):
            return wanted
        record, outcome = attempt_record(self._store, ref), outcome_record(self._store, ref)
        for _ in range(MOST_TRIES):
            found, settled = self._store.get_many([record, outcome])
            if found.exists and found.get("data")["hand"] == hand:
                return attempt_of(found)  # the answer of our own commit was lost
            granted = taken_over(attempt_of(found), wanted) if found.exists else wanted
            if settled.exists or granted is None:
                return None
            if self._claimed(granted, hand, found):
                return granted
        raise Unavailable(f"{record.path} was changed by others {MOST_TRIES} times")

    def _claimed(self, attempt: Attempt, hand: str, instead_of: Found | None = None) -> bool:
        """Write the claim if the ligand has no outcome and its record is as it was."""
        record, content = attempt_record(self._store, attempt.ref), stored(attempt, hand)

        def write(commit: WriteBatch) -> None:
            if instead_of is None or not instead_of.exists:
                commit.create(record, content)
            else:
                self._store.if_unchanged(commit, record, instead_of.update_time, content)
            self._store.if_absent(commit, outcome_record(self._store, attempt.ref))

        written = self._store.tried(write)
        if written is not None:
            self._claims.put(attempt.ref, written[0].update_time)
        return written is not None

    def unclaim(self, ref: JobRef, *, now: datetime) -> None:
        """See ``Attempts.unclaim``."""

        def ended(attempt: Attempt) -> Fields | None:
            if attempt.call_id is not None:
                return None
            assert attempt.due_at is not None, "what is due never is no longer kept"
            return {
                "due_at": stamp(min(attempt.due_at, now)),
                "data.lease_until": stamp(min(attempt.lease_until, now)),
                "data.claims": attempt.claims - 1,
            }

        self._amend(ref, ended)

    def note_call(self, ref: JobRef, call_id: str, *, deadline: datetime, due_at: datetime) -> bool:
        """See ``Attempts.note_call``; whoever claimed it notes the call without a read."""
        fields = {"due_at": stamp(due_at), "data.call_id": call_id, "data.deadline": stamp(deadline)}
        claimed_at, record = self._claims.pop(ref), attempt_record(self._store, ref)
        if claimed_at is not None:
            write = lambda commit: self._store.if_unchanged(commit, record, claimed_at, fields)  # noqa: E731
            if self._store.tried(write) is not None:
                return True
        noted = [False]

        def note(attempt: Attempt) -> Fields | None:
            noted[0] = attempt.call_id in (None, call_id)
            return fields if attempt.call_id is None else None

        self._amend(ref, note)
        return noted[0]

    def note_failure(
        self, ref: JobRef, failure: Failure, *, due_at: datetime, runs: Sequence[Usage] = ()
    ) -> None:
        """See ``Attempts.note_failure``."""
        fields = {
            "due_at": stamp(due_at),
            "data.failure": failure.model_dump_json(),
            "data.runs": RUNS.dump_json(tuple(runs)).decode(),
        }
        self._amend(ref, lambda attempt: fields if attempt.failure is None else None)

    def postpone(self, ref: JobRef, due_at: datetime | None) -> None:
        """See ``Attempts.postpone``; what is due never again is not kept."""
        if due_at is not None:
            self._amend(ref, lambda attempt: {"due_at": stamp(due_at)})
        elif self._latest(found := self._store.get(attempt_record(self._store, ref)), ref):
            self._store.tried(lambda commit: self._store.delete_unchanged(commit, found))

    def _amend(self, ref: JobRef, decide: Callable[[Attempt], Fields | None]) -> bool:
        """Change the attempt if it is the latest of its ligand, which has no outcome yet."""
        record = attempt_record(self._store, ref)
        return self._store.amend(
            record, lambda found: decide(attempt_of(found)) if self._latest(found, ref) else None
        )

    @staticmethod
    def _latest(found: Found, ref: JobRef) -> bool:
        return found.exists and found.get("data")["number"] == ref.attempt
