"""``GET …/enhanced-results``: the rows of ``results`` under the names of the former web interface."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response

from services.api.answers.batches import EnhancedPage
from services.api.artefacts import artefact, finished
from services.api.dependencies import READ, Stored
from services.api.links import linked
from services.api.pages import Page, PageNumber
from services.api.results import MOST, RANKED_WHILE_RUNNING, ranking, rows_of, statistics
from services.api.store import Store
from shared.steps.reading import Overview

router = APIRouter(prefix="/api/v3/batches/{batch_id}", tags=["results"], dependencies=[READ])

TOP = 10


@router.get(
    "/enhanced-results",
    summary="Results, by the names of the former interface",
    response_model=None,
    responses={200: {"model": EnhancedPage, "content": {"text/csv": {}}}},
)
def enhanced_results(
    store: Stored,
    batch_id: str,
    format: Literal["json", "csv"] = "json",
    page: PageNumber = 1,
    page_size: Annotated[int, Query(ge=1, le=MOST)] = 20,
    summary_only: bool = False,
) -> dict[str, Any] | Response:
    """Ranked rows with their links; ``summary_only`` leaves the rows out, not their figures."""
    view = store.overview(batch_id)
    if format == "csv":
        return artefact(store, batch_id, "results/batch_results.csv")
    wanted, batch = Page(page, page_size), view.batch
    rows = [] if summary_only else linked(rows_of(store, view, wanted), batch_id)
    return {
        "batch_id": batch_id,
        "batch_type": batch.task_type,
        "model": batch.model,
        "created_at": batch.created_at.isoformat(),
        "total_ligands_screened": view.accounting.completed + view.accounting.failed,
        "successful_predictions": view.accounting.completed,
        "batch_statistics": statistics(view),
        "ranking": ranking(batch),
        "individual_results": [{**row, "protein_name": batch.protein_name} for row in rows],
        "ligand_ranking": _top(store, view),
        "pagination": wanted.describe(batch.counts.submitted),
        "partial": not finished(view),
        "data_source": "artefacts" if finished(view) else "outcomes",
        "test_model": batch.test_model,
    }


def _top(store: Store, view: Overview) -> list[dict[str, Any]] | None:
    """The best ten; None of a large batch that is not finished, which has no ranks yet."""
    if not finished(view) and view.batch.counts.submitted > RANKED_WHILE_RUNNING:
        return None
    best = (row for row in rows_of(store, view, Page(1, TOP)) if row["rank"] is not None)
    return [{key: row[key] for key in ("rank", "job_id", "ligand_name", "ligand_smiles")} for row in best]
