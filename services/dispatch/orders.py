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


def compose(
    batch: Batch,
    row: LibraryRow,
    ref: JobRef,
    terms: Terms,
    *,
    aligned: Mapping[str, StoredInput],
    blobs: Blobs,
    now: datetime,
    before: Attempt | None = None,
    trace: Mapping[str, str] | None = None,
) -> WorkOrder:
    """
    The order for one attempt at ``row``; its URLs are valid as long as it may wait and run.

    ``before``: the attempt before this one, where there was one. ``aligned`` are the batch's
    alignments by input name. ``trace`` tells where it is ordered.
    """
    assert batch.seed is not None, "only an imported batch has no seed, and it is never dispatched"
    model = entry_of(batch)
    until = now + terms.queue_allowance + terms.run_time(batch)
    keys = {name: job_key(ref, name) for name in model.files if name != LOG}
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
        inputs={
            name: Download(url=blobs.get_url(item.key, until=until), sha256=item.sha256)
            for name, item in (*batch.inputs.items(), *aligned.items())
        },
        alignments=tuple(sorted(aligned)),
        uploads={name: (key, blobs.put_url(key, until=until)) for name, key in keys.items()},
        log=_log(job_key(ref, LOG), blobs, until) if LOG in model.files else None,
        webhook_url=terms.webhook_url,
        priority=batch.configuration.priority,
        timeout_seconds=min(batch.configuration.timeout_per_job, model.timeout_seconds),
        gpu=_gpu(model, batch, row, ref, before),
        trace=trace or None,
    )


def _gpu(model: ModelEntry, batch: Batch, row: LibraryRow, ref: JobRef, before: Attempt | None) -> str | None:
    """
    After running out of memory, the n-th attempt gets the n-th of the GPUs that should do.

    A failure of another kind after that does not lead back to a GPU that was too small.
    """
    if model.memory is None or batch.tokens is None:
        return None
    tokens, larger = batch.tokens + (row.heavy_atoms or 0), 0
    if before is not None and before.failure is not None:
        short = before.failure.kind is FailureClass.OUT_OF_MEMORY
        larger = ref.attempt - 1 if short else steps(model.memory, tokens, (it.gpu for it in before.runs))
    return chosen(model.memory, tokens, larger=larger)


def _log(key: str, blobs: Blobs, until: datetime) -> LogPlace:
    return LogPlace(key=key, put_url=blobs.put_url(key, until=until), get_url=blobs.get_url(key, until=until))
