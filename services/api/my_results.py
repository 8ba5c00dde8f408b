"""``my-results``: the list with all its filters, what can be downloaded of one, and its deletion."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from services.api.answers.actions import Deleted, Downloads
from services.api.answers.lists import MyResults, told
from services.api.artefacts import MEDIA, own
from services.api.dependencies import DELETE, READ, Stored
from services.api.entries import Wanted, shelf
from services.api.files import FOR_URLS, file_of, files_of, of_id
from services.api.job_control import remove
from services.api.lists import Cursor, Hundred, JobType
from services.api.moments import Moment
from services.api.pages import PageNumber
from services.api.showing import as_result
from services.api.store import Store
from shared.models.batch import Batch, BatchStatus
from shared.models.work import Artefact
from shared.steps.reading import overview

router = APIRouter(prefix="/api/v2/my-results", tags=["result lists"])


@router.get("", summary="One's results, filtered", dependencies=[READ], **told(MyResults))
def my_results(
    store: Stored,
    status: BatchStatus | None = None,
    model: str | None = None,
    task_type: str | None = None,
    job_type: JobType | None = None,
    date_from: Moment | None = None,
    date_to: Moment | None = None,
    search: Annotated[str | None, Query(min_length=1, max_length=100)] = None,
    page: PageNumber = 1,
    per_page: Hundred = 20,
    limit: Annotated[int | None, Query(ge=1, le=100, description="Another name of ``per_page``.")] = None,
    after: Cursor = None,
) -> dict[str, Any]:
    """Newest first; what is filtered is looked for among the newest 500 at a time. Times are UTC."""
    size = limit or per_page
    since, until = _aware(date_from, store), _aware(date_to, store)
    wanted = Wanted(status, model, task_type, job_type, text=search, since=since, until=until)
    found = shelf(store, wanted, limit=size, page=page, after=after)
    given = {"status": status, "model": model, "task_type": task_type, "job_type": job_type, "search": search}
    dates = {"date_from": since and since.isoformat(), "date_to": until and until.isoformat()}
    return {
        "results": [as_result(it) for it in found.entries],
        "total": found.total,
        "pagination": {
            "page": page,
            "per_page": size,
            "total_results": found.total,
            "total_pages": None if found.total is None else -(-found.total // size),
            "has_next": found.has_more,
            "has_prev": page > 1,
            "next_after": found.next_after,
        },
        "filters_applied": {name: value for name, value in {**given, **dates}.items() if value is not None},
        "looked_at": found.looked_at,
    }


def _aware(time: datetime | None, store: Store) -> datetime | None:
    return time if time is None or time.tzinfo else time.replace(tzinfo=store.clock.now().tzinfo)


@router.get("/{result_id}/download-info", summary="Files to download", dependencies=[READ], **told(Downloads))
def download_info(store: Stored, result_id: str, response: Response) -> dict[str, Any]:
    """
    The files of a job, or of a finished batch its own artefacts; each with a URL that ends after an hour.

    The URLs need no key: they are made for this answer, and kept nowhere.
    """
    batch, position = of_id(store, result_id)
    files = _own(store, batch) if position is None else files_of(store, batch, position)
    response.headers["Cache-Control"] = "private, no-store"
    until = store.clock.now() + FOR_URLS
    listed = [{**file_of(file), "url": store.blobs.get_url(file.key, until=until)} for file in files]
    structure = next((it["url"] for it in listed if it["name"] == "structure.cif"), None)
    return {
        "job_id": result_id,
        "batch_id": batch.batch_id,
        "files": listed,
        "primary_structure_url": structure,
        "urls_expire_at": until.isoformat(),
    }


def _own(store: Store, batch: Batch) -> tuple[Artefact, ...]:
    return tuple(file for file in own(overview(store.ledger, batch)) if file.name.rpartition(".")[2] in MEDIA)


@router.delete("/{result_id}", summary="Delete a result", dependencies=[DELETE], **told(Deleted))
def delete(store: Stored, result_id: str) -> dict[str, Any]:
    """The batch, or the single prediction; 409 for a job of a larger batch, and while it is not over."""
    return remove(store, result_id)
