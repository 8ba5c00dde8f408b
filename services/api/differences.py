"""What two screens of the same library differ in, page by page in the order of the library."""

from typing import Annotated, Any

from fastapi import APIRouter, Query

from services.api import comparing
from services.api.comparisons import Differences
from services.api.dependencies import READ, Stored
from services.api.pages import Page, PageNumber
from services.api.store import Store
from shared.domain.identity import job_id
from shared.errors import IllegalMove
from shared.models.batch import Batch
from shared.models.facts import Outcome
from shared.steps.reading import page_of_outcomes, rounds_of

router = APIRouter(prefix="/api/v3/batches/{batch_id}", tags=["results"], dependencies=[READ])

MOST = 1000


@router.get("/differences", summary="Differences from another batch", responses={200: {"model": Differences}})
def differences(
    store: Stored,
    batch_id: str,
    other: Annotated[str, Query(alias="with", description="The batch to compare with: what was before.")],
    page: PageNumber = 1,
    page_size: Annotated[int, Query(ge=1, le=MOST)] = 500,
) -> dict[str, Any]:
    """
    Of a page of the jobs, those whose results are not the same.

    What was asked differently, and programs of other versions among the jobs of the page, come first. Only
    batches of the same library can be compared: 409 otherwise.
    """
    now, before = store.batch(batch_id), store.batch(other)
    if now.library_digest != before.library_digest:
        raise IllegalMove(f"{batch_id} and {other} have different libraries; there is nothing to compare")
    wanted = Page(page, page_size)
    positions = range(now.counts.jobs)[wanted.start : wanted.start + wanted.size]
    pairs = _pairs(store, before, now, positions)
    found = ((position, comparing.results(*pair)) for position, pair in zip(positions, pairs, strict=True))
    return {
        "batch_id": batch_id,
        "with": other,
        "replay_of": now.replay_of,
        "asked": list(comparing.asked(before, now)),
        "programs": comparing.programs(pairs),
        "compared": len(pairs),
        "different": [_told(store, now, position, fields) for position, fields in found if fields],
        "pagination": wanted.describe(now.counts.jobs),
    }


def _pairs(
    store: Store, before: Batch, now: Batch, positions: range
) -> list[tuple[Outcome | None, Outcome | None]]:
    """The outcomes that stand in both, by position."""
    old, new = (_outcomes(store, batch, positions) for batch in (before, now))
    return list(zip(old, new, strict=True))


def _outcomes(store: Store, batch: Batch, positions: range) -> list[Outcome | None]:
    rounds = rounds_of(store.ledger, batch, store.ledger.intents(batch.batch_id))
    found = page_of_outcomes(store.ledger, rounds, positions)
    return [found[position][1] for position in positions]


def _told(store: Store, batch: Batch, position: int, fields: list[dict[str, Any]]) -> dict[str, Any]:
    row = store.manifest.row(batch, position)
    return {
        "job_id": job_id(batch.batch_id, position),
        "index": row.index,
        "ligand_name": row.name,
        "fields": fields,
    }
