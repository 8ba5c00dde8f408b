"""From options to the body of a submission; what they mean is for the functions to judge."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from omtx.targets import of_files, sequence_of

from cli.errors import Refused
from cli.variants import read_variants

VARIANTS, DESIGNS = "variant_comparison", "nanobody_design"
"""The tasks of an order that has variants or designs and names none."""


@dataclass(frozen=True)
class Screen:
    """An order as the command line names it: a library, variants, a number of designs, or a target alone."""

    library: Path | None
    targets: Sequence[Path]
    sequence: str | None
    model: str | None
    name: str | None
    protein_name: str | None
    seed: int | None
    strict: bool = False
    task: str | None = None
    variants: Path | None = None
    designs: int | None = None
    use_msa: bool | None = None
    filters: Mapping[str, Any] | None = None

    @property
    def task_type(self) -> str | None:
        """The task that was named, or that goes with what was given; None: a screen of ligands."""
        if self.task is not None or self.library is not None:
            return self.task
        if self.variants is not None:
            return VARIANTS
        if self.designs is not None:
            return DESIGNS
        raise Refused(
            "what is to be computed? Give a library of ligands, --variants, --num-designs, or a --task "
            "about the target alone (`omtx tasks` lists them)"
        )


def order(screen: Screen, parameters: Mapping[str, Any], *, model: str) -> dict[str, Any]:
    """The body, but for the library; names that were not given are those of the files."""
    target = _target(screen)
    further = {
        "task_type": screen.task_type,
        "seed": screen.seed,
        "num_designs": screen.designs,
        "use_msa": screen.use_msa,
        "molecule_filters": screen.filters,
    }
    return {
        "job_name": screen.name or _named(screen),
        "protein_name": screen.protein_name or _named_after(screen) or "unnamed",
        "model_name": model,
        "parameters": dict(parameters),
        "strict": screen.strict,
        **{name: value for name, value in further.items() if value is not None},
        **({"variants": read_variants(screen.variants, target)} if screen.variants else {}),
        **target,
    }


def _target(screen: Screen) -> dict[str, Any]:
    target = of_files(screen.targets)
    if screen.sequence is None:
        return target
    if "protein_sequence" in target:
        raise Refused("the sequence is given twice, by --target and by --sequence")
    return {**target, "protein_sequence": sequence_of(screen.sequence)}


def _named(screen: Screen) -> str:
    file = screen.library or screen.variants
    return (file.name.split(".")[0] or file.name) if file else str(screen.task_type)


def _named_after(screen: Screen) -> str | None:
    """The file of the target, if there is one; a sequence may be given as it is."""
    if screen.targets:
        return screen.targets[0].stem
    return Path(screen.sequence).stem if screen.sequence and Path(screen.sequence).suffix else None
