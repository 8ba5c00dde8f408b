"""What is asked for, made the body of a request; what it means is for the server to judge."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias, TypedDict

from omtx.libraries import Bundle, Library, bundled
from omtx.targets import Target, described, name_of, sequence_of

Filters: TypeAlias = Mapping[str, Any] | Sequence[Mapping[str, Any]]


class Wanted(TypedDict, total=False):
    """
    An order in a user's words; what is left out is for the server to choose.

    ``target``: a PDB, mmCIF or FASTA file, residues, several structure files, or the fields themselves.
    ``library``: a file, SMILES, SMILES by name, rows, or a DataFrame. ``filters``: the server's filters, as
    a list or whole. ``model``: ``client.models.list()`` has them. ``strict``: refuse if a row is invalid.
    ``max_cost_usd``: refuse above this estimate, and end at this cost. ``webhook_url`` is told of this
    screen, signed with ``webhook_secret`` or as your webhook at the same host.
    """

    target: Target | None
    library: Library | None
    sequence: str | None
    model: str | None
    task: str | None
    variants: Sequence[Mapping[str, Any]] | None
    num_designs: int | None
    name: str | None
    protein_name: str | None
    parameters: Mapping[str, Any] | None
    filters: Filters | None
    seed: int | None
    use_msa: bool | None
    strict: bool | None
    max_cost_usd: float | None
    configuration: Mapping[str, Any] | None
    metadata: Mapping[str, Any] | None
    webhook_url: str | None
    webhook_events: Sequence[str] | None
    webhook_milestones: Sequence[int] | None
    webhook_secret: str | None


def ordered(wanted: Wanted) -> tuple[dict[str, Any], Bundle | None]:
    """The body of an order but for its library, and the library."""
    library = wanted.get("library")
    bundle = None if library is None else bundled(library)
    target, sequence = wanted.get("target"), wanted.get("sequence")
    protein = wanted.get("protein_name") or name_of(target)
    title = bundle.title if bundle else None
    fields = {
        "job_name": wanted.get("name") or title or protein or "screen",
        "protein_name": protein or "unnamed",
        "protein_sequence": None if sequence is None else sequence_of(sequence),
        "model_name": wanted.get("model"),
        "task_type": wanted.get("task"),
        "molecule_filters": filters_of(wanted.get("filters")),
        "configuration": configured(wanted.get("configuration"), wanted.get("max_cost_usd")),
        **{name: wanted.get(name) for name in ("variants", "num_designs", "parameters", "seed")},
        **{name: wanted.get(name) for name in ("use_msa", "strict", "metadata")},
        **{name: wanted.get(name) for name in ("webhook_url", "webhook_secret")},
        **{name: _listed(wanted.get(name)) for name in ("webhook_events", "webhook_milestones")},
    }
    return {**described(target), **_given(fields)}, bundle


def prediction(task: str, fields: Mapping[str, Any], **settings: Any) -> dict[str, Any]:
    """The body of a prediction by task."""
    limit = settings.pop("max_cost_usd")
    further = {**settings, "configuration": configured(None, limit)}
    return {"task_type": task, "input_data": dict(fields), **_given(further)}


def configured(configuration: Mapping[str, Any] | None, limit: float | None) -> dict[str, Any] | None:
    """How a screen is carried out, with the most that it may cost."""
    found = dict(configuration or {}) | ({} if limit is None else {"max_cost_usd": limit})
    return found or None


def filters_of(filters: Filters | None) -> dict[str, Any] | None:
    """The filters of an order; a list of them is short for ``custom_filters``."""
    if filters is None or isinstance(filters, Mapping):
        return None if filters is None else dict(filters)
    return {"custom_filters": [dict(it) for it in filters]}


def _listed(given: Any) -> list[Any] | None:
    return None if given is None else list(given)


def _given(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
