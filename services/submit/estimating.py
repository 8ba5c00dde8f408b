"""What a screen will take and cost: the checks of a submission, and nothing stored."""

from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from services.submit import costing
from services.submit.fitting import Judge, judge_of
from services.submit.request import Name, Order, read_body
from services.submit.source import Limits, Source
from services.submit.storing import Means, prepare, unreadable, unusable
from services.submit.survey import Survey, look_through
from shared.catalogue.entry import ModelEntry, entry
from shared.errors import FieldError, InvalidInput
from shared.models.costs import Estimate, Tariff
from shared.ports.blobs import Blobs
from shared.settings import Settings

PER_LIGAND = "The time of a run grows with the size of target and ligand; no source states by how much."


class Inquiry(Order):
    """
    An order that is only asked about; ``ligands_count`` may stand for a library.

    Names are not needed, and with a count the target may be left out. What an order is about otherwise is
    the same as in a submission.
    """

    job_name: Name = "estimate"
    protein_name: Name = "target"
    ligands_count: Annotated[int, Field(ge=1)] | None = None

    @model_validator(mode="after")
    def _exactly_one_library(self) -> Self:
        if self.ligands_count is not None and (self.ligands or self.library):
            raise ValueError("give the library either as 'ligands', as 'library' or by 'ligands_count'")
        return self

    @property
    def has_target(self) -> bool:
        """Whether anything is said of the protein."""
        return bool(self.protein_sequence or self.protein_structure or self.protein_structures)


def estimated(body: bytes, settings: Settings, *, blobs: Blobs) -> dict[str, Any]:
    """The answer to a request's body."""
    return handle(
        read_body(body, Inquiry, most=settings.most_body_bytes),
        owner=settings.owner,
        means=Means.of(settings),
        blobs=blobs,
        limits=Limits.of(settings),
    )


def handle(inquiry: Inquiry, *, owner: str, means: Means, blobs: Blobs, limits: Limits) -> dict[str, Any]:
    """
    Time and cost of an order, with what a submission would say of its rows.

    Raises:
        InvalidInput: what a submission would be refused for, but for ``max_cost_usd``.
    """
    model = entry(inquiry.model_name)
    judge = None
    if inquiry.has_target or inquiry.ligands_count is None:
        judge = judge_of(model, prepare(inquiry, model))
    if inquiry.ligands_count is not None:
        if inquiry.ligands_count > limits.most_rows:
            message = f"has more than {limits.most_rows:,} rows, which is all that is accepted"
            raise InvalidInput(f"ligands_count {message}", [FieldError("ligands_count", message)])
        found, jobs = None, inquiry.ligands_count
    else:
        found = _surveyed(inquiry, model, judge, owner, blobs, limits)
        jobs = found.jobs
    tariff, at_once = costing.tariff_of(model, means.engine), means.at_once(model.id)
    expected = costing.expected(model, tariff, inquiry.configuration, jobs=jobs, workers=at_once)
    return _answer(inquiry, model, found, jobs, tariff, expected)


def _surveyed(
    inquiry: Inquiry, model: ModelEntry, judge: Judge | None, owner: str, blobs: Blobs, limits: Limits
) -> Survey:
    source = Source.of(inquiry, model, owner=owner, blobs=blobs)
    try:
        with source.entries(limits, blobs=blobs) as entries:
            found = look_through(entries, most_heavy_atoms=model.most_heavy_atoms, judge=judge)
    except ValueError as error:
        raise unreadable(source.field, error) from error
    valid, invalid = found.report["valid"], found.report["invalid"]
    if valid == 0 or (inquiry.strict and invalid):
        raise unusable(source.field, found.rejected, valid=valid, rejected=invalid)
    return found


def _answer(
    inquiry: Inquiry,
    model: ModelEntry,
    found: Survey | None,
    jobs: int,
    tariff: Tariff | None,
    expected: Estimate,
) -> dict[str, Any]:
    limit = inquiry.configuration.max_cost_usd
    return {
        "model_name": model.id,
        "model_version": model.version,
        "counts": {
            "submitted": found.report["submitted"] if found else jobs,
            "valid": found.report["valid"] if found else jobs,
            "invalid": found.report["invalid"] if found else 0,
            "duplicates": found.report["duplicates"]["count"] if found else 0,
            "to_compute": jobs,
        },
        "time": {
            "seconds_per_ligand": expected.run_seconds,
            "source": model.timing,
            "scaling": PER_LIGAND,
            "at_once": expected.at_once,
            "total_seconds": expected.seconds,
        },
        "cost": costing.cost(model, tariff, expected, jobs=jobs),
        "max_cost_usd": limit,
        "within_limit": None if limit is None or expected.usd is None else expected.usd <= limit,
        "chemistry_report": found.report if found else None,
        "rejected": [row.model_dump() for row in found.rejected] if found else [],
        "warnings": _warnings(inquiry, found, tariff, expected),
        "test_model": model.test_model,
    }


def _warnings(inquiry: Inquiry, found: Survey | None, tariff: Tariff | None, expected: Estimate) -> list[str]:
    limit, said = inquiry.configuration.max_cost_usd, list[str]()
    if found is None:
        said.append("only the number of ligands is known: a library may hold rows that cannot be used")
        if not inquiry.has_target:
            said.append("the target was not given, so it was not checked")
    elif found.report["invalid"]:
        said.append(f"rows that cannot be used: {found.report['invalid']}")
    if tariff is None:
        said.append("there is no price for this model, so its cost is not known")
    if limit is not None and expected.usd is not None and expected.usd > limit:
        said.append(f"would be refused: {costing.over_limit(expected.usd, limit)}")
    return said
