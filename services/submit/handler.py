"""Check the order, store library and batch, publish the first ligands; each step may be repeated."""

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

from pydantic import ValidationError

from services.submit import library, plan
from services.submit.intake import Intake
from services.submit.request import Order, invalid
from shared.catalogue.entry import ModelEntry, entry
from shared.domain import identity
from shared.domain.lifecycle import account, tree_of
from shared.domain.tree import leaf_count
from shared.errors import FieldError, InvalidInput, KeyReused, NotFound
from shared.models.batch import Batch, Counts, StoredInput
from shared.models.facts import Leaf
from shared.ports.blobs import Blobs
from shared.ports.bus import Bus
from shared.ports.ledger import Ledger
from shared.ports.world import Clock
from shared.steps.manifest import Manifest, library_digest, store_of
from shared.steps.settling import announce_jobs

SHOWN_REJECTED = 100
LONGEST_KEY = 255


def handle(
    order: Order,
    *,
    idempotency_key: str | None,
    owner: str,
    workers: int,
    ledger: Ledger,
    blobs: Blobs,
    bus: Bus,
    clock: Clock,
    manifest: Manifest,
) -> dict[str, Any]:
    """
    Accept a screen and return what the user needs to follow it.

    Raises:
        InvalidInput: unknown model, missing target, parameter out of range, no valid row.
        KeyReused: the idempotency key belongs to another order.
    """
    model = entry(order.model_name)
    ticket = _ticket(order, owner, idempotency_key)
    batch = _standing(ledger, ticket.batch_id)
    if batch is None:
        batch = ledger.open(_store(order, model, ticket, blobs=blobs, now=clock.now()))
    if batch.fingerprint != ticket.fingerprint:
        _discard(blobs, ticket.store)
        raise KeyReused(
            f"this Idempotency-Key belongs to {batch.batch_id}, which was submitted with another body"
        )
    # Repeated for a batch that stood: its first submitter may have died before this line.
    announce_jobs(batch, 0, _first_window(batch), bus=bus)
    return _answer(batch, model, workers=workers, manifest=manifest)


@dataclass(frozen=True)
class _Ticket:
    """Who submits what under which name."""

    owner: str
    idempotency_key: str | None
    batch_id: str
    fingerprint: str

    @property
    def store(self) -> str:
        return store_of(self.batch_id, self.fingerprint)


def _ticket(order: Order, owner: str, key: str | None) -> _Ticket:
    batch_id = identity.batch_id(owner, _checked(key), uuid4().hex)
    return _Ticket(owner, key, batch_id, identity.digest(order.model_dump(mode="json")))


def _checked(key: str | None) -> str | None:
    if key is not None and not (1 <= len(key) <= LONGEST_KEY and key.isprintable()):
        message = f"must be 1 to {LONGEST_KEY} printable characters"
        raise InvalidInput(f"Idempotency-Key {message}", [FieldError("Idempotency-Key", message)])
    return key


def _standing(ledger: Ledger, batch_id: str) -> Batch | None:
    try:
        return ledger.batch(batch_id)
    except NotFound:
        return None


def _store(order: Order, model: ModelEntry, ticket: _Ticket, *, blobs: Blobs, now: datetime) -> Batch:
    """Check target and parameters, then store inputs and library; the batch, not yet opened."""
    inputs = _inputs(order, model)
    parameters, notes = _parameters(order, model, inputs)
    intake = _take_library(order, ticket.store, blobs=blobs)
    counts = _counts(intake)
    stored = {name: _store_input(blobs, ticket.store, name, content) for name, content in inputs.items()}
    target = {name: item.sha256 for name, item in stored.items()} | {"sequence": order.protein_sequence}
    window = plan.window(order.configuration, counts.valid)
    return Batch(
        batch_id=ticket.batch_id,
        owner=ticket.owner,
        name=order.job_name,
        model=model.id,
        model_version=model.version,
        task_type=order.task_type,
        protein_name=order.protein_name,
        protein_sequence=order.protein_sequence,
        inputs=stored,
        target_digest=identity.digest(target),
        library_digest=library_digest(intake.chunks),
        parameters=parameters,
        notes=notes,
        seed=order.seed,
        counts=counts,
        leaves=leaf_count(counts.valid, window),
        window=window,
        configuration=order.configuration,
        metadata=order.metadata,
        fingerprint=ticket.fingerprint,
        store=ticket.store,
        idempotency_key=ticket.idempotency_key,
        test_model=model.test_model,
        created_at=now,
    )


