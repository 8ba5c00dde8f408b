"""
What becomes of an old batch: pure.

What had not ended is imported as cancelled, so that the batch keeps all its ligands; a batch in which
nothing ended is skipped.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from migration.ending import Ended, end, status_of
from migration.evidence import Evidence
from migration.records import Group, Record
from migration.spelling import OldStatus
from migration.verdicts import Verdict
from shared.chemistry.smiles import read_ligand
from shared.models.batch import LibraryRow, RejectedRow
from shared.models.facts import OutcomeKind

MODEL = "boltz2"
LONGEST_TEXT = 200
BEST_FIRST = (OutcomeKind.COMPLETED, OutcomeKind.FAILED, OutcomeKind.CANCELLED)


@dataclass(frozen=True)
class Job:
    """One document as a row of the library; ``ended`` where it is a ligand."""

    number: int
    record: Record
    evidence: Evidence
    row: LibraryRow | RejectedRow
    ended: Ended

    @property
    def finished_at(self) -> datetime | None:
        """The best that is known of when it ended."""
        record = self.record
        return record.completed_at or self.evidence.finished_at or record.updated_at or record.created_at


@dataclass(frozen=True)
class Word:
    """What becomes of one document."""

    number: int
    verdict: Verdict
    reason: str


@dataclass(frozen=True)
class Plan:
    """A batch to import: its ``jobs`` in the order of the library. No job: nothing is imported."""

    group: Group
    jobs: tuple[Job, ...]
    words: tuple[Word, ...]

    @property
    def valid(self) -> list[Job]:
        """The jobs that are ligands, in the order of their positions."""
        return [job for job in self.jobs if isinstance(job.row, LibraryRow)]

    @property
    def rejected(self) -> list[RejectedRow]:
        """The rows that are none."""
        return [job.row for job in self.jobs if isinstance(job.row, RejectedRow)]


def decide(group: Group, evidence_of: Callable[[Record], Evidence]) -> Plan:
    """The plan for one old batch. Every document of it gets exactly one word."""
    if group.parent is not None and not group.children:
        return _nothing(group, (), "a batch without any child: there is no ligand in it")
    unfit = [(number, reason) for number, record in group.children if (reason := _unfit(record, group))]
    words = [Word(number, Verdict.SKIPPED, reason) for number, reason in unfit]
    left = {number for number, _ in group.children} - {number for number, _ in unfit}
    found = [(number, record, evidence_of(record)) for number, record in group.children if number in left]
    kept, doubled = _without_doubles([(n, r, e, end(r, e)) for n, r, e in found])
    words += doubled
    if not kept:
        return _nothing(group, words, "no child of it can be imported")
    if all(
        ended.kind is OutcomeKind.CANCELLED and not _was_cancelled(record) for _, record, _, ended in kept
    ):
        said = "nothing of its batch had ended: {}, and no result is stored"
        words += [Word(n, Verdict.SKIPPED, said.format(status_of(r))) for n, r, _, _ in kept]
        return _nothing(group, words, "nothing of it had ended")
    jobs = _rows(kept)
    if not any(isinstance(job.row, LibraryRow) for job in jobs):
        words += [Word(job.number, Verdict.SKIPPED, _said(job, group)) for job in jobs]
        return _nothing(group, words, "none of its ligands can be read")
    words += [Word(job.number, job.ended.verdict, _said(job, group)) for job in jobs]
    if group.parent is not None:
        words.append(Word(group.parent[0], Verdict.MIGRATED, _parent_word(group.parent[1], jobs)))
    return Plan(group, tuple(jobs), tuple(words))


def _was_cancelled(record: Record) -> bool:
    return record.status is OldStatus.CANCELLED


def _unfit(record: Record, group: Group) -> str | None:
    """Why a document cannot be part of a batch here; None if it can."""
    parent = group.parent[1] if group.parent else None
    model = record.model or (parent.model if parent else None) or MODEL  # the older schema's default
    if model != MODEL:
        return f"model {model[:40]!r}: only results of {MODEL} are imported"
    if not record.screens:
        task = f"task {record.task[:60]!r}" if record.task else "without a task and without a ligand"
        return f"{task}: only ligands against a protein are imported"
    sequence = _sequence(group)
    if record.sequence is not None and record.sequence != sequence:
        return "another protein than that of its batch"
    return None


def _sequence(group: Group) -> str | None:
    """The protein of a batch: what its parent says, else its first child that says anything."""
    said = [record.sequence for _, record in (*([group.parent] if group.parent else []), *group.children)]
    return next((sequence for sequence in said if sequence is not None), None)


Found = tuple[int, Record, Evidence, Ended]


def _without_doubles(found: Sequence[Found]) -> tuple[list[Found], list[Word]]:
    """
    Of children with one place, ligand and SMILES the best, in the order of the library.

    Without a place two rows may both be meant: both are kept.
    """
    ordered = sorted(found, key=_order)
    best: dict[object, Found] = {}
    for item in sorted(ordered, key=lambda item: BEST_FIRST.index(item[3].kind)):
        best.setdefault(_identity(item[0], item[1]), item)
    kept = {item[0]: item for item in best.values()}
    words = [
        Word(number, Verdict.SKIPPED, f"the same ligand as {best[_identity(number, record)][1].id}")
        for number, record, _, _ in ordered
        if number not in kept
    ]
    return [item for item in ordered if item[0] in kept], words


def _identity(number: int, record: Record) -> object:
    return number if record.index is None else (record.index, record.ligand_name, record.smiles)


def _order(item: Found) -> tuple[bool, int, float, str]:
    """By place; what has none comes last, by age."""
    _, record, _, _ = item
    created = record.created_at.timestamp() if record.created_at else float("inf")
    return record.index is None, record.index or 0, created, record.id


def _rows(kept: Sequence[Found]) -> list[Job]:
    jobs: list[Job] = []
    position = 0
    for index, (number, record, evidence, ended) in enumerate(kept):
        row = _row(record, index, position)
        position += isinstance(row, LibraryRow)
        jobs.append(Job(number, record, evidence, row, ended))
    return jobs


def _row(record: Record, index: int, position: int) -> LibraryRow | RejectedRow:
    if record.smiles is None:
        return RejectedRow(index=index, line=index + 1, text="", reason="the document names no SMILES")
    try:
        ligand = read_ligand(record.smiles)
    except ValueError as error:
        return RejectedRow(index=index, line=index + 1, text=record.smiles[:500], reason=str(error))
    return LibraryRow(
        position=position,
        index=index,
        line=index + 1,
        name=(record.ligand_name or f"ligand_{index + 1}")[:LONGEST_TEXT],
        smiles=record.smiles,
        canonical_smiles=ligand.smiles,
        heavy_atoms=ligand.heavy_atoms,
        warnings=ligand.warnings,
        data={"source_job_id": record.id, "source_status": record.said or ""},
    )


def _said(job: Job, group: Group) -> str:
    said = job.ended.reason
    lost = ("its parent is lost",) if group.parent is None and group.id != job.record.id else ()
    if isinstance(job.row, RejectedRow):
        behind = ", its result is left behind" if job.evidence.is_result else ""
        said = f"invalid: {job.row.reason}{behind}"
    remarks = (*lost, *job.record.remarks, *job.evidence.remarks, *job.evidence.figures.doubts)
    return "; ".join((said, *remarks))


def _parent_word(parent: Record, jobs: Sequence[Job]) -> str:
    return "; ".join((f"a batch of {len(jobs)} ligands; {status_of(parent)}", *parent.remarks))


def _nothing(group: Group, words: Sequence[Word], reason: str) -> Plan:
    mine = [] if group.parent is None else [Word(group.parent[0], Verdict.SKIPPED, reason)]
    return Plan(group, (), (*words, *mine))
