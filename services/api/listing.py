"""The list of batches: filtered, in pages, with figures of what was found."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic_core import to_json

from services.api.answers import BatchList
from services.api.dependencies import READ, Stored
from services.api.moments import Moment
from services.api.remembering import entries
from services.api.store import Store
from services.api.summing import in_utc, statistics, trends
from shared.models.base import Frozen
from shared.models.batch import Batch, BatchStatus
from shared.ports.courses import Listed
from shared.steps.reading import Overview, overviews

router = APIRouter(prefix="/api/v3/batches", tags=["batches"], dependencies=[READ])

MOST_LISTED, MOST_SKIPPED = 200, 10_000
MOST_LOOKED_AT = 1000
"""Batches that one request looks through beside those that it skips; how one stands takes a few reads."""
PAGE = 200


class Wanted(Frozen):
    """Which batches are wanted; what is not said does not matter. Times without a zone are UTC."""

    status: BatchStatus | None = None
    model: str | None = None
    name: str | None = None
    created_after: datetime | None = None
    created_before: datetime | None = None

    def takes(self, batch: Batch) -> bool:
        """By what a batch was submitted as; its status is another question."""
        return (
            (self.model is None or batch.model == self.model)
            and (self.name is None or batch.name.casefold().startswith(self.name.casefold()))
            and (self.created_before is None or batch.created_at < in_utc(self.created_before))
        )

    @property
    def is_choosy(self) -> bool:
        """Whether it passes over batches between those that it takes."""
        return (self.status, self.model, self.name, self.created_before) != (None,) * 4

    def ends_at(self, batch: Batch) -> bool:
        """Whether this one, and so every one behind it, is too old."""
        return self.created_after is not None and batch.created_at < in_utc(self.created_after)


@dataclass
class Found:
    """A page; ``last`` is the batch that was looked at last where there may be more, else None."""

    page: list[Listed]
    last: str | None = None


@router.get("", summary="List batches", responses={200: {"model": BatchList}})
def list_batches(
    store: Stored,
    limit: Annotated[int, Query(ge=1, le=MOST_LISTED)] = 50,
    offset: Annotated[int, Query(ge=0, le=MOST_SKIPPED)] = 0,
    after: str | None = None,
    status: BatchStatus | None = None,
    model: str | None = None,
    name: Annotated[str | None, Query(min_length=1, max_length=100)] = None,
    created_after: Moment | None = None,
    created_before: Moment | None = None,
    include_analytics: bool = False,
) -> Response:
    """
    Newest first; ``name`` is how the name begins. ``statistics`` are of this page.

    ``next_after``, given as ``after``, leads on, and costs the same however far. One request looks
    through a thousand batches at the most: with filters a page may be short, or empty, and yet have more.
    """
    wanted = Wanted(
        status=status, model=model, name=name, created_after=created_after, created_before=created_before
    )
    found = _page(store, wanted, limit=limit, offset=offset, after=after)
    shown, more = _shown(store, found.page), found.last is not None
    counted = not (more or after) and (shown or not offset)
    answer = {
        "batches": shown,
        "pagination": {
            "limit": limit,
            "offset": offset,
            "total": offset + len(shown) if counted else None,
            "has_more": more,
            "next_offset": offset + limit if more and after is None and len(shown) == limit else None,
            "next_after": found.last,
        },
        "statistics": statistics(shown) | (trends(_views(store, found.page)) if include_analytics else {}),
    }
    return Response(to_json(answer), media_type="application/json")


def _views(store: Store, page: Sequence[Listed]) -> list[Overview]:
    return list(overviews(store.ledger, [(it.batch, it.intents) for it in page]))


def _shown(store: Store, page: Sequence[Listed]) -> list[dict[str, Any]]:
    """As lists show them; finished ones are remembered."""

    def make(places: Sequence[int]) -> list[dict[str, Any]]:
        return list(map(listed, _views(store, [page[place] for place in places])))

    return entries(store, "listed", [(it.batch.batch_id, it.seal) for it in page], make)


def _page(store: Store, wanted: Wanted, *, limit: int, offset: int, after: str | None) -> Found:
    page, seen = list[Listed](), after
    # To tell how an open batch stands takes a few reads: those to be skipped are not asked for it.
    most = MOST_LOOKED_AT + (offset if wanted.status is None else 0)
    at_once = PAGE if wanted.is_choosy else min(PAGE, offset + limit + 1)
    for some, is_end in _through(store, after, most=most, at_once=at_once):
        for it, is_taken in zip(some, _taken(store, wanted, some), strict=True):
            if wanted.ends_at(it.batch):
                return Found(page)
            if is_taken:
                if len(page) == limit:
                    return Found(page, seen)
                if offset == 0:
                    page.append(it)
                offset = max(0, offset - 1)
            seen = it.batch.batch_id
        if is_end:
            return Found(page)
    return Found(page, seen if _is_more(store, seen) else None)


def _taken(store: Store, wanted: Wanted, some: Sequence[Listed]) -> list[bool]:
    """Which of these are wanted; of those that have to be asked for their status, all are at once."""
    fits = [wanted.takes(it.batch) for it in some]
    if wanted.status is None or not some:
        return fits
    told = iter(_shown(store, [it for it, fit in zip(some, fits, strict=True) if fit]))
    return [fit and next(told)["status"] == wanted.status for fit in fits]


def _is_more(store: Store, seen: str | None) -> bool:
    found = store.ledger.batches(owner=store.owner, unfinished=False, limit=1, after=seen)
    return seen is not None and bool(found)


def _through(
    store: Store, after: str | None, *, most: int, at_once: int
) -> Iterator[tuple[list[Listed], bool]]:
    """The owner's batches behind ``after``, newest first, some at a time, and whether these are the last."""
    while most > 0:
        size = min(at_once, most)
        some = store.ledger.listed(owner=store.owner, limit=size, after=after)
        yield some, len(some) < size
        if len(some) < size:
            return
        after, most = some[-1].batch.batch_id, most - size


def listed(view: Overview) -> dict[str, Any]:
    """A batch as lists show it."""
    batch, accounting = view.batch, view.accounting
    return {
        "id": batch.batch_id,
        "batch_id": batch.batch_id,
        "name": batch.name,
        "status": view.status.value,
        "created_at": batch.created_at.isoformat(),
        "model_name": batch.model,
        "protein_name": batch.protein_name,
        "total_jobs": accounting.submitted,
        "completed_jobs": accounting.completed,
        "failed_jobs": accounting.failed,
        "running_jobs": accounting.running,
        "accounting": accounting.model_dump(),
        "user_id": batch.owner,
        "test_model": batch.test_model,
        "imported": batch.imported,
        "inputs": {
            "task_type": batch.task_type,
            "protein_name": batch.protein_name,
            "total_ligands": batch.counts.submitted,
        },
        "results": f"/api/v3/batches/{batch.batch_id}/results" if accounting.completed else None,
    }