def _inputs(order: Order, model: ModelEntry) -> dict[str, bytes]:
    """What the model's schema asks for, by name."""
    if order.task_type not in model.tasks:
        message = f"{model.id} does not do {order.task_type!r}; it does: {', '.join(model.tasks)}"
        raise InvalidInput(message, [FieldError("task_type", message)])
    given = {"structure": order.protein_structure, "sequence": order.protein_sequence}
    for name in ("structure", "sequence"):
        if getattr(model.inputs, name) == "required" and given[name] is None:
            message = f"{model.id} needs the target's {name}"
            raise InvalidInput(message, [FieldError(f"protein_{name}", message)])
    used = model.inputs.structure != "unused" and order.protein_structure is not None
    return {"structure": (order.protein_structure or "").encode()} if used else {}


def _parameters(
    order: Order, model: ModelEntry, inputs: Mapping[str, bytes]
) -> tuple[dict[str, Any], Mapping[str, str]]:
    try:
        given = model.parameter_class().model_validate(order.parameters)
    except ValidationError as error:
        raise invalid(error, "parameters") from error
    settled, notes = model.prepare(given, inputs)
    return settled.model_dump(mode="json", exclude_none=True), notes


def _take_library(order: Order, store: str, *, blobs: Blobs) -> Intake:
    intake = Intake(blobs, store)
    where = "ligands" if order.ligands is not None else "library.content"
    try:
        intake.take_all(_entries(order))
    except ValueError as error:
        raise InvalidInput(f"{where}: {error}", [FieldError(where, str(error))]) from error
    if intake.valid == 0:
        raise _nothing_valid(intake, where, blobs=blobs)
    return intake


def _counts(intake: Intake) -> Counts:
    return Counts(submitted=intake.valid + intake.rejected, valid=intake.valid, invalid=intake.rejected)


def _entries(order: Order) -> Iterator[library.Entry]:
    if order.ligands is not None:
        return library.from_json(order.ligands)
    assert order.library is not None, "the schema demands one of the two"
    read = {"csv": library.from_csv, "smi": library.from_smi}[order.library.format]
    return read(order.library.content)


def _nothing_valid(intake: Intake, where: str, *, blobs: Blobs) -> InvalidInput:
    """The refusal of a library without a usable row; what was stored of it is taken away again."""
    rows = list(itertools.islice(Manifest(blobs).refused(intake.store, intake.rejected), SHOWN_REJECTED))
    _discard(blobs, intake.store)
    if not rows:
        return InvalidInput("the library is empty", [FieldError(where, "holds no row")])
    errors = [FieldError(f"{where}[line {row.line}]", row.reason) for row in rows]
    return InvalidInput(f"none of the {intake.rejected} rows is valid", errors)


def _discard(blobs: Blobs, store: str) -> None:
    for key in list(blobs.list(f"{store}/")):
        blobs.delete(key)


def _store_input(blobs: Blobs, store: str, name: str, content: bytes) -> StoredInput:
    stat = blobs.put(f"{store}/{name}", content)
    return StoredInput(key=stat.key, size=stat.size, sha256=stat.sha256)


def _first_window(batch: Batch) -> Iterator[int]:
    tree = tree_of(batch)
    return itertools.chain.from_iterable(tree.released(leaf, 0) for leaf in range(tree.leaves))


def _answer(batch: Batch, model: ModelEntry, *, workers: int, manifest: Manifest) -> dict[str, Any]:
    risk = plan.risk(batch, typical_seconds=model.typical_seconds)
    unsettled = [Leaf(round=0, k=k, moved_at=batch.created_at) for k in range(batch.leaves)]
    accounting = account(batch, unsettled, in_flight=0)
    rejected = itertools.islice(manifest.rejected(batch), SHOWN_REJECTED)
    return {
        "success": True,
        "batch_id": batch.batch_id,
        "message": f"accepted {batch.counts.valid} of {batch.counts.submitted} ligands",
        "total_jobs": batch.counts.submitted,
        "accounting": accounting.model_dump(),
        "rejected": [row.model_dump() for row in rejected],
        "estimated_duration_seconds": plan.estimated_seconds(
            batch, typical_seconds=model.typical_seconds, workers=workers
        ),
        "scheduling_strategy": batch.configuration.scheduling_strategy,
        "started_jobs": accounting.queued,
        "queued_jobs": accounting.pending,
        "optimization_recommendations": plan.recommendations(batch, risk["risk_score"]),
        "risk_assessment": risk,
        "test_model": batch.test_model,
        "status_url": f"/api/v3/batches/{batch.batch_id}/status",
        "results_url": f"/api/v3/batches/{batch.batch_id}/results",
    }
