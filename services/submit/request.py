"""The body of a submission: its schema, and errors that name the field."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import (
    ConfigDict,
    Field,
    JsonValue,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import from_json

from services.submit.filters import TYPES, MoleculeFilters
from services.submit.telling import Telling
from shared.chemistry.sequence import read_sequence
from shared.errors import FieldError, InvalidInput, TooLarge
from shared.models.base import Frozen
from shared.models.batch import (
    MAX_DESIGNS,
    MAX_LIGANDS_IN_BODY,
    MAX_VARIANTS,
    MOST_STRUCTURES,
    Configuration,
)

F = TypeVar("F", bound=Frozen)
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]


def _is_none(value: object) -> bool:
    """The fingerprint of an order does not change with what it does not use."""
    return value is None


def _alone(given: str, other: str) -> dict[str, JsonValue]:
    """The schema of objects that have one of two fields."""
    return {"required": [given], "properties": {given: {"type": "string"}, other: {"type": "null"}}}


class Nothing(Frozen):
    """A body that says nothing, where the path says all."""


class LibraryText(Frozen):
    """
    A library as text in the body, or by the URI of an upload.

    ``csv`` and ``tsv`` are one (delimiter, header and columns are found); without a format, the name
    of the upload or the beginning of the text tells it.
    """

    model_config = ConfigDict(
        json_schema_extra={"anyOf": [_alone("content", "uri"), _alone("uri", "content")]}
    )

    format: Literal["csv", "tsv", "smi", "sdf"] | None = None
    content: Annotated[str, Field(min_length=1)] | None = None
    uri: str | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.content is None) == (self.uri is None):
            raise ValueError("give the library either as 'content' or by 'uri'")
        return self


class NamedStructure(Frozen):
    """One of several structures of the target, PDB or mmCIF, and what results call it."""

    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40)]
    content: Annotated[str, Field(min_length=1)]


class Order(Telling):
    """
    One batch as posted to ``/api/v3/batches/submit``.

    What its jobs are about is given as its task asks (see ``needs``): ``ligands`` or a ``library``,
    ``variants``, ``num_designs``, or nothing. The rows of a list are not checked here: a bad one is
    reported and does not stop the others, unless the order is ``strict``. ``molecule_filters`` leave out
    ligands that are not wanted, which ``strict`` does not mind. ``use_cache``: whether results that an
    earlier batch of the same owner computed may be taken; unsaid, as the catalogue has it for the model.
    ``webhook_url``: who is told of this batch, see ``Telling``.
    """

    job_name: Name
    protein_name: Name
    protein_sequence: str | None = None
    protein_structure: Annotated[str, Field(min_length=1)] | None = None
    protein_structures: (
        Annotated[tuple[NamedStructure, ...], Field(min_length=1, max_length=MOST_STRUCTURES)] | None
    ) = None
    ligands: Annotated[list[JsonValue], Field(min_length=1, max_length=MAX_LIGANDS_IN_BODY)] | None = None
    library: LibraryText | None = None
    variants: Annotated[list[JsonValue], Field(min_length=1, max_length=MAX_VARIANTS)] | None = None
    num_designs: Annotated[int, Field(ge=1, le=MAX_DESIGNS, strict=True)] | None = None
    model_name: str = "boltz2"
    task_type: str = "batch_protein_ligand_screening"
    use_msa: bool = True
    use_potentials: bool = False
    parameters: Mapping[str, JsonValue] = {}
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] = 42
    strict: bool = False
    molecule_filters: Annotated[MoleculeFilters | None, Field(exclude_if=_is_none)] = None
    use_cache: Annotated[bool | None, Field(exclude_if=_is_none)] = None
    configuration: Configuration = Configuration()
    metadata: Mapping[str, JsonValue] = {}

    @property
    def filters(self) -> MoleculeFilters:
        """Those that were asked for; none unless some were."""
        return self.molecule_filters or MoleculeFilters()

    @field_validator("protein_sequence")
    @classmethod
    def _one_sequence(cls, text: str | None) -> str | None:
        return None if text is None else read_sequence(text)

    @field_validator("protein_structures")
    @classmethod
    def _one_form_and_different_names(
        cls, structures: tuple[NamedStructure, ...] | None, info: ValidationInfo
    ) -> tuple[NamedStructure, ...] | None:
        if structures is None:
            return None
        if info.data.get("protein_structure") is not None:
            raise ValueError("give the target either as 'protein_structure' or as 'protein_structures'")
        if len({structure.name for structure in structures}) < len(structures):
            raise ValueError("two structures have the same name")
        return structures


def read_body(body: bytes, kind: type[F], *, most: int) -> F:
    """
    What a request body holds.

    Raises:
        TooLarge: the body has more than ``most`` bytes.
        InvalidInput: not JSON, or not this schema; one entry per wrong field.
    """
    if len(body) > most:
        raise TooLarge(f"the body has more than {most:,} bytes, which is all that is accepted")
    try:
        value = from_json(body, allow_inf_nan=False)  # unlike json.loads, no half characters either
    except ValueError as error:
        raise InvalidInput("the body is not JSON", [FieldError("", f"not JSON: {error}")]) from error
    return read_value(value, kind)


def read_value(value: Any, kind: type[F]) -> F:
    """The same of what was read already."""
    try:
        return kind.model_validate(value)
    except ValidationError as error:
        raise invalid(error) from error


def invalid(error: ValidationError, prefix: str = "") -> InvalidInput:
    """Pydantic's findings as our error, each with the path of its field."""
    found = [FieldError(_path(prefix, item["loc"]), _sentence(item)) for item in error.errors()]
    listed = "; ".join(f"{item.path or 'body'}: {item.message}" for item in found[:5])
    return InvalidInput(listed, found)


def _path(prefix: str, location: tuple[int | str, ...]) -> str:
    # Pydantic puts which of several schemas it took between the steps; no body has that.
    return ".".join(str(part) for part in (prefix, *location) if part != "" and part not in TYPES)


def _sentence(item: Any) -> str:
    return str(item["msg"]).removeprefix("Value error, ")
