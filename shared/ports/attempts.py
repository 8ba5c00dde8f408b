"""The part of the ledger that keeps what was tried: claims, calls, and how a round's jobs stand in line."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from shared.models.costs import Usage
from shared.models.facts import Attempt, Line
from shared.models.work import Failure, JobRef


class Attempts(Protocol):
    """
    Claims on ligands, and the calls made for them.

    Of each ligand the latest attempt is kept, as long as the ligand has no outcome: what concerns any
    other attempt changes nothing.
    """

    def claim(self, ref: JobRef, *, now: datetime, lease_until: datetime) -> Attempt | None:
        """
        Take attempt ``ref.attempt``, or None if it or a later one is taken, or the ligand has its outcome.

        It can be taken once more when its lease is over and neither a call nor a failure was noted.
        """
        ...

    def unclaim(self, ref: JobRef, *, now: datetime) -> None:
        """End the lease now: the spawn certainly did not happen."""
        ...

    def note_call(self, ref: JobRef, call_id: str, *, deadline: datetime, due_at: datetime) -> bool:
        """Add the call id, once; False if another call was noted before, or the attempt is gone."""
        ...

    def note_failure(
        self, ref: JobRef, failure: Failure, *, due_at: datetime, runs: Sequence[Usage] = ()
    ) -> None:
        """
        The attempt failed and the next one is due at ``due_at``. The first note stands.

        ``runs`` are all that were made for the ligand by now; the attempts that follow inherit them.
        """
        ...

    def postpone(self, ref: JobRef, due_at: datetime | None) -> None:
        """Look at an attempt again at ``due_at``; with None, never."""
        ...

    def overdue(self, now: datetime, *, limit: int, batch_id: str | None = None) -> list[Attempt]:
        """Attempts due by ``now``, longest overdue first; of one batch if given."""
        ...

    def attempts(self, batch_id: str, round: int, positions: Sequence[int]) -> list[Attempt]:
        """The attempt of each of these ligands that is in flight, by position."""
        ...

    def in_flight(self, batch_id: str, round: int) -> int:
        """How many ligands have an attempt and no outcome."""
        ...

    def line(self, batch_id: str, round: int, position: int | None = None) -> Line:
        """How the ligands stand in line, and whether the one at ``position`` ever had an attempt."""
        ...

    def open_places(self, batch_id: str, round: int) -> list[int]:
        """The places in the round of what is in flight, in order; never many more than the window."""
        ...
