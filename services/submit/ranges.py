"""Filters by the figures of a molecule: each in its range."""

from typing import Annotated, Literal, Self

from pydantic import ConfigDict, JsonValue, StringConstraints, model_validator

from shared.models.base import Frozen

FilterName = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40, pattern=r"^[\w .+-]+$")
]


def _given(name: str) -> dict[str, JsonValue]:
    """The schema of objects in which this field is there, and no null."""
    return {"required": [name], "properties": {name: {"not": {"type": "null"}}}}


class Range(Frozen):
    """Both ends belong to it; at least one is given."""

    model_config = ConfigDict(json_schema_extra={"anyOf": [_given("min"), _given("max")]})

    min: float | None = None
    max: float | None = None

    @model_validator(mode="after")
    def _is_a_range(self) -> Self:
        if self.min is None and self.max is None:
            raise ValueError("give 'min', 'max' or both")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"nothing lies between {self.min:g} and {self.max:g}")
        return self


class DescriptorFilter(Frozen):
    """Every figure lies in its range. What each is, says ``descriptors``."""

    model_config = ConfigDict(json_schema_extra=lambda told: told.update(anyOf=_any_descriptor()))

    type: Literal["rdkit_descriptor_filter"]
    name: FilterName = "descriptors"
    mol_wt: Range | None = None
    mol_logp: Range | None = None
    num_h_donors: Range | None = None
    num_h_acceptors: Range | None = None
    num_rotatable_bonds: Range | None = None
    num_rings: Range | None = None
    num_aromatic_rings: Range | None = None
    num_heteroatoms: Range | None = None
    fraction_csp3: Range | None = None
    tpsa: Range | None = None
    num_heavy_atoms: Range | None = None
    formal_charge: Range | None = None
    qed: Range | None = None

    @model_validator(mode="after")
    def _has_a_range(self) -> Self:
        if not self.ranges:
            raise ValueError(f"names no descriptor; there are {', '.join(descriptor_names())}")
        return self

    @property
    def ranges(self) -> dict[str, Range]:
        """What was asked for, by descriptor."""
        found = {name: getattr(self, name) for name in descriptor_names()}
        return {name: bounds for name, bounds in found.items() if bounds is not None}


def _any_descriptor() -> list[JsonValue]:
    return [_given(name) for name in descriptor_names()]


def descriptor_names() -> list[str]:
    """The descriptors that an order may name."""
    return [name for name in DescriptorFilter.model_fields if name not in ("type", "name")]
