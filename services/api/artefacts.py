"""The artefacts of a finished batch, streamed as they are stored."""

import re
from datetime import timedelta
from typing import Any

from fastapi import APIRouter, Response

from services.api.dependencies import READ, Stored
from services.api.sending import FILE, attachment, streamed
from services.api.store import Store
from shared.errors import IllegalMove, NotFound
from shared.models.batch import BatchStatus
from shared.models.work import Artefact
from shared.steps.reading import Overview

router = APIRouter(prefix="/api/v3/batches/{batch_id}", tags=["artefacts"], dependencies=[READ])

COLUMNS = ".columns.json.gz"
# Found by their names: the manifest that lists them too is as long as the library.
LOGS = r"logs(_round[0-9]+_attempt[0-9]+)?\.txt"
PART = re.compile(rf"jobs/job_[0-9a-f_]+/(metadata\.json|{LOGS})|results/rows-[0-9]{{5}}\.jsonl\.gz")
MOST_STREAMED = 24 * 2**20
URL_LASTS = timedelta(minutes=10)
MEDIA = {
    "json": "application/json",
    "csv": "text/csv; charset=utf-8",
    "gz": "application/gzip",
    "parquet": "application/vnd.apache.parquet",
    "sdf": "chemical/x-mdl-sdfile",
    "cif": "chemical/x-cif",
    "txt": "text/plain; charset=utf-8",
}


def finished(view: Overview) -> bool:
    """Whether the artefacts of the batch's last round are there."""
    return view.closing is not None and view.closing.finished_at is not None


def ended(store: Store, batch_id: str) -> Overview:
    """The batch; IllegalMove, with the reason, while it has no artefacts yet."""
    view = store.overview(batch_id)
    if not finished(view):
        state = view.status.value if view.status is not BatchStatus.AGGREGATING else "being written"
        raise IllegalMove(f"batch {batch_id} is {state}; its artefacts come at the end")
    return view


@router.get("/artefacts", summary="List artefacts")
def artefacts(store: Stored, batch_id: str) -> dict[str, Any]:
    """The batch's own artefacts; ``manifest.json`` among them lists all others."""
    view = store.overview(batch_id)
    return {"batch_id": batch_id, "artefacts": [file.model_dump() for file in own(view)]}


@router.get("/artefacts/{name:path}", summary="Download an artefact", **FILE)
def artefact(store: Stored, batch_id: str, name: str) -> Response:
    """Any artefact of the batch; of its jobs' uploads, the logs."""
    file = find(store, ended(store, batch_id), name)
    if file is None:
        raise NotFound(f"batch {batch_id} has no artefact {name!r}")
    return served(store, file, shown=f"{batch_id}_{name.rpartition('/')[2]}")


def own(view: Overview) -> tuple[Artefact, ...]:
    """The artefacts that the closing names: a dozen, however large the library."""
    return view.closing.artefacts if view.closing else ()


def find(store: Store, view: Overview, name: str) -> Artefact | None:
    """The artefact of this name: the batch's own, or written for one of its jobs or pages."""
    for file in own(view):
        if file.name == name:
            return file
    if not PART.fullmatch(name):
        return None
    try:
        stat = store.blobs.stat(f"batches/{view.batch.batch_id}/{name}")
    except NotFound:
        return None
    return Artefact(name=name, key=stat.key, size=stat.size, sha256=stat.sha256)


def served(store: Store, file: Artefact, *, shown: str) -> Response:
    """
    The bytes of an artefact as a stream; ``shown`` is the name under which they are saved.

    In the cloud a large one is fetched from the store itself, by a URL that soon ends: an answer of ours may
    take a minute, however slow the line.
    """
    if store.artefacts_folder is None and file.size > MOST_STREAMED and not file.name.endswith(COLUMNS):
        url = store.blobs.get_url(file.key, until=store.clock.now() + URL_LASTS)
        return Response(status_code=302, headers={"Location": url, "Cache-Control": "no-store"})
    headers = {
        "Content-Type": MEDIA.get(file.name.rpartition(".")[2], "application/octet-stream"),
        "Content-Length": str(file.size),
        "ETag": f'"{file.sha256}"',
    }
    if file.name.endswith(COLUMNS):  # for scripts in a browser, which unpacks it on the way
        headers |= {"Content-Type": MEDIA["json"], "Content-Encoding": "gzip"}
    else:
        headers |= attachment(shown)
    return streamed(store.blobs.stream(file.key), headers)
