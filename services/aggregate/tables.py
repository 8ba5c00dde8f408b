"""All rows of a batch, in the order of rank, without holding them in memory."""

import json
import tempfile
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import IO, Any, Self

from services.aggregate.summary import Figures
from shared.catalogue.entry import Ranking, entry_of
from shared.domain.identity import job_id
from shared.domain.rows import ranks, rejected_row, result_row, score
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

    ``ranked`` first (rank 1 first), then unranked, failed, cancelled, rejected rows as in the library.
    """

    batch: Batch
    ranking: Ranking
    spool: IO[bytes]
    figures: Figures = field(default_factory=Figures)
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(KINDS, 0))
    places: "array[int]" = field(default_factory=lambda: array("q"))
    order: list[int] = field(default_factory=list)
    rank_of: dict[int, int] = field(default_factory=dict)
    files: list[tuple[int, int]] = field(default_factory=list)

    @classmethod
    def read(cls, batch: Batch, *, ledger: Ledger, manifest: Manifest) -> Self:
        """Spool every row of the batch and rank what has a score."""
        table = cls(batch, entry_of(batch).ranking, tempfile.TemporaryFile())  # noqa: SIM115
        try:
            table._fill(_joined(batch, ledger, manifest))
        except BaseException:
            table.spool.close()
            raise
        return table

    def _fill(self, rows: Iterable[tuple[dict[str, Any], Outcome | None]]) -> None:
        scores: list[tuple[int, float]] = []  # by place: places grow with positions
        unranked: dict[str, list[int]] = {kind: [] for kind in KINDS}
        for row, outcome in rows:
            place, kind = self._spool(row, outcome), row["status"]
            self.counts[kind] += 1
            value = score(outcome, self.ranking.key) if outcome and kind == "completed" else None
            if value is None:
                unranked[kind].append(place)
            else:
                scores.append((place, value))
        self.rank_of = ranks(scores, order=self.ranking.order)
        self.order = sorted(self.rank_of, key=self.rank_of.__getitem__)
        self.order += [place for kind in KINDS for place in unranked[kind]]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.spool.close()

    def rows(self) -> Iterator[dict[str, Any]]:
        """Result rows, best first."""
        return (row for row, _ in self.rows_with_files())

    def rows_with_files(self) -> Iterator[tuple[dict[str, Any], list[Artefact]]]:
        """Result rows, best first, each with the artefacts of its job."""
        for place in self.order:
            self.spool.seek(self.places[place])
            record = json.loads(self.spool.readline())
            record["row"]["rank"] = self.rank_of.get(place)
            yield record["row"], [Artefact.model_validate(file) for file in record["files"]]

    def _spool(self, row: dict[str, Any], outcome: Outcome | None) -> int:
        files = [file.model_dump() for file in outcome.artefacts] if outcome else []
        self.places.append(self.spool.tell())
        self.spool.write(json.dumps({"row": row, "files": files}).encode() + b"\n")
        self.figures.add(row, files=len(files), versions=dict(outcome.versions) if outcome else {})
        return len(self.places) - 1


def _joined(
    batch: Batch, ledger: Ledger, manifest: Manifest
) -> Iterator[tuple[dict[str, Any], Outcome | None]]:
    """Every job with the outcome that stands, by position; then the rejected rows."""
    rounds = rounds_of(ledger, batch, ledger.intents(batch.batch_id))
    outcomes = standing_outcomes(ledger, batch, rounds)
    for row, outcome in zip(manifest.rows(batch), outcomes, strict=True):
        if outcome is None:
            raise LookupError(f"batch {batch.batch_id} is closed, but job {row.position} has no outcome")
        status = JobStatus(outcome.kind.value)
        job = job_id(batch.batch_id, row.position)
        yield result_row(row, job_id=job, status=status, outcome=outcome, rank=None), outcome
    for refused in manifest.rejected(batch):
        yield rejected_row(refused), None
