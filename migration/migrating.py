"""
The use case: read a source, decide of each old batch, import or check it, and say what became of it.

The source is only read. Memory holds one old batch at a time.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from functools import partial
from pathlib import Path

from migration.checking import check_batch
from migration.composing import Importer, batch_id
from migration.deciding import MODEL, Plan, decide
from migration.evidence import Evidence, gather
from migration.figures import Range
from migration.finishing import Finisher
from migration.importing import Home, State, import_batch, state_of
from migration.records import Group, Record
from migration.shelf import MOST_IN_GROUP, Shelf
from migration.verdicts import Verdict
from shared.catalogue.entry import known
from shared.errors import IllegalMove

DRY = "would be imported as {}"
HERE = "is here as {} since an earlier run"
GONE = "was imported as {} and deleted since; it is not imported again"
LATE = "is imported, but its artefacts are not written yet; `omtx reconcile` sees to them"


class Deed(Enum):
    """What to do with each old batch."""

    TELL = "dry run"
    IMPORT = "import"
    CHECK = "verify"


@contextmanager
def read_source(source: Path) -> Iterator[Shelf]:
    """Everything that the source holds, in its groups, for as long as the context lasts."""
    with tempfile.TemporaryDirectory(prefix="omtx-migrate-") as folder:
        shelf = Shelf(Path(folder) / "shelf.db")
        try:
            shelf.fill(source)
            yield shelf
        finally:
            shelf.close()


def migrate_all(shelf: Shelf, home: Home, importer: Importer, *, deed: Deed) -> None:
    """Do it with every old batch; the shelf knows a verdict on every document afterwards."""
    ranges, finisher = _ranges(), Finisher(home.ledger)
    for group in shelf.groups():
        if group.too_large:
            said = f"a batch of more than {MOST_IN_GROUP} documents, which the older system never made"
            shelf.note_group(group, Verdict.ERROR, said)
            continue
        plan = decide(group, partial(_evidence, shelf, group, ranges))
        match deed:
            case Deed.CHECK:
                _check(plan, shelf, home, importer)
            case Deed.TELL:
                _note(plan, shelf, importer, home)
            case Deed.IMPORT:
                _import(plan, shelf, home, importer, finisher)


def _evidence(shelf: Shelf, group: Group, ranges: dict[str, Range], record: Record) -> Evidence:
    return gather(shelf.folders(record.id, group.id), shelf.results(record.id), ranges)


def _ranges() -> dict[str, Range]:
    return {name: (metric.range[0], metric.range[1]) for name, metric in known(MODEL).metrics.items()}


def _import(plan: Plan, shelf: Shelf, home: Home, importer: Importer, finisher: Finisher) -> None:
    """Verdicts are noted last: what was not done is not said."""
    state = _note_standing(plan, shelf, home, importer)
    if state in (State.NEW, State.UNFINISHED):
        batch = import_batch(plan, home, importer)
        if not finisher.finish(batch.batch_id):
            shelf.note_group(plan.group, Verdict.ERROR, LATE, batch.batch_id)
        _tell(plan, shelf, batch.batch_id)


def _note(plan: Plan, shelf: Shelf, importer: Importer, home: Home) -> None:
    if _note_standing(plan, shelf, home, importer) in (State.NEW, State.UNFINISHED):
        id = batch_id(importer.owner, plan.group.id)
        _tell(plan, shelf, id, DRY.format(id))


def _note_standing(plan: Plan, shelf: Shelf, home: Home, importer: Importer) -> State | None:
    """The state of the batch; unless it is NEW or UNFINISHED, nothing is to be done, and that is noted."""
    if not plan.jobs:
        _tell(plan, shelf, None)
        return None
    try:
        state = state_of(plan, home, importer)
    except IllegalMove as error:
        for word in plan.words:
            verdict = Verdict.ERROR if word.verdict is Verdict.MIGRATED else word.verdict
            shelf.note(word.number, verdict, str(error) if verdict is not word.verdict else word.reason)
        return None
    if state in (State.THERE, State.DELETED):
        id = batch_id(importer.owner, plan.group.id)
        _tell_standing(plan, shelf, id, (HERE if state is State.THERE else GONE).format(id))
    return state


def _tell_standing(plan: Plan, shelf: Shelf, id: str, said: str) -> None:
    for word in plan.words:
        if word.verdict is Verdict.MIGRATED:
            shelf.note(word.number, Verdict.SKIPPED, said, id)
        else:
            shelf.note(word.number, word.verdict, word.reason, id if word.verdict is Verdict.ERROR else None)


def _tell(plan: Plan, shelf: Shelf, id: str | None, beside: str | None = None) -> None:
    for word in plan.words:
        inside = word.verdict is not Verdict.SKIPPED
        said = f"{beside}: {word.reason}" if beside and inside else word.reason
        shelf.note(word.number, word.verdict, said, id if inside else None)


def _check(plan: Plan, shelf: Shelf, home: Home, importer: Importer) -> None:
    """A document that agrees is ``migrated``; one that does not is an error, with all that differs."""
    id = batch_id(importer.owner, plan.group.id)
    wrong: dict[int | None, list[str]] = {}
    for job, said in check_batch(plan, home, importer) if plan.jobs else ():
        wrong.setdefault(job.number if job else None, []).append(said)
    for word in plan.words:
        found = [*wrong.get(None, []), *wrong.get(word.number, [])]
        if found and word.verdict is not Verdict.SKIPPED:
            shelf.note(word.number, Verdict.ERROR, "; ".join(found), id)
        else:
            inside = word.verdict is not Verdict.SKIPPED
            shelf.note(word.number, word.verdict, word.reason, id if inside else None)
