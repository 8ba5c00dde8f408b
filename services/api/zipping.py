"""
The ZIP of a batch, made as it is read: each object is opened when its turn comes.

What is kept is what stands at the end of every ZIP, the list of its files: half a KiB each. ``index.csv``
goes to a temporary file until then.
"""

import csv
import io
import itertools
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from zipstream import ZIP_DEFLATED, ZipStream

from services.api.artefacts import own
from services.api.converting import as_pdb
from services.api.store import Store
from shared.catalogue.entry import entry_of
from shared.domain.cells import safe_cell
from shared.domain.identity import job_id, job_place
from shared.domain.naming import file_name
from shared.domain.provenance import SIGNATURE
from shared.errors import NotFound
from shared.models.batch import LibraryRow
from shared.models.facts import Outcome
from shared.steps import results
from shared.steps.reading import Overview, page_of_outcomes

Form = Literal["cif", "pdb", "sdf"]
SOURCES = {"cif": "structure.cif", "pdb": "structure.cif", "sdf": "ligand.sdf"}
IN_ZIP = ("results/batch_results.csv", "summary.json", "manifest.json", SIGNATURE)
INDEX = ("file", "note", "rank", "index", "ligand_name", "smiles", "job_id", "status", "score", "score_key")
BLOCK = 200
PIECE = 1 << 16


@dataclass(frozen=True)
class Wanted:
    """``form`` of the structures, None for none; of the ``top`` ligands, or of a stretch of the library."""

    form: Form | None
    top: int | None
    start: int
    stop: int


@dataclass(frozen=True)
class Member:
    """A job of the batch, with what became of it; its rank where the ZIP is of the best."""

    row: LibraryRow
    outcome: Outcome | None
    rank: int | None


def zipped(store: Store, view: Overview, wanted: Wanted) -> Iterator[bytes]:
    """The archive, in pieces."""
    archive = ZipStream(compress_type=ZIP_DEFLATED, compress_level=6)
    root = view.batch.batch_id
    for file in own(view):
        if file.name in IN_ZIP:
            archive.add(store.blobs.stream(file.key), f"{root}/{file.name.rpartition('/')[2]}")
            yield from archive.all_files()
    if wanted.form is not None:
        yield from _structures(archive, store, view, wanted, wanted.form)
    yield from archive.finalize()


def _structures(
    archive: ZipStream, store: Store, view: Overview, wanted: Wanted, form: Form
) -> Iterator[bytes]:
    root, key = view.batch.batch_id, entry_of(view.batch).ranking.key
    with tempfile.TemporaryFile() as spool:
        text = io.TextIOWrapper(spool, encoding="utf-8", newline="", write_through=True)
        index = csv.writer(text, lineterminator="\r\n")
        index.writerow(INDEX)
        for member in _members(store, view, wanted):
            name = file_name(
                view.batch.name,
                view.batch.protein_name,
                member.row.position,
                member.row.name,
                extension=f".{form}",
            )
            content, note = _content(store, member, form)
            if content is not None:
                archive.add(content, f"{root}/structures/{name}")
                yield from archive.all_files()
            told = _told(root, member, key)
            index.writerow(map(safe_cell, ["" if note else f"structures/{name}", note, *told]))
        spool.seek(0)
        archive.add(iter(lambda: spool.read(PIECE), b""), f"{root}/index.csv")
        yield from archive.all_files()
        text.detach()


def _told(batch_id: str, member: Member, key: str) -> list[Any]:
    row, outcome = member.row, member.outcome
    status, score = (outcome.kind.value, outcome.metrics.get(key)) if outcome else (None, None)
    return [member.rank, row.index, row.name, row.smiles, job_id(batch_id, row.position), status, score, key]


def _content(store: Store, member: Member, form: Form) -> tuple[Iterable[bytes] | None, str]:
    """The file's pieces, and why there are none. All that can fail does so before the first piece."""
    outcome = member.outcome
    files = outcome.artefacts if outcome is not None and outcome.kind == "completed" else ()
    key = next((file.key for file in files if file.name == SOURCES[form]), None)
    if key is None:
        return None, f"no {SOURCES[form]}"
    try:
        pieces = store.blobs.stream(key)
        first = next(pieces, b"")
        return ([as_pdb(first + b"".join(pieces))] if form == "pdb" else itertools.chain([first], pieces)), ""
    except NotFound:
        return None, f"{SOURCES[form]} is lost"
    except ValueError as error:
        return None, str(error)


def _members(store: Store, view: Overview, wanted: Wanted) -> Iterator[Member]:
    """Jobs in the order of rank or of the library, a block at a time."""
    places = _ranked(store, view, wanted.top) if wanted.top else _stretch(wanted)
    rounds = view.rounds
    while block := list(itertools.islice(places, BLOCK)):
        found = page_of_outcomes(store.ledger, rounds, [position for position, _ in block])
        for position, rank in block:
            yield Member(store.manifest.row(view.batch, position), found[position][1], rank)


def _stretch(wanted: Wanted) -> Iterator[tuple[int, int | None]]:
    return ((position, None) for position in range(wanted.start, wanted.stop))


def _ranked(store: Store, view: Overview, top: int) -> Iterator[tuple[int, int | None]]:
    rows = results.rows(store.blobs, view.batch.batch_id, start=0, count=view.accounting.submitted)
    ranked = itertools.takewhile(lambda row: row["rank"] is not None, rows)
    for row in itertools.islice((it for it in ranked if it["duplicate_of"] is None), top):
        place = job_place(row["job_id"])
        assert place is not None, "a ranked row is of a job"
        yield place[1], row["rank"]
