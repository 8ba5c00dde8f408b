"""
The state of all batches: facts created once, and counters that move only with a fact.

Every write is create-if-absent or conditional; none is a general transaction. All of them may be
repeated. Any method may raise Unavailable (nothing happened) or Unknown (it may have happened).
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

from pydantic import JsonValue

from shared.errors import Gone
from shared.models.batch import Batch
from shared.models.facts import (
    Closing,
    Intents,
    Leaf,
    Milestone,
    Node,
    Outcome,
    Pace,
    Round,
    Settled,
)
from shared.models.work import Artefact, JobRef
from shared.ports.attempts import Attempts
from shared.ports.courses import Courses, Listed, Seal


class Sight(NamedTuple):
    """A job as it stands: its batch and round, what the owner wants, and its outcome in that round."""

    batch: Batch
    round: Round
    intents: Intents
    outcome: Outcome | None


class Glance(NamedTuple):
    """A batch, a round of it, and what was wanted of the batch a moment ago."""

    batch: Batch
    round: Round
    intents: Intents


class Batches(Protocol):
    """
    The batches themselves and what their owners want of them.

    Of a deleted batch, whatever names it raises Gone, which is a NotFound.
    """

    def open(self, batch: Batch) -> Batch:
        """Create the batch with all its tree nodes, or return the one that stands under its id."""
        ...

    def batch(self, batch_id: str) -> Batch:
        """Raise NotFound if no batch has this id."""
        ...

    def glance(self, ref: JobRef) -> Glance:
        """
        What a ligand on its way must know of its batch; often no read at all.

        Where many ligands of a batch pass, the intents may be a second old, and a batch that was
        deleted within that second may still be there. What this process changed itself it sees.

        Raise NotFound if there is no such batch, or the batch has no such round.
        """
        ...

    def look(self, ref: JobRef) -> Sight:
        """All that is known of a ligand now; raise NotFound as ``glance`` does."""
        ...

    def intents(self, batch_id: str) -> Intents:
        """Raise NotFound if no batch has this id."""
        ...

    def intend(
        self,
        batch_id: str,
        *,
        paused: bool | None = None,
        cancelled_at: datetime | None = None,
        pace: Pace | None = None,
    ) -> Intents:
        """Change what is given; a cancellation stands for ever, its first time is kept."""
        ...

    def batches(self, *, owner: str | None, unfinished: bool, limit: int, after: str | None) -> list[Batch]:
        """A page, newest first, that starts behind the batch ``after``."""
        ...

    def listed(self, *, owner: str, limit: int, skip: int = 0, after: str | None = None) -> list[Listed]:
        """
        A page of an owner's batches, newest first: behind the batch ``after``, without the first ``skip``.

        What is skipped is read all the same, so whoever lets a user choose it sets it a bound.
        """
        ...

    def count(self, *, owner: str, most: int) -> int:
        """How many batches an owner has; ``most`` if there are more."""
        ...

    def seal(self, batch_id: str) -> Seal:
        """One read of little; raise NotFound if no batch has this id."""
        ...


class Rounds(Protocol):
    """Later rounds, in which failed ligands are computed again; and the end of a batch's records."""

    def ask_retry(self, batch_id: str, number: int) -> bool:
        """
        Ask for round ``number`` of a finished batch, and lift a pause; whether it is asked for now.

        Nothing changes unless the round before it is the latest, and finished, and was not cancelled.
        """
        ...

    def open_round(self, round: Round) -> Round:
        """Create a round that was asked for, with all its tree nodes, or return the one that stands."""
        ...

    def rounds(self, batch_id: str) -> list[Round]:
        """The rounds after the first, by number."""
        ...

    def delete(self, batch_id: str, *, now: datetime) -> Gone | None:
        """Hide a finished batch for ever; as what it was deleted, now or before. None: not finished."""
        ...

    def deleted(self, *, limit: int) -> list[Gone]:
        """Deleted batches whose records are not all erased, longest deleted first."""
        ...

    def erase(self, batch_id: str, *, limit: int) -> bool:
        """
        Erase up to ``limit`` records of a deleted batch; whether none is left.

        What stays is that there was a batch of this id, whose it was, and when it was deleted.
        """
        ...


class Countdown(Protocol):
    """Outcomes and the tree that counts them."""

    def settle(self, batch_id: str, leaf: int, outcomes: Sequence[Outcome], *, now: datetime) -> Settled:
        """
        Create the outcomes that are absent, and in the same commit count exactly those in their leaf.

        All outcomes are of the same round and leaf; very many may take several such commits. A ligand
        with an outcome has no attempt any more. The answer holds the leaf's counter after the commit,
        so exactly one caller with ``created`` sees it reach the quota.
        """
        ...

    def fill(self, batch_id: str, round: int, child: tuple[int, int], parent: tuple[int, int]) -> int:
        """One commit: mark the child as full and, if it was not, count it; the parent's counter after."""
        ...

    def leaves(self, batch_id: str, round: int) -> list[Leaf]:
        """All leaves, by number."""
        ...

    def nodes(self, batch_id: str, round: int) -> list[Node]:
        """All nodes of all levels, by level and number."""
        ...

    def nudge(self, batch_id: str, round: int, leaf: int, *, now: datetime) -> None:
        """Remember that the leaf's missing jobs were announced again."""
        ...

    def outcomes(
        self, batch_id: str, round: int, *, after: int = -1, limit: int, leaf: int | None = None
    ) -> list[Outcome]:
        """A page by position, behind position ``after``; of one leaf if given."""
        ...

    def outcome(self, ref: JobRef) -> Outcome | None:
        """The outcome of one ligand."""
        ...


class Closings(Protocol):
    """The end of a round: closed once, announced, aggregated under a lease, finished once."""

    def close(self, batch_id: str, round: int, *, now: datetime) -> Closing:
        """Create the closing fact, or return the one that stands."""
        ...

    def closing(self, batch_id: str, round: int) -> Closing | None:
        """The closing fact of a round."""
        ...

    def announced(self, batch_id: str, round: int, *, now: datetime) -> None:
        """Remember when batch-finished was last published."""
        ...

    def claim_aggregation(
        self, batch_id: str, round: int, *, now: datetime, lease_until: datetime
    ) -> int | None:
        """A fencing number larger than any before, or None: leased by another, or finished."""
        ...

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
        """Finish the round; False if a later claim holds the fence or it is finished already."""
        ...


class Milestones(Protocol):
    """Which shares of a batch were settled, and since when."""

    def reach(self, batch_id: str, round: int, thresholds: Sequence[int], *, now: datetime) -> None:
        """
        Record the thresholds (per cent) that stand in no record of the batch yet.

        The first time is kept, and none is earlier than that of a threshold recorded before: clocks of
        several machines differ, the order of milestones does not.
        """
        ...

    def milestones(self, batch_id: str) -> list[Milestone]:
        """What was reached, by threshold."""
        ...


class Ledger(Batches, Rounds, Attempts, Countdown, Closings, Courses, Milestones, Protocol):
    """All of the state."""
