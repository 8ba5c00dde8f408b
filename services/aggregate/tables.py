"""All rows of a batch, in the order of rank, without holding them in memory."""

import os
import tempfile
from array import array
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO, Any, Self

from pydantic_core import from_json, to_json

from services.aggregate.columns import Kinds
from services.aggregate.ordering import stable_order
from services.aggregate.summary import Figures, distribution
from shared.catalogue.entry import Ranking, entry_of
from shared.domain.account import Bill
from shared.domain.identity import job_id
from shared.domain.lifecycle import latest
from shared.domain.rows import duplicate_row, rejected_row, result_row, score
from shared.models.batch import Batch, JobStatus
from shared.models.facts import Outcome
from shared.ports.ledger import Ledger
from shared.steps.manifest import Manifest
from shared.steps.reading import outcomes_by_job, rounds_of

KINDS = ("completed", "failed", "cancelled", "invalid", "filtered")
POSES = "ligand.sdf"
BUFFER = 1 << 18

Row = dict[str, Any]
Files = list[dict[str, Any]]


@dataclass
class Table:
    """
    Rows spooled to disk once; of each only three numbers are kept in memory, and a few sums of all.

    The first ``ranked`` places in ``order`` have the ranks from 1 on; unranked, failed, cancelled and
    rejected rows follow as in the library; rows that repeat a molecule come directly behind its first.
    ``offsets[place]`` is where a row begins in the spool. ``repeating`` holds the places of repetitions
    sorted by ``repeated``, those of what they repeat. ``poses``: ranked ligands that left poses.
    """

    batch: Batch
    ranking: Ranking
    spool: IO[bytes]
    figures: Figures = field(default_factory=Figures)
    bill: Bill = field(default_factory=Bill)
    kinds: Kinds = field(default_factory=Kinds)
    items: Kinds = field(default_factory=Kinds)
    labels: dict[str, None] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(KINDS, 0))
    poses: int = 0
    ranked: int = 0
    offsets: "array[int]" = field(default_factory=lambda: array("q", [0]))
    order: "array[int]" = field(default_factory=lambda: array("q"))
    repeated: "array[int]" = field(default_factory=lambda: array("q"))
    repeating: "array[int]" = field(default_factory=lambda: array("q"))

    @classmethod
    def read(cls, batch: Batch, *, ledger: Ledger, manifest: Manifest) -> Self:
        """Spool every row of the batch and rank what has a score."""
        spool = tempfile.TemporaryFile(buffering=BUFFER)  # noqa: SIM115
        table = cls(batch, entry_of(batch).ranking, spool)
        try:
            table._fill_jobs(ledger, manifest)
            table._fill_repetitions(manifest)
            for refused in manifest.rejected(batch):
                table.order.append(table._add(rejected_row(refused), None))
            spool.flush()
        except BaseException:
            spool.close()
            raise
        return table

    def _fill_jobs(self, ledger: Ledger, manifest: Manifest) -> None:
        scores, scored = array("d"), array("q")
        unranked = {kind: array("q") for kind in KINDS}
        for row, outcome in _joined(self.batch, ledger, manifest, self.bill):
            place, kind = self._add(row, outcome), row["status"]
            value = score(outcome, self.ranking.key) if kind == "completed" else None
            if value is None:
                unranked[kind].append(place)
                continue
            scores.append(value)
            scored.append(place)
            self.poses += any(file.name == POSES for file in outcome.artefacts)
        self.order.extend(scored[i] for i in stable_order(scores, order=self.ranking.order))
        self.ranked = len(self.order)
        self.figures.distribution = distribution(scores)
        for kind in KINDS:
            self.order.extend(unranked[kind])

    def _fill_repetitions(self, manifest: Manifest) -> None:
        self.spool.flush()
        first, places = array("q"), array("q")
        for row in manifest.duplicates(self.batch):
            original, _ = self._read(row.position)  # of jobs, the place is the position
            places.append(self._add(duplicate_row(row, original), None))
            first.append(row.position)
        for i in stable_order(first, order="ascending"):
            self.repeated.append(first[i])
            self.repeating.append(places[i])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.spool.close()

    def rows(self) -> Iterator[tuple[Row, Files]]:
        """Result rows, best first, each with the artefacts of its job; a repetition lists none again."""
        for number, place in enumerate(self.order, start=1):
            rank = number if number <= self.ranked else None
            for it in (place, *self._repetitions(place)):
                row, files = self._read(it)
                row["rank"] = rank
                yield row, files

    def _repetitions(self, place: int) -> "array[int]":
        start = end = bisect_left(self.repeated, place)
        while end < len(self.repeated) and self.repeated[end] == place:
            end += 1
        return self.repeating[start:end]

    def _read(self, place: int) -> tuple[Row, Files]:
        start, end = self.offsets[place], self.offsets[place + 1]
        row, files = from_json(os.pread(self.spool.fileno(), end - start, start))
        return row, files

    def _add(self, row: Row, outcome: Outcome | None) -> int:
        files = [file.model_dump() for file in outcome.artefacts] if outcome else []
        size = self.spool.write(to_json((row, files)))
        self.offsets.append(self.offsets[-1] + size)
        self.counts[row["status"]] += 1
        self.figures.add(row, files=len(files), versions=outcome.versions if outcome else {})
        self.labels.update(dict.fromkeys(row["data"]))
        self.items.add(row["item"])
        if outcome:
            self.kinds.add(outcome.metrics)
        return len(self.offsets) - 2


def _joined(batch: Batch, ledger: Ledger, manifest: Manifest, bill: Bill) -> Iterator[tuple[Row, Outcome]]:
    """Every job with the outcome that stands, by position; the runs of all rounds go on the bill."""
    rounds = rounds_of(ledger, batch, ledger.intents(batch.batch_id))
    for row, those in zip(manifest.rows(batch), outcomes_by_job(ledger, batch, rounds), strict=True):
        outcome = latest(those)[1]
        if outcome is None:
            raise LookupError(f"batch {batch.batch_id} is closed, but job {row.position} has no outcome")
        for it in those:
            bill.add(it.runs if it is not None else ())
        status = JobStatus(outcome.kind.value)
        job = job_id(batch.batch_id, row.position)
        yield result_row(row, job_id=job, status=status, outcome=outcome, rank=None), outcome
