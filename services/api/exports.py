"""A finished batch as one file to take away."""

from collections.abc import Iterator, Mapping
from typing import Any

from fastapi import APIRouter, Response
from zipstream import ZIP_DEFLATED, ZipStream

from services.api.artefacts import ended, find, own, served
from services.api.dependencies import READ, Stored
from services.api.sending import FILE, attachment, streamed
from services.api.store import Store
from shared.domain.naming import file_name
from shared.domain.provenance import SIGNATURE
from shared.errors import FieldError, InvalidInput, NotFound
from shared.steps.reading import Overview, standing_outcomes

router = APIRouter(prefix="/api/v3/batches/{batch_id}", tags=["artefacts"], dependencies=[READ])

FILES = {
    "csv": "results/batch_results.csv",
    "json": "batch_results.json",
    "parquet": "results/results.parquet",
    "sdf": "results/ranked.sdf",
}
FORMATS = (*FILES, "zip")
IN_ZIP = (FILES["csv"], "summary.json", "manifest.json", SIGNATURE)
STRUCTURE = "structure.cif"
# A ZIP ends with a list of all its files, which has to be kept: about half a KiB each.
MOST_STRUCTURES = 100_000


@router.get("/export/{form}", summary="Export a batch", **FILE)
def export(store: Stored, batch_id: str, form: str, include_structures: bool = False) -> Response:
    """An attachment (csv, json, parquet, sdf or zip), streamed; 409 before the end."""
    if form not in FORMATS:
        message = f"there is no {form!r}; there are: {', '.join(FORMATS)}"
        raise InvalidInput(message, [FieldError("format", message)])
    view = ended(store, batch_id)
    if form == "zip":
        return _zipped(store, view, structures=include_structures)
    file = find(store, view, FILES[form])
    if file is None:
        raise NotFound(f"batch {batch_id} has no {form.upper()}: {view.batch.model} left no poses to rank")
    return served(store, file, shown=f"{batch_id}_{FILES[form].rpartition('/')[2]}")


def _zipped(store: Store, view: Overview, *, structures: bool) -> Response:
    count = _structures(view)
    if structures and count > MOST_STRUCTURES:
        message = f"the batch has {count} structures, one ZIP takes {MOST_STRUCTURES}; fetch them one by one"
        raise InvalidInput(message, [FieldError("include_structures", message)])
    headers = {"Content-Type": "application/zip", **attachment(f"{view.batch.batch_id}.zip")}
    return streamed(_zip(store, view, structures=structures), headers)


def _structures(view: Overview) -> int:
    """As the summary of the batch counts them."""
    summary: Mapping[str, Any] = view.closing.summary if view.closing else {}
    return int(summary["files_generated"]["structure_files"])


def _zip(store: Store, view: Overview, *, structures: bool) -> Iterator[bytes]:
    """The archive, made as it is read: each object is opened when its turn comes."""
    archive = ZipStream(compress_type=ZIP_DEFLATED, compress_level=6)
    root = view.batch.batch_id
    for file in own(view):
        if file.name in IN_ZIP:
            archive.add(store.blobs.stream(file.key), f"{root}/{file.name.rpartition('/')[2]}")
            yield from archive.all_files()
    for name, key in _named(store, view) if structures else ():
        archive.add(store.blobs.stream(key), f"{root}/structures/{name}")
        yield from archive.all_files()
    yield from archive.finalize()


def _named(store: Store, view: Overview) -> Iterator[tuple[str, str]]:
    """Every structure, in the order of the library: the name of its download, and its key."""
    batch = view.batch
    outcomes = standing_outcomes(store.ledger, batch, view.rounds)
    for row, outcome in zip(store.manifest.rows(batch), outcomes, strict=True):
        for file in outcome.artefacts if outcome is not None and outcome.kind == "completed" else ():
            if file.name == STRUCTURE:
                parts = (batch.name, batch.protein_name, row.position, row.name)
                yield file_name(*parts, extension=".cif"), file.key
