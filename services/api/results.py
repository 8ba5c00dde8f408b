"""Results of a batch, ranked, in pages."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response

from services.api import insights
from services.api.answers import ResultPage
from services.api.answers.batches import ColumnPage
from services.api.artefacts import artefact, finished
from services.api.batches import cost
from services.api.dependencies import READ, Stored
from services.api.links import columns, linked, of_batch
from services.api.pages import Page, PageNumber
from services.api.remembering import Asking, remembered
from services.api.sifting import MOST_LOOKED_AT, sifted
from services.api.states import states
from services.api.store import Store
from shared.catalogue.entry import entry_of
from shared.domain.identity import job_id
from shared.domain.rows import duplicate_row, ranks, rejected_row, result_row, score
from shared.errors import FieldError, InvalidInput
from shared.models.batch import Batch
from shared.models.facts import Outcome
from shared.steps import results as pages
from shared.steps.reading import Overview
from shared.steps.results import ROWS_PER_PAGE

router = APIRouter(prefix="/api/v3/batches/{batch_id}", tags=["results"], dependencies=[READ])

MOST = 1501
MOST_ROWS = 1_000_000
RANKED_WHILE_RUNNING = 2000


@router.get(
    "/results",
    summary="Results, ranked",
    response_model=None,
    responses={200: {"model": ResultPage | ColumnPage, "content": {"text/csv": {}}}},
)
def results(
    store: Stored,
    batch_id: str,
    asked: Asking,
    format: Literal["json", "csv", "columnar"] = "json",
    page: PageNumber = 1,
    page_size: Annotated[int, Query(ge=1, le=MOST)] = 100,
    include_files: bool = False,
    pocket: Annotated[Literal["in", "out"] | None, Query(description="Where the pose is.")] = None,
    after: Annotated[int | None, Query(ge=0, le=MOST_ROWS, description="``next_after``, see below.")] = None,
) -> Response:
    """
    Best first; before the end, what there is so far.

    ``columnar`` has the rows of the page as one array a column. With ``include_files`` each row says
    where its files are. The whole batch by columns is ``download_links.batch_columns``.

    ``pocket`` takes the poses that are in the pocket that was asked for, or out of it. One request looks
    through 1,500 rows at the most, so a page may be short then, or empty, and yet have more:
    ``pagination.next_after``, given as ``after``, leads on.
    """
    _fits(format, pocket, after)
    if format == "csv":
        return artefact(store, batch_id, "results/batch_results.csv")
    wanted = Page(page, page_size)

    def made() -> dict[str, Any]:
        view = store.overview(batch_id)
        rows, pagination = _chosen(store, view, wanted, pocket, after)
        rows = linked(rows, batch_id) if include_files else rows
        shown: dict[str, Any] = {"columns": columns(rows)} if format == "columnar" else {"results": rows}
        return {**_about(store, view), "pagination": pagination} | shown

    return remembered(store, batch_id, asked, made)


def _fits(form: str, pocket: str | None, after: int | None) -> None:
    """Refuse what would be passed over."""
    if pocket is not None and form == "csv":
        raise _wrong("pocket", "does not go with csv, which holds all; it does with json and columnar")
    if after is not None and pocket is None:
        raise _wrong("after", "goes with pocket; without a filter, page leads on")


def _wrong(field: str, message: str) -> InvalidInput:
    return InvalidInput(f"{field} {message}", [FieldError(field, message)])


def _chosen(
    store: Store, view: Overview, wanted: Page, pocket: str | None, after: int | None
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The rows of a page, and its place."""
    submitted = view.batch.counts.submitted
    if pocket is None:
        return rows_of(store, view, wanted), dict(wanted.describe(submitted))

    def read(start: int, count: int) -> list[dict[str, Any]]:
        return _final(store, view, start, count) if finished(view) else _partial(store, view, start, count)

    found = sifted(
        read,
        lambda row: row["metrics"].get("pocket") == pocket,
        wanted,
        total=submitted,
        after=after,
        # To rank what there is so far takes all of it, so that is done once.
        at_once=ROWS_PER_PAGE if finished(view) else MOST_LOOKED_AT,
    )
    return list(map(dict, found.rows)), found.describe(wanted, after=after)


