"""The audit of a batch: everything counted again, every artefact read again."""

import zlib
from collections.abc import Iterable, Iterator, Set
from typing import Any

from fastapi import APIRouter

from services.api.dependencies import READ, Stored
from services.api.signatures import signature_faults, signer
from services.api.store import Store
from shared.domain.identity import job_id
from shared.errors import NotFound
from shared.models.batch import StoredInput
from shared.models.facts import Outcome
from shared.models.work import Artefact
from shared.steps.manifest import Manifest, chunk_keys, library_digest
from shared.steps.reading import Overview, standing_outcomes
from shared.steps.results import listed, manifest_key

router = APIRouter(prefix="/api/v3/batches/{batch_id}", tags=["batches"], dependencies=[READ])

MOST_PROBLEMS = 100


@router.get("/verify", summary="Audit a batch")
def verify(store: Stored, batch_id: str) -> dict[str, Any]:
    """Recompute the accounting from the outcomes and the digests from the bytes."""
    view = store.overview(batch_id)
    audit = _Audit(store, view)
    problems = list(audit.problems())
    return {
        "batch_id": batch_id,
        "ok": not problems,
        "status": view.status.value,
        "accounting": view.accounting.model_dump(),
        "sentence": view.accounting.sentence(),
        "outcomes_counted": sum(audit.counted.values()),
        "artefacts_checked": audit.checked,
        "signed_by": signer(store, view),
        "problems": problems[:MOST_PROBLEMS],
        "problem_count": len(problems),
    }


class _Audit:
    """One pass over the facts of a batch; ``counted`` and ``checked`` are filled on the way."""

    def __init__(self, store: Store, view: Overview) -> None:
        self.store = store
        self.view = view
        self.counted = {"completed": 0, "failed": 0, "cancelled": 0}
        self.checked = 0

    def problems(self) -> Iterator[str]:
        """What does not agree, one sentence each."""
        for outcome in self._outcomes():
            self.counted[outcome.kind.value] += outcome.copies
            if outcome.ref.job_id != job_id(outcome.ref.batch_id, outcome.ref.position):
                yield f"the outcome at position {outcome.ref.position} names job {outcome.ref.job_id}"
            yield from self._files(outcome.artefacts)
        yield from self._accounting()
        yield from self._library()
        yield from self._files(self.view.batch.inputs.values())
        yield from self._artefacts()

    def _artefacts(self) -> Iterator[str]:
        """The batch's own artefacts, which its closing names; then what only its manifest lists."""
        own = self.view.closing.artefacts if self.view.closing is not None else ()
        problems = list(self._files(own))
        yield from problems
        manifest = manifest_key(self.view.batch.batch_id)
        if own and not any(problem.startswith(manifest) for problem in problems):
            yield from self._files(self._only_listed({file.key for file in own}))
            yield from signature_faults(self.store, self.view)

    def _only_listed(self, known: Set[str]) -> Iterator[Artefact]:
        """What the manifest alone lists. What a job left it names as the job does, whose outcome is asked."""
        folder = f"batches/{self.view.batch.batch_id}/"
        for file in listed(self.store.blobs, self.view.batch.batch_id):
            if file.key not in known and file.key == folder + file.name:
                yield file

    def _outcomes(self) -> Iterator[Outcome]:
        """The outcome that stands of every job that has one."""
        found = standing_outcomes(self.store.ledger, self.view.batch, self.view.rounds)
        return (outcome for outcome in found if outcome is not None)

    def _accounting(self) -> Iterator[str]:
        accounting = self.view.accounting
        if not accounting.holds:
            yield f"the accounting does not add up: {accounting.sentence()}"
        for kind, n in self.counted.items():
            if n != getattr(accounting, kind):
                yield f"{n} outcomes are {kind}, the counters say {getattr(accounting, kind)}"
        if self.view.closing is not None and accounting.open:
            yield f"the batch is closed while {accounting.open} ligands are open"

    def _library(self) -> Iterator[str]:
        batch = self.view.batch
        try:
            rows = sum(1 for _ in Manifest(self.store.blobs).library(batch))  # read anew, not from memory
        except (NotFound, ValueError, OSError, EOFError, zlib.error) as error:
            yield f"the library cannot be read: {error}"
            return
        if rows != batch.counts.submitted:
            yield f"the library holds {rows} rows, {batch.counts.submitted} were submitted"
        elif library_digest(map(self.store.blobs.stat, chunk_keys(batch))) != batch.library_digest:
            yield "the library is not what was submitted: its digest differs"

    def _files(self, files: Iterable[Artefact | StoredInput]) -> Iterator[str]:
        for file in files:
            self.checked += 1
            try:
                stat = self.store.blobs.stat(file.key)
            except NotFound:
                yield f"{file.key} is missing"
                continue
            if (stat.size, stat.sha256) != (file.size, file.sha256):
                yield f"{file.key} is not what was stored: {stat.size} bytes, SHA-256 {stat.sha256}"
