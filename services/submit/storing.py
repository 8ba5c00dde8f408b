"""Everything about an order that is checked and stored before its batch is opened."""

import itertools
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from pydantic import ValidationError

from services.submit import costing, plan
from services.submit.fitting import Judge, check_fits, judge_of, parameters_of
from services.submit.intake import Intake
from services.submit.report import ChemistryReport
from services.submit.request import Order, invalid
from services.submit.source import Limits, Source
from shared.catalogue.entry import ModelEntry
from shared.catalogue.preparing import Prepared, Target
from shared.domain import identity
from shared.domain.alignments import form_of
from shared.domain.naming import structure_keys
from shared.domain.tree import leaf_count
from shared.errors import FieldError, InvalidInput, TooDear
from shared.models.batch import Batch, Counts, RejectedRow, StoredInput
from shared.ports.blobs import Blobs
from shared.settings import Settings
from shared.steps.alignments import Alignments
from shared.steps.manifest import Manifest, library_digest, store_of

SHOWN_REJECTED = 100


@dataclass(frozen=True)
class Means:
    """What runs the models here: the engine, the workers of the pool, and models with one of their own."""

    engine: str
    workers: int
    own: Collection[str] = ()

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Those of this installation."""
        return cls(settings.engine, settings.workers, settings.pythons)

    def at_once(self, model: str) -> int:
        """How many runs of a model there are at once here; one where it has a worker of its own."""
        return 1 if model in self.own else self.workers


@dataclass(frozen=True)
class Ticket:
    """Who submits what under which name."""

    owner: str
    idempotency_key: str | None
    batch_id: str
    fingerprint: str

    @property
    def store(self) -> str:
        return store_of(self.batch_id, self.fingerprint)


def store(
    source: Source,
    model: ModelEntry,
    ticket: Ticket,
    limits: Limits,
    *,
    means: Means,
    blobs: Blobs,
    alignments: Alignments,
    now: datetime,
) -> Batch:
    """
    Check target and parameters, then store inputs and library; the batch, not yet opened.

    Raises:
        InvalidInput: missing target, parameter out of range, no valid row. Nothing stays behind.
        TooDear: the estimate is above the user's limit. Nothing stays behind.
    """
    order = source.order
    prepared = prepare(order, model)
    _check_alignments(prepared, model, alignments)
    parameters = prepared.parameters.model_dump(mode="json", exclude_none=True)
    judge = judge_of(model, prepared)
    intake = _take_library(source, model, ticket.store, limits, judge, strict=order.strict, blobs=blobs)
    counts = _counts(intake)
    tariff, at_once = costing.tariff_of(model, means.engine), means.at_once(model.id)
    expected = costing.expected(model, tariff, order.configuration, jobs=counts.jobs, workers=at_once)
    try:
        costing.check_limit(order.configuration.max_cost_usd, expected)
    except TooDear:
        discard(blobs, ticket.store)
        raise
    stored = {name: _store_input(blobs, ticket.store, name, file) for name, file in prepared.inputs.items()}
    target = {name: item.sha256 for name, item in stored.items()} | {"sequence": order.protein_sequence}
    window = plan.window(order.configuration, counts.jobs)
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
        alignments=prepared.alignments,
        alignment_source=alignments.source if prepared.alignments else None,
        target_digest=identity.digest(target),
        library_digest=library_digest(intake.chunks),
        parameters=parameters,
        notes=prepared.notes,
        tokens=prepared.tokens,
        seed=order.seed,
        counts=counts,
        leaves=leaf_count(counts.jobs, window),
        window=window,
        configuration=order.configuration,
        tariff=tariff,
        estimate=expected,
        metadata=order.metadata,
        fingerprint=ticket.fingerprint,
        store=ticket.store,
        idempotency_key=ticket.idempotency_key,
        chemistry_report=intake.report.as_dict(),
        test_model=model.test_model,
        created_at=now,
    )


def _structures_of(order: Order, model: ModelEntry) -> dict[str, bytes]:
    """The structures that the model asks for, by input key."""
    if order.task_type not in model.tasks:
        message = f"{model.id} does not do {order.task_type!r}; it does: {', '.join(model.tasks)}"
        raise InvalidInput(message, [FieldError("task_type", message)])
    structures = _structures(order)
    given = {"structure": structures, "sequence": order.protein_sequence}
    for name in ("structure", "sequence"):
        if getattr(model.inputs, name) == "required" and not given[name]:
            message = f"{model.id} needs the target's {name}"
            raise InvalidInput(message, [FieldError(f"protein_{name}", message)])
    if model.inputs.structure == "unused":
        return {}
    if len(structures) > model.inputs.structures:
        message = (
            f"{model.id} takes {model.inputs.structures} structure(s) of the target, not {len(structures)}"
        )
        raise InvalidInput(message, [FieldError("protein_structures", message)])
    return dict(zip(structure_keys(len(structures)), structures, strict=True))


def _structures(order: Order) -> list[bytes]:
    if order.protein_structure is not None:
        return [order.protein_structure.encode()]
    return [structure.content.encode() for structure in order.protein_structures or ()]


def prepare(order: Order, model: ModelEntry) -> Prepared:
    """
    Target and parameters as every run gets them.

    Raises:
        InvalidInput: the model does not do this task, misses something, or does not take what was given.
    """
    structures = _structures_of(order, model)
    try:
        given = model.parameter_class().model_validate(parameters_of(order, model))
    except ValidationError as error:
        raise invalid(error, "parameters") from error
    names = [structure.name for structure in order.protein_structures or ()] if structures else []
    target = Target(
        task_type=order.task_type,
        protein_name=order.protein_name,
        sequence=order.protein_sequence,
        structures=structures,
        names=dict(zip(structures, names, strict=False)),
    )
    prepared = model.prepare(given, target)
    check_fits(model, prepared, order.protein_sequence)
    return prepared


def _check_alignments(prepared: Prepared, model: ModelEntry, alignments: Alignments) -> None:
    """What can be searched nowhere is refused: a model is never run on less than it was asked for."""
    if prepared.alignments and alignments.source is None:
        message = (
            f"{model.id} needs a multiple sequence alignment of the target, and this installation has no "
            "server to search one: set OMTX_MSA_SERVER, give an alignment as a file, or use_msa: false, "
            "which predicts from the single sequence"
        )
        raise InvalidInput(message, [FieldError("use_msa", message)])
    for name in prepared.alignments:
        form_of(name)


def _take_library(
    source: Source,
    model: ModelEntry,
    store: str,
    limits: Limits,
    judge: Judge,
    *,
    strict: bool,
    blobs: Blobs,
) -> Intake:
    intake = Intake(
        blobs, store, judge=judge, report=ChemistryReport(most_heavy_atoms=model.most_heavy_atoms)
    )
    try:
        with source.entries(limits, blobs=blobs) as entries:
            intake.take_all(entries)
    except ValueError as error:
        raise unreadable(source.field, error) from error
    if intake.valid == 0 or (strict and intake.rejected):
        raise _unusable(intake, source.field, blobs=blobs)
    return intake


def _counts(intake: Intake) -> Counts:
    return Counts(
        submitted=intake.valid + intake.rejected,
        valid=intake.valid,
        invalid=intake.rejected,
        duplicates=intake.duplicates,
    )


def _unusable(intake: Intake, where: str, *, blobs: Blobs) -> InvalidInput:
    """The refusal of a whole library, with its bad rows; what was stored of it is taken away again."""
    rows = list(itertools.islice(Manifest(blobs).refused(intake.store, intake.rejected), SHOWN_REJECTED))
    discard(blobs, intake.store)
    return unusable(where, rows, valid=intake.valid, rejected=intake.rejected)


def unreadable(where: str, error: ValueError) -> InvalidInput:
    """The refusal of a library that cannot be read to its end."""
    return InvalidInput(f"{where}: {error}", [FieldError(where, str(error))])


def unusable(where: str, rows: Sequence[RejectedRow], *, valid: int, rejected: int) -> InvalidInput:
    """The refusal of a library by its bad rows, of which ``rows`` are the first."""
    if not rows:
        return InvalidInput("the library is empty", [FieldError(where, "holds no row")])
    errors = [FieldError(f"{where}[line {row.line}]", row.reason) for row in rows]
    if not valid:
        return InvalidInput(f"none of the {rejected} rows is valid", errors)
    return InvalidInput(f"{rejected} of {valid + rejected} rows are invalid, and the order is strict", errors)


def discard(blobs: Blobs, store: str) -> None:
    """Take away what a submission stored that did not become a batch."""
    blobs.delete_many(list(blobs.list(f"{store}/")))


def _store_input(blobs: Blobs, store: str, name: str, content: bytes) -> StoredInput:
    stat = blobs.put(f"{store}/{name}", content)
    return StoredInput(key=stat.key, size=stat.size, sha256=stat.sha256)
