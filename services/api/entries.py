"""
What lists of results show: one entry for each batch, newest first.

A single prediction is a batch of one, and its entry carries the id of its one job. A page costs its
entries, not the batches there are: what a list is filtered by is looked for among the newest 500 at a time,
and the cursor says where to go on.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.api.store import Store
from shared.domain.identity import job_id
from shared.domain.lifecycle import Accounting
from shared.errors import FieldError, InvalidInput
from shared.models.batch import Batch, BatchStatus
from shared.ports.courses import Listed
from shared.steps.reading import Overview, overviews

MOST_SKIPPED = 10_000
MOST_LOOKED_AT = 500
MOST_COUNTED = 10_000
READ_AT_ONCE = 100
OPEN = frozenset({BatchStatus.PENDING, BatchStatus.RUNNING, BatchStatus.PAUSED, BatchStatus.AGGREGATING})


@dataclass(frozen=True)
class Entry:
    """A batch in a list; ``summary`` is that of its artefacts, empty before the end."""

    batch: Batch
    status: BatchStatus
    accounting: Accounting
    summary: Mapping[str, Any]
    finished_at: datetime | None
    updated_at: datetime

    @property
    def id(self) -> str:
        """The id of the one job of a single prediction, else of the batch; as ``predict`` answers."""
        return job_id(self.batch.batch_id, 0) if self.batch.counts.single else self.batch.batch_id

    @property
    def seconds(self) -> float | None:
        """From submission to the last artefact; None before."""
        return (self.finished_at - self.batch.created_at).total_seconds() if self.finished_at else None


@dataclass(frozen=True)
class Wanted:
    """What a list is filtered by; ``text`` is looked for in the names of screen and protein."""

    status: BatchStatus | None = None
    model: str | None = None
    task_type: str | None = None
    job_type: str | None = None
    text: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    def takes(self, batch: Batch) -> bool:
        """Whether a batch is wanted, whatever its status."""
        return (
            self.model in (None, batch.model)
            and self.task_type in (None, batch.task_type)
            and self.job_type in (None, job_type(batch))
            and (self.text is None or self.text.casefold() in _names(batch).casefold())
            and (self.since is None or batch.created_at >= self.since)
            and (self.until is None or batch.created_at <= self.until)
        )

    def over(self, batch: Batch) -> bool:
        """Whether all that is older than this batch is too old."""
        return self.since is not None and batch.created_at < self.since

    def may_end_as(self, listed: Listed) -> bool:
        """Whether the status may be the one that is wanted, as far as it is known without looking closer."""
        if self.status is None:
            return True
        ended = ended_as(listed)
        return self.status in OPEN if ended is None else self.status is ended


def _names(batch: Batch) -> str:
    return f"{batch.name}\n{batch.protein_name}"


@dataclass(frozen=True)
class Shelf:
    """
    A page of entries. ``total`` is None where it is not known; behind ``next_after`` the list goes on.

    ``looked_at`` counts the batches that a filter was tried on; None without a filter.
    """

    entries: Sequence[Entry]
    total: int | None
    next_after: str | None
    looked_at: int | None = None

    @property
    def has_more(self) -> bool:
        """Whether there may be more behind it."""
        return self.next_after is not None


def job_type(batch: Batch) -> str:
    """``individual`` for a single prediction, else ``batch_parent``."""
    return "individual" if batch.counts.single else "batch_parent"


def shelf(store: Store, wanted: Wanted, *, limit: int, page: int = 1, after: str | None = None) -> Shelf:
    """One page, by number or behind a batch."""
    skip = (page - 1) * limit
    if skip > MOST_SKIPPED:
        message = f"no page begins behind {MOST_SKIPPED:,} entries; go on with after=<next_after>"
        raise InvalidInput(message, [FieldError("page", message)])
    if wanted == Wanted():
        return _newest(store, limit=limit, skip=skip, after=after)
    return _matching(store, wanted, limit=limit, skip=skip, after=after)


def _newest(store: Store, *, limit: int, skip: int, after: str | None) -> Shelf:
    listed = store.ledger.listed(owner=store.owner, limit=limit + 1, skip=skip, after=after)
    more = len(listed) > limit
    entries = list(entries_of(store, listed[:limit]))
    whole = not more and after is None and (listed or not skip)
    return Shelf(
        entries=entries,
        total=skip + len(listed) if whole else total(store),
        next_after=listed[limit - 1].batch.batch_id if more else None,
    )


def total(store: Store) -> int | None:
    """How many batches the owner has; None for more than 10,000."""
    count = store.ledger.count(owner=store.owner, most=MOST_COUNTED + 1)
    return count if count <= MOST_COUNTED else None


def _matching(store: Store, wanted: Wanted, *, limit: int, skip: int, after: str | None) -> Shelf:
    found, looked_at, last, exhausted = list[Entry](), 0, after, True
    for listed in newest(store, after=after):
        if wanted.over(listed.batch):
            break
        if looked_at == MOST_LOOKED_AT or len(found) > skip + limit:
            exhausted = False
            break
        looked_at, last = looked_at + 1, listed.batch.batch_id
        if wanted.takes(listed.batch) and wanted.may_end_as(listed):
            found += (it for it in entries_of(store, [listed]) if wanted.status in (None, it.status))
    shown = found[skip : skip + limit]
    if len(found) > skip + limit:
        exhausted, last = False, shown[-1].batch.batch_id
    return Shelf(
        entries=shown,
        total=len(found) if exhausted and after is None else None,
        next_after=None if exhausted else last,
        looked_at=looked_at,
    )


def newest(store: Store, *, after: str | None = None) -> Iterator[Listed]:
    """The owner's batches, newest first, read as they are taken."""
    while page := store.ledger.listed(owner=store.owner, limit=READ_AT_ONCE, after=after):
        yield from page
        if len(page) < READ_AT_ONCE:
            return
        after = page[-1].batch.batch_id


def entries_of(store: Store, listed: Sequence[Listed]) -> Iterator[Entry]:
    """Finished batches as their closings tell it; the open ones are looked at all together."""
    ended = [_as_closed(it) for it in listed]
    still_open = [it for it, known in zip(listed, ended, strict=True) if known is None]
    views = iter(overviews(store.ledger, [(it.batch, it.intents) for it in still_open]))
    return (seen(next(views)) if known is None else known for known in ended)


def ended_as(listed: Listed) -> BatchStatus | None:
    """How a batch ended; None while it is open, or open again."""
    closing, intents = listed.closing, listed.intents
    if closing is None or closing.status is None or intents.retry > intents.round:
        return None
    return BatchStatus(closing.status)


def _as_closed(listed: Listed) -> Entry | None:
    status, closing = ended_as(listed), listed.closing
    if status is None or closing is None or closing.finished_at is None:
        return None
    accounting, at = closing.summary.get("accounting"), closing.finished_at
    if not isinstance(accounting, Mapping):
        return None
    counts = Accounting.model_validate(accounting)
    return Entry(listed.batch, status, counts, closing.summary, finished_at=at, updated_at=at)


def seen(view: Overview) -> Entry:
    """A batch as its counters tell it now."""
    moved = (leaf.moved_at for tally in view.tallies for leaf in tally.leaves)
    updated_at = max(moved, default=view.batch.created_at)
    summary = view.closing.summary if view.closing else {}
    finished_at = view.closing.finished_at if view.closing else None
    return Entry(view.batch, view.status, view.accounting, summary, finished_at, finished_at or updated_at)
