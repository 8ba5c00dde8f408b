"""The work order of one job: references and numbers, never content."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from shared.catalogue.entry import ModelEntry, entry_of
from shared.catalogue.gpus import chosen, steps
from shared.domain.identity import ligand_seed, search_seed, subject
from shared.domain.naming import LOG, job_key
from shared.models.batch import Batch, LibraryRow, StoredInput
from shared.models.facts import Attempt
from shared.models.work import Download, FailureClass, JobRef, LogPlace, WorkOrder
from shared.ports.blobs import Blobs
from shared.settings import Settings

GRACE = timedelta(seconds=120)


@dataclass(frozen=True)
class Terms:
    """The spans and addresses under which runs are started."""

    lease: timedelta
    poll: timedelta
    queue_allowance: timedelta
    webhook_url: str

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """The terms of this installation."""
        return cls(
            lease=settings.seconds("lease"),
            poll=settings.seconds("poll"),
            queue_allowance=settings.seconds("queue_allowance"),
            webhook_url=f"{settings.base_url}/api/v3/webhooks/engine",
        )

    def run_time(self, batch: Batch) -> timedelta:
        """How long a started run may take before we give it up; the engine's own limit ends it earlier."""
        return timedelta(seconds=batch.configuration.timeout_per_job) + GRACE


@dataclass(frozen=True)
class Claim:
    """An attempt that is ours since ``at``; ``before``: the attempt before it, where there was one."""

    batch: Batch
    ref: JobRef
    before: Attempt | None
    at: datetime


def compose(
    claim: Claim,
    row: LibraryRow,
    terms: Terms,
    *,
    aligned: Mapping[str, StoredInput],
    blobs: Blobs,
    trace: Mapping[str, str] | None = None,
) -> WorkOrder:
    """
    The order for one attempt at ``row``; its URLs are valid as long as it may wait and run.

    ``aligned`` are the batch's alignments by input name. ``trace`` tells where it is ordered.
    """
    batch, ref = claim.batch, claim.ref
    assert batch.seed is not None, "only an imported batch has no seed, and it is never dispatched"
    model = entry_of(batch)
    until = claim.at + terms.queue_allowance + terms.run_time(batch)
    return WorkOrder(
        ref=ref,
        model=batch.model,
        task_type=batch.task_type,
        parameters=batch.parameters,
        seed=ligand_seed(batch.seed, subject(row), batch.target_digest, batch.model),
        search_seed=search_seed(batch.seed, batch.target_digest, batch.model),
        ligand_name=row.name,
        smiles=row.smiles,
        item=row.item,
        protein_name=batch.protein_name,
        inputs=_downloads({**batch.inputs, **aligned}, blobs, until),
        alignments=tuple(sorted(aligned)),
        uploads=_uploads(ref, model, blobs, until),
        log=_log(job_key(ref, LOG), blobs, until) if LOG in model.files else None,
        webhook_url=terms.webhook_url,
        priority=batch.configuration.priority,
        timeout_seconds=min(batch.configuration.timeout_per_job, model.timeout_seconds),
        gpu=_gpu(claim, model, row),
        trace=trace or None,
    )


def _gpu(claim: Claim, model: ModelEntry, row: LibraryRow) -> str | None:
    """
    After running out of memory, the n-th attempt gets the n-th of the GPUs that should do.

    A failure of another kind after that does not lead back to a GPU that was too small.
    """
    memory, tokens, before = model.memory, claim.batch.tokens, claim.before
    if memory is None or tokens is None:
        return None
    tokens, larger = tokens + (row.heavy_atoms or 0), 0
    if before is not None and before.failure is not None:
        short = before.failure.kind is FailureClass.OUT_OF_MEMORY
        larger = claim.ref.attempt - 1 if short else steps(memory, tokens, (it.gpu for it in before.runs))
    return chosen(memory, tokens, larger=larger)


def _downloads(files: Mapping[str, StoredInput], blobs: Blobs, until: datetime) -> dict[str, Download]:
    return {
        name: Download(url=blobs.get_url(it.key, until=until), sha256=it.sha256) for name, it in files.items()
    }


def _uploads(ref: JobRef, model: ModelEntry, blobs: Blobs, until: datetime) -> dict[str, tuple[str, str]]:
    keys = {name: job_key(ref, name) for name in model.files if name != LOG}
    return {name: (key, blobs.put_url(key, until=until)) for name, key in keys.items()}


def _log(key: str, blobs: Blobs, until: datetime) -> LogPlace:
    return LogPlace(key=key, put_url=blobs.put_url(key, until=until), get_url=blobs.get_url(key, until=until))