def rows_of(store: Store, view: Overview, wanted: Page) -> list[dict[str, Any]]:
    """The rows of a page: as they were written at the end, before it as they stand."""
    read = _final if finished(view) else _partial
    return read(store, view, wanted.start, wanted.size)


def _about(store: Store, view: Overview) -> dict[str, Any]:
    batch, batch_id = view.batch, view.batch.batch_id
    return {
        "batch_id": batch_id,
        "batch_summary": {
            "name": batch.name,
            "status": view.status.value,
            "created_at": batch.created_at.isoformat(),
            "total_jobs": batch.counts.submitted,
            "completed_jobs": view.accounting.completed,
        },
        "ranking": ranking(batch),
        "cost": cost(view, view.closing.closed_at if view.closing else store.clock.now()),
        "partial": not finished(view),
        "statistics": statistics(view),
        "download_links": of_batch(view),
        "accounting": view.accounting.model_dump(),
        "accounting_sentence": view.accounting.sentence(),
    }


def ranking(batch: Batch) -> dict[str, Any]:
    """What the rows are ranked by, and which way."""
    described = entry_of(batch)
    metric = described.metrics[described.ranking.key]
    return {**described.ranking.model_dump(), "unit": metric.unit, "direction": metric.direction}


def statistics(view: Overview) -> dict[str, Any]:
    """Figures of the whole batch; times in seconds."""
    accounting = view.accounting
    computed = accounting.completed + accounting.failed
    performance = (view.closing.summary if view.closing else {}).get("performance")
    mean = performance.get("avg_execution_time") if isinstance(performance, dict) else None
    return {
        "total_jobs": accounting.submitted,
        "completed_jobs": accounting.completed,
        "success_rate": round(100 * accounting.completed / computed, 2) if computed else None,
        "average_execution_time": mean,
        "batch_insights": {
            "batch_health": insights.batch_health(accounting),
            "performance_rating": insights.performance_rating(accounting),
        },
    }


def _final(store: Store, view: Overview, start: int, size: int) -> list[dict[str, Any]]:
    count = min(size, max(0, view.batch.counts.submitted - start))
    if not count:
        return []
    return list(pages.rows(store.blobs, view.batch.batch_id, start=start, count=count))


def _partial(store: Store, view: Overview, start: int, size: int) -> list[dict[str, Any]]:
    """
    Small batches are ranked as they stand. Of large ones a page comes in the order of the library,
    without ranks: ranking them anew for each request would cost more than it tells.
    """
    batch = view.batch
    if batch.counts.submitted <= RANKED_WHILE_RUNNING:
        rows = _rows(store, view, range(batch.counts.jobs))
        rows.sort(key=lambda row: (row["rank"] is None, row["rank"] or row["index"]))
        rows = _with_duplicates(store, batch, rows)
        rows += [rejected_row(row) for row in store.manifest.rejected(batch)]
        return rows[start : start + size]
    positions = range(batch.counts.jobs)[start : start + size]
    return [{**row, "rank": None} for row in _rows(store, view, positions)]


def _with_duplicates(store: Store, batch: Batch, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows that repeat a molecule directly behind its first."""
    repeated = defaultdict(list)
    for row in store.manifest.duplicates(batch):
        repeated[job_id(batch.batch_id, row.position)].append(row)
    return [
        one
        for row in rows
        for one in (row, *(duplicate_row(it, row) for it in repeated.get(row["job_id"], ())))
    ]


def _rows(store: Store, view: Overview, positions: range) -> list[dict[str, Any]]:
    batch, found = view.batch, list(states(store, view, positions))
    order = _ranks(batch, {it.position: it.outcome for it in found if it.outcome})
    return [
        result_row(
            store.manifest.row(batch, it.position),
            job_id=job_id(batch.batch_id, it.position),
            status=it.status,
            outcome=it.outcome,
            rank=order.get(it.position),
        )
        for it in found
    ]


def _ranks(batch: Batch, outcomes: Mapping[int, Outcome]) -> dict[int, int]:
    ranking = entry_of(batch).ranking
    scores = ((position, score(outcome, ranking.key)) for position, outcome in outcomes.items())
    return ranks([(p, value) for p, value in scores if value is not None], order=ranking.order)
