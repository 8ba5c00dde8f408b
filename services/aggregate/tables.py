"""All rows of a batch, in the order of rank, without holding them in memory."""

import json
import os
import tempfile
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO, Any, Self

from services.aggregate.summary import Figures
from shared.catalogue.entry import Ranking, entry_of
from shared.domain.identity import job_id
from shared.domain.rows import duplicate_row, ranks, rejected_row, result_row, score
from shared.models.batch import Batch, JobStatus
from shared.models.facts import Outcome
from shared.models.work import Artefact
from shared.ports.ledger import Ledger
from shared.steps.manifest import Manifest
from shared.steps.reading import rounds_of, standing_outcomes

KINDS = ("completed", "failed", "cancelled", "invalid", "filtered")


@dataclass
class Table:
    """
    Rows spooled to disk once; only their places, scores and a few sums are kept in memory.

    ``ranked`` first (rank 1 first), then unranked, failed, cancelled, rejected rows as in the library;
    rows that repeat a molecule directly behind its first.
    """

    batch: Batch
    ranking: Ranking
    spool: IO[bytes]
    figures: Figures = field(default_factory=Figures)
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(KINDS, 0))
    places: "array[int]" = field(default_factory=lambda: array("q"))
    order: list[int] = field(default_factory=list)
    rank_of: dict[int, int] = field(default_factory=dict)
    repetitions: "dict[int, array[int]]" = field(default_factory=dict)

    @classmethod
    def read(cls, batch: Batch, *, ledger: Ledger, manifest: Manifest) -> Self:
        """Spool every row of the batch and rank what has a score."""
        table = cls(batch, entry_of(batch).ranking, tempfile.TemporaryFile())  # noqa: SIM115
        try:
            table._fill(batch, ledger, manifest)
        except BaseException:
            table.spool.close()
            raise
        return table

    def _fill(self, batch: Batch, ledger: Ledger, manifest: Manifest) -> None:
        scores: list[tuple[int, float]] = []  # by place: places are positions
        unranked: dict[str, list[int]] = {kind: [] for kind in KINDS}
        for row, outcome in _joined(batch, ledger, manifest):
            place, kind = self._spool(row, outcome), row["status"]
            value = score(outcome, self.ranking.key) if outcome and kind == "completed" else None
            if value is None:
                unranked[kind].append(place)
            else:
                scores.append((place, value))
        self.rank_of = ranks(scores, order=self.ranking.order)
        self.order = sorted(self.rank_of, key=self.rank_of.__getitem__)
        self.order += [place for kind in KINDS for place in unranked[kind]]
        for repeated in manifest.duplicates(batch):
            original, _ = self._read(repeated.position)
            place = self._spool(duplicate_row(repeated, original), None)
            self.repetitions.setdefault(repeated.position, array("q")).append(place)
        for refused in manifest.rejected(batch):
            place = self._spool(rejected_row(refused), None)
            self.order.append(place)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.spool.close()

    def rows(self) -> Iterator[dict[str, Any]]:
        """Result rows, best first."""
        return (row for row, _ in self.rows_with_files())

    def rows_with_files(self) -> Iterator[tuple[dict[str, Any], list[Artefact]]]:
        """Result rows, best first, each with the artefacts of its job; a repetition lists none again."""
        for place in self.order:
            for it in (place, *self.repetitions.get(place, ())):
                row, files = self._read(it)
                row["rank"] = self.rank_of.get(place)
                yield row, files

    def _read(self, place: int) -> tuple[dict[str, Any], list[Artefact]]:
        self.spool.seek(self.places[place])
        record = json.loads(self.spool.readline())
        return record["row"], [Artefact.model_validate(file) for file in record["files"]]

    def _spool(self, row: dict[str, Any], outcome: Outcome | None) -> int:
        files = [file.model_dump() for file in outcome.artefacts] if outcome else []
        self.spool.seek(0, os.SEEK_END)
        self.places.append(self.spool.tell())
        self.spool.write(json.dumps({"row": row, "files": files}).encode() + b"\n")
        self.counts[row["status"]] += 1
        self.figures.add(row, files=len(files), versions=dict(outcome.versions) if outcome else {})
        return len(self.places) - 1


def _joined(batch: Batch, ledger: Ledger, manifest: Manifest) -> Iterator[tuple[dict[str, Any], Outcome]]:
    """Every job with the outcome that stands, by position."""
    rounds = rounds_of(ledger, batch, ledger.intents(batch.batch_id))
    outcomes = standing_outcomes(ledger, batch, rounds)
    for row, outcome in zip(manifest.rows(batch), outcomes, strict=True):
        if outcome is None:
            raise LookupError(f"batch {batch.batch_id} is closed, but job {row.position} has no outcome")
        status = JobStatus(outcome.kind.value)
        job = job_id(batch.batch_id, row.position)
        yield result_row(row, job_id=job, status=status, outcome=outcome, rank=None), outcome
