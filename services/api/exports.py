"""A finished batch as one file to take away."""

import hashlib
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response

from services.api.artefacts import ended, find, served
from services.api.dependencies import READ, Stored
from services.api.sending import FILE, attachment, streamed
from services.api.store import Store
from services.api.zipping import Form, Wanted, zipped
from shared.errors import FieldError, InvalidInput, NotFound
from shared.steps.reading import Overview

router = APIRouter(prefix="/api/v3/batches/{batch_id}", tags=["artefacts"], dependencies=[READ])

FILES = {
    "csv": "results/batch_results.csv",
    "json": "batch_results.json",
    "parquet": "results/results.parquet",
    "sdf": "results/ranked.sdf",
}
FORMATS = (*FILES, "zip", "pdf")
# A ZIP ends with a list of all its files, which has to be kept: about half a KiB each.
MOST_STRUCTURES = 100_000
PART = 1000
"""Jobs of the library in one part of a ZIP: few enough for the 60 s that an answer may take in the cloud."""
IN_REPORT = 25
MOST_IN_REPORT = 200


@router.get("/export/{form}", summary="Export a batch", **FILE)
def export(
    store: Stored,
    batch_id: str,
    form: Annotated[str, Path(json_schema_extra={"enum": [*FORMATS]})],
    include_structures: bool = False,
    format: Form = "cif",
    top: Annotated[int | None, Query(ge=1, le=MOST_STRUCTURES)] = None,
    part: Annotated[int | None, Query(ge=1, le=10_000)] = None,
) -> Response:
    """An attachment (csv, json, parquet, sdf, zip or pdf); a ZIP has ``format``, of ``top`` or a ``part``."""
    if form not in FORMATS:
        message = f"there is no {form!r}; there are: {', '.join(FORMATS)}"
        raise InvalidInput(message, [FieldError("format", message)])
    view = ended(store, batch_id)
    if form == "pdf":
        return _reported(store, view, top=_limited(top or IN_REPORT))
    if form == "zip":
        return _zipped(store, view, _wanted(view, format if include_structures else None, top, part))
    file = find(store, view, FILES[form])
    if file is None:
        raise NotFound(f"batch {batch_id} has no {form.upper()}: {view.batch.model} left no poses to rank")
    return served(store, file, shown=f"{batch_id}_{FILES[form].rpartition('/')[2]}")


def _limited(top: int) -> int:
    if top > MOST_IN_REPORT:
        message = f"a report shows at most {MOST_IN_REPORT} ligands"
        raise InvalidInput(message, [FieldError("top", message)])
    return top


def _reported(store: Store, view: Overview, *, top: int) -> Response:
    # Loaded with the first report: it takes a fifth of a second, which no other request should wait for.
    from services.api.report.pages import report
    from services.api.reporting import facts

    content = report(facts(store, view, top=top))
    name = attachment(f"{view.batch.batch_id}_report.pdf")
    headers = {"ETag": f'"{hashlib.sha256(content).hexdigest()}"', **name}
    return Response(content, media_type="application/pdf", headers=headers)


def _wanted(view: Overview, form: Form | None, top: int | None, part: int | None) -> Wanted:
    jobs = view.batch.counts.jobs
    if top is not None and part is not None:
        message = "give 'top' or 'part', not both"
        raise InvalidInput(message, [FieldError("part", message)])
    if part is not None and (part - 1) * PART >= max(jobs, 1):
        raise NotFound(f"batch {view.batch.batch_id} has {-(-jobs // PART)} parts of {PART} jobs")
    if form is not None and top is None and part is None:
        _refuse_too_many(_structures(view))
    start = (part - 1) * PART if part is not None else 0
    return Wanted(form, top, start, min(start + PART, jobs) if part is not None else jobs)


def _refuse_too_many(count: int) -> None:
    if count > MOST_STRUCTURES:
        message = f"the batch has {count} structures, one ZIP takes {MOST_STRUCTURES}; ask for its parts"
        raise InvalidInput(message, [FieldError("include_structures", message)])


def _structures(view: Overview) -> int:
    """As the summary of the batch counts them."""
    summary: Mapping[str, Any] = view.closing.summary if view.closing else {}
    return int(summary["files_generated"]["structure_files"])


def _zipped(store: Store, view: Overview, wanted: Wanted) -> Response:
    headers = {"Content-Type": "application/zip", **attachment(f"{view.batch.batch_id}.zip")}
    return streamed(zipped(store, view, wanted), headers)
