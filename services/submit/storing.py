"""Everything about an order that is checked and stored before its batch is opened."""

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Self

import rdkit
from pydantic import JsonValue

from services.submit.costing import Offer, check_limit
from services.submit.desk import Desk
from services.submit.fitting import check_alignments, judge_of
from services.submit.intake import Intake
from services.submit.means import Means
from services.submit.plan import window
from services.submit.refusing import unreadable, unusable
from services.submit.report import ChemistryReport
from services.submit.request import Order
from services.submit.source import Limits, Source
from services.submit.target import prepare
from shared import tracing
from shared.catalogue.entry import ModelEntry
from shared.catalogue.preparing import Prepared
from shared.domain import identity
from shared.domain.tree import leaf_count
from shared.errors import InvalidInput
from shared.models.batch import Batch, Counts, StoredInput
from shared.models.costs import Estimate
from shared.ports.blobs import Blobs
from shared.steps.manifest import Manifest, library_digest, store_of
from shared.steps.quotas import Quota

SHOWN_REJECTED = 100


@dataclass(frozen=True)
class Ticket:
    """Who submits what under which name."""

    owner: str
    idempotency_key: str | None
    batch_id: str
    fingerprint: str

    @property
    def store(self) -> str:
        """Where its objects are."""
        return store_of(self.batch_id, self.fingerprint)


@dataclass(frozen=True)
class Fitted:
    """An order that its model takes, and what it will take and cost; ``searched``: where alignments are."""

    order: Order
    model: ModelEntry
    prepared: Prepared
    offer: Offer
    searched: str | None

    @classmethod
    def of(cls, order: Order, model: ModelEntry, means: Means, *, searched: str | None) -> Self:
        """Raise InvalidInput for a target or parameters that are missing or none that the model takes."""
        prepared = prepare(order, model)
        check_alignments(prepared, model, searches=searched is not None)
        offer = Offer.of(model, order.configuration, means, tokens=prepared.tokens)
        return cls(order, model, prepared, offer, searched)


def store(source: Source, model: ModelEntry, ticket: Ticket, limits: Limits, desk: Desk) -> Batch:
    """
    Check target and parameters, then store inputs and library; the batch, not yet opened.

    Raises:
        InvalidInput: missing target, parameter out of range, no valid row. Nothing stays behind.
        TooDear: the estimate is above the user's limit. Nothing was stored.
        QuotaExceeded: it is more than the owner may have computed. Nothing was stored.
    """
    now = desk.clock.now()
    fitted = Fitted.of(source.order, model, desk.means, searched=desk.alignments.source)

    def approve(intake: Intake) -> None:
        if intake.usable(strict=source.order.strict):
            reserved(fitted.offer, intake.jobs, ticket, desk.quota)

    intake = _take_library(source, fitted, ticket.store, limits, approve=approve, blobs=desk.blobs)
    given = fitted.prepared.inputs
    inputs = {name: _store_input(desk.blobs, ticket.store, name, file) for name, file in given.items()}
    return _batch(ticket, fitted, intake, inputs, now=now)


def reserved(offer: Offer, jobs: int, ticket: Ticket, quota: Quota) -> Estimate:
    """The estimate for so many ligands, which the user's limit and the owner's quota allow."""
    estimate = offer.expected(jobs)
    check_limit(offer.terms.max_cost_usd, estimate)
    quota.reserve(ticket.batch_id, ligands=jobs, usd=estimate.usd)
    return estimate


def _batch(
    ticket: Ticket, fitted: Fitted, intake: Intake, inputs: Mapping[str, StoredInput], *, now: datetime
) -> Batch:
    order, model, prepared, offer = fitted.order, fitted.model, fitted.prepared, fitted.offer
    counts = _counts(intake)
    most = window(order.configuration, counts.jobs)
    return Batch(
        batch_id=ticket.batch_id,
        owner=ticket.owner,
        name=order.job_name,
        model=model.id,
        model_version=model.version,
        task_type=order.task_type,
        protein_name=order.protein_name,
        protein_sequence=order.protein_sequence,
        inputs=inputs,
        alignments=prepared.alignments,
        alignment_source=fitted.searched if prepared.alignments else None,
        target_digest=_target_digest(order, inputs),
        library_digest=library_digest(intake.chunks),
        parameters=prepared.parameters.model_dump(mode="json", exclude_none=True),
        notes=prepared.notes,
        tokens=prepared.tokens,
        seed=order.seed,
        counts=counts,
        leaves=leaf_count(counts.jobs, most),
        window=most,
        configuration=order.configuration,
        tariff=offer.tariff,
        estimate=offer.expected(counts.jobs),
        metadata=order.metadata,
        fingerprint=ticket.fingerprint,
        store=ticket.store,
        idempotency_key=ticket.idempotency_key,
        chemistry_report=intake.report.as_dict(),
        molecule_filters=_applied(order),
        test_model=model.test_model,
        use_cache=model.reuses(order.use_cache),
        trace=tracing.headers_of(tracing.current()).get(tracing.PARENT),
        created_at=now,
    )


def _target_digest(order: Order, inputs: Mapping[str, StoredInput]) -> str:
    digests = {name: item.sha256 for name, item in inputs.items()}
    return identity.digest(digests | {"sequence": order.protein_sequence})


def _applied(order: Order) -> dict[str, JsonValue]:
    """The filters with what made their figures, for who wants to apply them again."""
    if not order.filters.custom_filters:
        return {}
    return {**order.filters.model_dump(mode="json", exclude_none=True), "rdkit": rdkit.__version__}


def _take_library(
    source: Source,
    fitted: Fitted,
    store: str,
    limits: Limits,
    *,
    approve: Callable[[Intake], None],
    blobs: Blobs,
) -> Intake:
    filters, judge = source.order.filters, judge_of(fitted.model, fitted.prepared)
    report = ChemistryReport(most_heavy_atoms=fitted.model.most_heavy_atoms, filters=filters.names)
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
