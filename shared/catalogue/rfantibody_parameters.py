"""What can be set for a design campaign with RFantibody, and what one job of it is asked for."""

import re
from typing import Annotated, Any, Literal, Self

from pydantic import AliasChoices, Field, field_validator, model_validator

from shared.catalogue.rfantibody_loops import ANTIBODY, LIGHT, NANOBODY, Loop, read_loops
from shared.models.base import Count, Frozen

MOST_HOTSPOTS = 50
MOST_DESIGNS = 50
LONGEST_FRAMEWORK = 1_000_000
LONGEST_LOOPS = 120

HOTSPOT = re.compile(
    r"(?:(?P<chain>[A-Za-z0-9]):|(?P<letter>[A-Za-z]))(?P<number>-?[0-9]{1,4})(?P<code>[A-Za-z]?)"
)


def read_hotspot(text: str) -> str:
    """
    ``A:123`` or ``A123``, with an insertion code if the residue has one, as ``A:123``.

    Raises:
        ValueError: it is neither; a chain whose name is a digit needs the colon.
    """
    match = HOTSPOT.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} does not name a residue: write chain and number, such as A:123 or A123")
    return f"{match['chain'] or match['letter']}:{int(match['number'])}{match['code'].upper()}"


class RfantibodyParameters(Frozen):
    """Settings of one campaign; defaults are those of the authors' nanobody example."""

    target_chain: str = Field(
        "A",
        pattern=r"^[A-Za-z0-9]$",
        description="The chain of the target that is bound, one letter or digit as in its file.",
    )
    hotspots: tuple[str, ...] = Field(
        min_length=1,
        max_length=MOST_HOTSPOTS,
        validation_alias=AliasChoices("hotspots", "hotspot_residues"),
        description="Residues of the target that the loops should touch, such as A:123 or A123, numbered as "
        "in its file: a list, or one text with commas.",
    )
    framework: Literal["vhh", "scfv", "fab", "given"] = Field(
        "vhh",
        description="vhh: the nanobody h-NbBCII10. scfv, fab: the variable domains of hu-4D5-8, the same for "
        "both, as neither linker nor constant domains are modelled. given: framework_file.",
    )
    framework_file: str | None = Field(
        None,
        max_length=LONGEST_FRAMEWORK,
        description="With framework given: a PDB file in HLT form, heavy chain H, then light chain L if it "
        "has one, with a REMARK PDBinfo-LABEL for every residue of a loop.",
    )
    loops: str | None = Field(
        None,
        max_length=LONGEST_LOOPS,
        description="The loops to design and their lengths; all others stay as the framework has them. "
        f"By default {NANOBODY} for a nanobody, {ANTIBODY} otherwise.",
    )
    sequences_per_backbone: int = Field(
        4, ge=1, le=16, description="Sequences that ProteinMPNN designs for each backbone."
    )
    temperature: float = Field(
        0.2, ge=0.001, le=1, description="How freely ProteinMPNN draws amino acids; low is conservative."
    )
    diffuser_t: int = Field(
        50, ge=15, le=200, description="Denoising steps of RFdiffusion; time grows with it."
    )
    recycles: int = Field(10, ge=1, le=30, description="Recycles of RF2; time grows with it.")
    hotspot_show_prop: float = Field(
        0.0,
        ge=0,
        le=1,
        description="Share of the interface residues that RF2 is shown. At 0 it has to find the site by "
        "itself, so that its agreement with the design means something.",
    )

    @field_validator("hotspots", mode="before")
    @classmethod
    def _separate(cls, given: Any) -> Any:
        return tuple(part for part in given.split(",") if part.strip()) if isinstance(given, str) else given

    @field_validator("hotspots")
    @classmethod
    def _normalise(cls, given: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(read_hotspot(text) for text in given))

    @field_validator("loops")
    @classmethod
    def _normalise_loops(cls, given: str | None) -> str | None:
        return None if given is None else ",".join(str(loop) for loop in read_loops(given))

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        elsewhere = [spot for spot in self.hotspots if spot.partition(":")[0] != self.target_chain]
        if elsewhere:
            raise ValueError(f"hotspots {', '.join(elsewhere)} are not on target_chain {self.target_chain}")
        if self.framework_file is not None and self.framework != "given":
            raise ValueError("framework_file goes with framework given")
        if self.framework == "vhh" and any(loop.name in LIGHT for loop in self.designed):
            raise ValueError("a nanobody has no light chain: loops may name H1, H2 and H3 only")
        return self

    @property
    def designed(self) -> tuple[Loop, ...]:
        """The loops that are designed; by default those of the framework's kind."""
        return read_loops(self.loops or (NANOBODY if self.framework == "vhh" else ANTIBODY))


class DesignShare(Frozen):
    """What one job designs: backbones numbered from ``first_design``, 0-based within the campaign."""

    first_design: Count
    designs: Annotated[int, Field(ge=1, le=MOST_DESIGNS)]
