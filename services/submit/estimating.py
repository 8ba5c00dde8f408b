"""What a screen will take and cost: the checks of a submission, and nothing stored."""

from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from services.submit import costing
from services.submit.fitting import check_alignments, judge_of
from services.submit.means import Means
from services.submit.request import Name, Order
from services.submit.source import Limits, Source
from services.submit.survey import Survey, surveyed
from services.submit.target import prepare
from shared.catalogue.entry import ModelEntry, entry
from shared.errors import FieldError, InvalidInput
from shared.models.costs import Estimate, Tariff
from shared.ports.blobs import Blobs

NOT_SCALED = "The time of a run grows with the size of target and ligand; no source states by how much."


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


def handle(inquiry: Inquiry, *, owner: str, means: Means, blobs: Blobs, limits: Limits) -> dict[str, Any]:
    """
    Time and cost of an order, with what a submission would say of its rows.

    Raises:
        InvalidInput: what a submission would be refused for, but for ``max_cost_usd``.
    """
    model = entry(inquiry.model_name)
    prepared = judge = tokens = None
    if inquiry.has_target or inquiry.ligands_count is None:
        prepared = prepare(inquiry, model)
        check_alignments(prepared, model, searches=means.searches)
        judge, tokens = judge_of(model, prepared), prepared.tokens
    if inquiry.ligands_count is not None:
        if inquiry.ligands_count > limits.most_rows:
            message = f"has more than {limits.most_rows:,} rows, which is all that is accepted"
            raise InvalidInput(f"ligands_count {message}", [FieldError("ligands_count", message)])
        found, jobs = None, inquiry.ligands_count
    else:
        source = Source.of(inquiry, model, owner=owner, blobs=blobs)
        found = surveyed(source, model, judge, limits, strict=inquiry.strict, blobs=blobs)
        jobs = found.jobs
    offer = costing.Offer.of(model, inquiry.configuration, means, tokens=tokens)
    answer = _answer(inquiry, model, found, jobs, offer.tariff, offer.expected(jobs))
    if prepared is not None and prepared.alignments:
        answer["warnings"].append(_searching(len(set(prepared.alignments.values()))))
    return answer


def _searching(sequences: int) -> str:
    return (
        f"alignments of {sequences} sequence(s) are searched before the first run, unless they are kept here "
        "already; the time for that is not in the estimate"
    )


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
            "filtered": found.report["filtered"] if found else 0,
            "duplicates": found.report["duplicates"]["count"] if found else 0,
            "to_compute": jobs,
        },
        "time": {
            "seconds_per_ligand": expected.run_seconds,
            "source": model.timing,
            "scaling": _scaling(model),
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


def _scaling(model: ModelEntry) -> str:
    if model.growth is None:
        return NOT_SCALED
    above = f"Above {model.growth.tokens} residues and atoms, with the square of their number"
    return f"{above}: {model.growth.source}"


def _warnings(inquiry: Inquiry, found: Survey | None, tariff: Tariff | None, expected: Estimate) -> list[str]:
    limit, said = inquiry.configuration.max_cost_usd, list[str]()
    if found is None:
        said.append("only the number of ligands is known: a library may hold rows that cannot be used")
        if not inquiry.has_target:
            said.append("the target was not given, so it was not checked")
        if inquiry.filters.custom_filters:
            said.append("how many ligands the filters leave out is known of a library only")
    else:
        kinds = {"rows that cannot be used": "invalid", "rows that the filters leave out": "filtered"}
        said += [f"{what}: {found.report[kind]}" for what, kind in kinds.items() if found.report[kind]]
    if tariff is None:
        said.append("there is no price for this model, so its cost is not known")
    if limit is not None and expected.usd is not None and expected.usd > limit:
        said.append(f"would be refused: {costing.over_limit(expected.usd, limit)}")
    return said
