"""Everything about an order that is checked and stored before its batch is opened."""

import itertools
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Self

import rdkit
from pydantic import JsonValue

from services.submit import costing, plan
from services.submit.fitting import Judge, check_alignments, judge_of
from services.submit.intake import Intake
from services.submit.refusing import unreadable, unusable
from services.submit.report import ChemistryReport
from services.submit.request import Order
from services.submit.source import Limits, Source
from services.submit.target import prepare
from shared import tracing
from shared.catalogue.entry import ModelEntry
from shared.domain import identity
from shared.domain.tree import leaf_count
from shared.errors import InvalidInput
from shared.models.batch import Batch, Counts, StoredInput
from shared.models.costs import Estimate
from shared.ports.blobs import Blobs
from shared.settings import Settings
from shared.steps.alignments import Alignments
from shared.steps.manifest import Manifest, library_digest, store_of
from shared.steps.quotas import Quota

SHOWN_REJECTED = 100


@dataclass(frozen=True)
class Means:
    """
    What runs the models here: the engine, the workers of the pool, models with one of their own, and
    whether alignments are searched.
    """

    engine: str
    workers: int
    own: Collection[str] = ()
    searches: bool = False

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Those of this installation."""
        return cls(settings.engine, settings.workers, settings.pythons, bool(settings.msa_server))

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
    quota: Quota,
    now: datetime,
) -> Batch:
    """
    Check target and parameters, then store inputs and library; the batch, not yet opened.

    Raises:
        InvalidInput: missing target, parameter out of range, no valid row. Nothing stays behind.
        TooDear: the estimate is above the user's limit. Nothing was stored.
        QuotaExceeded: it is more than the owner may have computed. Nothing was stored.
    """
    order = source.order
    prepared = prepare(order, model)
    check_alignments(prepared, model, searches=alignments.source is not None)
    parameters = prepared.parameters.model_dump(mode="json", exclude_none=True)
    judge = judge_of(model, prepared)
    terms, tokens = order.configuration, prepared.tokens
    tariff, at_once = costing.tariff_of(model, means.engine, terms, tokens=tokens), means.at_once(model.id)

    def expected(jobs: int) -> Estimate:
        return costing.expected(model, tariff, terms, jobs=jobs, workers=at_once, tokens=tokens)

    def approve(intake: Intake) -> None:
        if intake.usable(strict=order.strict):
            estimate = expected(intake.jobs)
            costing.check_limit(terms.max_cost_usd, estimate)
            quota.reserve(ticket.batch_id, ligands=intake.jobs, usd=estimate.usd)

    intake = _take_library(source, model, ticket.store, limits, judge, approve=approve, blobs=blobs)
    counts = _counts(intake)
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
        estimate=expected(counts.jobs),
        metadata=order.metadata,
        fingerprint=ticket.fingerprint,
        store=ticket.store,
        idempotency_key=ticket.idempotency_key,
        chemistry_report=intake.report.as_dict(),
        molecule_filters=_applied(order),
        test_model=model.test_model,
        trace=tracing.headers_of(tracing.current()).get(tracing.PARENT),
        created_at=now,
    )


def _applied(order: Order) -> dict[str, JsonValue]:
    """The filters with what made their figures, for who wants to apply them again."""
    if not order.filters.custom_filters:
        return {}
    return {**order.filters.model_dump(mode="json", exclude_none=True), "rdkit": rdkit.__version__}


def _take_library(
    source: Source,
    model: ModelEntry,
    store: str,
    limits: Limits,
    judge: Judge,
    *,
    approve: Callable[[Intake], None],
    blobs: Blobs,
) -> Intake:
    filters = source.order.filters
    report = ChemistryReport(most_heavy_atoms=model.most_heavy_atoms, filters=filters.names)
    intake = Intake(blobs, store, judge=judge, filters=filters, report=report, approve=approve)
    try:
        with source.entries(limits, blobs=blobs) as entries:
            intake.take_all(entries)
    except ValueError as error:
        raise unreadable(source.field, error) from error
    if not intake.usable(strict=source.order.strict):
        raise _unusable(intake, source.field, blobs=blobs)
    return intake


def _counts(intake: Intake) -> Counts:
    return Counts(
        submitted=intake.valid + intake.rejected,
        valid=intake.valid,
        invalid=intake.invalid,
        filtered=intake.filtered,
        duplicates=intake.duplicates,
    )


def _unusable(intake: Intake, where: str, *, blobs: Blobs) -> InvalidInput:
    """The refusal of a whole library, with its bad rows; what was stored of it is taken away again."""
    refused = Manifest(blobs).refused(intake.store, intake.rejected)
    wrong = (row for row in refused if row.kind == "invalid" or not intake.valid)
    rows = list(itertools.islice(wrong, SHOWN_REJECTED))
    discard(blobs, intake.store)
    return unusable(where, rows, intake.report.as_dict())


def discard(blobs: Blobs, store: str) -> None:
    """Take away what a submission stored that did not become a batch."""
    blobs.delete_many(list(blobs.list(f"{store}/")))


def _store_input(blobs: Blobs, store: str, name: str, content: bytes) -> StoredInput:
    stat = blobs.put(f"{store}/{name}", content)
    return StoredInput(key=stat.key, size=stat.size, sha256=stat.sha256)
