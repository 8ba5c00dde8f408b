"""What molecules an order wants computed: the schema of ``molecule_filters``."""

from collections import Counter
from collections.abc import Iterator
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    JsonValue,
    field_validator,
    model_validator,
)

from services.submit.ranges import DescriptorFilter, FilterName
from services.submit.regexes import LONGEST_REGEX, checked_regex
from services.submit.smarts import LONGEST_SMARTS, read_smarts
from shared.models.base import Frozen

MOST_FILTERS = 20
MOST_PATTERNS = 50
# Said of a list that a validator checks: where a row of it is wrong, pydantic would count it as missing, too.
SOME: dict[str, JsonValue] = {"minItems": 1}
Catalog = Literal[
    "PAINS",
    "PAINS_A",
    "PAINS_B",
    "PAINS_C",
    "BRENK",
    "NIH",
    "ZINC",
    "CHEMBL",
    "CHEMBL_BMS",
    "CHEMBL_Dundee",
    "CHEMBL_Glaxo",
    "CHEMBL_Inpharmatica",
    "CHEMBL_LINT",
    "CHEMBL_MLSMR",
    "CHEMBL_SureChEMBL",
]


class LipinskiFilter(Frozen):
    """
    The rule of five: no more than ``max_violations`` of the four bounds are broken, 1 unless given.

    ``allow_single_violation`` says the same in other words: 1 or 0.
    """

    type: Literal["lipinski_filter"]
    name: FilterName = "lipinski"
    max_mw: float = 500
    max_logp: float = 5
    max_hbd: int = 5
    max_hba: int = 10
    max_violations: Annotated[int, Field(ge=0, le=3)] | None = None
    allow_single_violation: bool | None = None

    @model_validator(mode="after")
    def _said_once(self) -> Self:
        if self.max_violations is not None and self.allow_single_violation is not None:
            raise ValueError("give either 'max_violations' or 'allow_single_violation'")
        return self

    @property
    def allowed(self) -> int:
        """How many bounds may be broken."""
        if self.max_violations is not None:
            return self.max_violations
        return 1 if self.allow_single_violation is None else int(self.allow_single_violation)


class CatalogFilter(Frozen):
    """The molecule has none of the alerts of a catalogue of RDKit's."""

    type: Literal["smarts_catalog_filter"]
    catalog: Catalog
    name: FilterName = ""

    @model_validator(mode="before")
    @classmethod
    def _named_after_the_catalog(cls, given: Any) -> Any:
        named = isinstance(given, dict) and given.get("name") is None and "catalog" in given
        return {**given, "name": given["catalog"]} if named else given


class Pattern(Frozen):
    """A SMARTS, and what reasons call it: the SMARTS itself unless it has a name."""

    smarts: Annotated[str, Field(min_length=1, max_length=LONGEST_SMARTS)]
    name: FilterName | None = None

    @field_validator("smarts")
    @classmethod
    def _is_smarts(cls, text: str) -> str:
        read_smarts(text)
        return text

    @property
    def label(self) -> str:
        """As a reason names it."""
        return self.smarts if self.name is None else f"{self.name} ({self.smarts})"


def _as_pattern(given: Any) -> Any:
    return {"smarts": given} if isinstance(given, str) else given


class SmartsFilter(Frozen):
    """The molecule matches none of the patterns (``reject``), or each of them (``require``)."""

    type: Literal["smarts_custom_filter"]
    action: Literal["reject", "require"] = "reject"
    patterns: Annotated[
        tuple[Annotated[Pattern, BeforeValidator(_as_pattern)], ...],
        Field(max_length=MOST_PATTERNS, json_schema_extra=SOME),
    ]
    name: FilterName = ""

    @field_validator("patterns")
    @classmethod
    def _has_one(cls, patterns: tuple[Pattern, ...]) -> tuple[Pattern, ...]:
        if not patterns:
            raise ValueError("names no SMARTS")
        return patterns

    @model_validator(mode="before")
    @classmethod
    def _named_after_the_action(cls, given: Any) -> Any:
        if not isinstance(given, dict) or given.get("name") is not None:
            return given
        return {**given, "name": "required SMARTS" if given.get("action") == "require" else "SMARTS"}


Expression = Annotated[str, Field(min_length=1, max_length=LONGEST_REGEX), AfterValidator(checked_regex)]


class RegexFilter(Frozen):
    """None of the regular expressions, as RE2 reads them, matches anywhere in the canonical SMILES."""

    type: Literal["smiles_regex_filter"]
    patterns: Annotated[tuple[Expression, ...], Field(max_length=MOST_PATTERNS, json_schema_extra=SOME)]
    name: FilterName = "SMILES regex"

    @field_validator("patterns")
    @classmethod
    def _has_one(cls, patterns: tuple[str, ...]) -> tuple[str, ...]:
        if not patterns:
            raise ValueError("names no expression")
        return patterns


AnyFilter = Annotated[
    LipinskiFilter | DescriptorFilter | CatalogFilter | SmartsFilter | RegexFilter,
    Field(discriminator="type"),
]
TYPES = (
    *("lipinski_filter", "rdkit_descriptor_filter", "smarts_catalog_filter", "smarts_custom_filter"),
    "smiles_regex_filter",
)


class MoleculeFilters(Frozen):
    """
    A ligand is computed only if it passes every filter; the first one that it does not pass names it.

    ``boltz_smarts_catalog_filter_level`` is known to clients of another service, whose own alerts are not
    public: they can only be switched off.
    """

    boltz_smarts_catalog_filter_level: Literal["disabled"] = "disabled"
    custom_filters: Annotated[tuple[AnyFilter, ...], Field(max_length=MOST_FILTERS)] = ()

    @model_validator(mode="after")
    def _can_be_told_apart(self) -> Self:
        for name, count in Counter(self.names).items():
            if count > 1:
                raise ValueError(f"{count} filters are named {name!r}; give each a name of its own")
        if len(list(self.patterns)) > MOST_PATTERNS:
            raise ValueError(f"all filters together may have {MOST_PATTERNS} SMARTS and expressions")
        return self

    @property
    def names(self) -> list[str]:
        """Of the filters, in their order."""
        return [it.name for it in self.custom_filters]

    @property
    def patterns(self) -> Iterator[Pattern | str]:
        """What a user wrote and may take long to match: SMARTS any time, of expressions it adds up."""
        return (
            it
            for one in self.custom_filters
            if isinstance(one, SmartsFilter | RegexFilter)
            for it in one.patterns
        )
