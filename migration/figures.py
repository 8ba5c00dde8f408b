"""
The figures of a Boltz-2 result, whichever way the older system wrote it down: pure.

It wrote 0.0 where it had nothing, so a zero has to prove itself. It is a figure only under the name
that the model itself gives it, and beside a figure of the same pass (affinity or structure) that is
not zero. Under the names of the older system 0.0 was its word for "missing".
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from migration.spelling import number

# figure -> (the model's own name for it, names that the older system gave it)
AFFINITY: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "affinity": ("affinity_pred_value", ("affinity", "ens_affinity")),
    "affinity_prob": ("affinity_probability_binary", ("affinity_probability", "affinity_prob", "ens_prob")),
    "ens_aff_1": ("affinity_pred_value1", ("ens_aff_1",)),
    "ens_prob_1": ("affinity_probability_binary1", ("ens_prob_1",)),
    "ens_aff_2": ("affinity_pred_value2", ("ens_aff_2",)),
    "ens_prob_2": ("affinity_probability_binary2", ("ens_prob_2",)),
}
STRUCTURE: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "confidence": ("confidence_score", ("confidence",)),
    "ptm_score": ("ptm", ("ptm_score",)),
    "iptm_score": ("iptm", ("iptm_score",)),
    "ligand_iptm": ("ligand_iptm", ("ligand_iptm_score",)),
    "protein_iptm": ("protein_iptm", ("protein_iptm_score",)),
    "complex_plddt": ("complex_plddt", ("plddt_score",)),
    "complex_iplddt": ("complex_iplddt", ()),
    "complex_pde": ("complex_pde", ()),
    "complex_ipde": ("complex_ipde", ()),
}
COPIES = {"ens_affinity": "affinity", "ens_prob": "affinity_prob", "plddt_score": "complex_plddt"}
INNER = (
    *("affinity_ensemble", "confidence_metrics", "affinity", "confidence", "raw_modal_result", "results"),
    *("result", "output_data", "result_data"),
)
DEPTH = 4
Range = tuple[float | None, float | None]


@dataclass(frozen=True)
class Figures:
    """``values`` by the names of the catalogue; ``doubts``: what was there and was not believed."""

    values: Mapping[str, float]
    doubts: tuple[str, ...] = ()


def read_figures(documents: Sequence[Mapping[str, Any]], ranges: Mapping[str, Range]) -> Figures:
    """
    What the documents of one result say together; the first that gives a figure wins.

    A figure outside its range in the catalogue is not believed.
    """
    sections = [section for document in documents for section in _sections(document, DEPTH)]
    values: dict[str, float] = {}
    doubts: list[str] = []
    for group in (AFFINITY, STRUCTURE):
        found, zeros = _group(sections, group)
        values |= found
        if zeros:
            doubts.append(f"0.0 stands for a missing figure: {', '.join(zeros)}")
    for name in [name for name in values if not _within(values[name], ranges.get(name, (None, None)))]:
        doubts.append(f"{name} = {values.pop(name)!r} is out of its range")
    copies = {copy: values[name] for copy, name in COPIES.items() if name in values}
    return Figures(values | copies, tuple(doubts))


def _group(
    sections: Sequence[Mapping[str, Any]], group: Mapping[str, tuple[str, tuple[str, ...]]]
) -> tuple[dict[str, float], list[str]]:
    found: dict[str, float] = {}
    zeros: dict[str, bool] = {}  # figure -> whether the model itself named it
    for figure, (own, others) in group.items():
        values = [(name == own, value) for name in (own, *others) for value in _values(sections, name)]
        real = [value for _, value in values if value]
        if real:
            found[figure] = real[0]
        elif values:
            zeros[figure] = any(is_own for is_own, _ in values)
    proven = [figure for figure, is_own in zeros.items() if is_own and found]
    unproven = [figure for figure in zeros if figure not in proven]
    return found | dict.fromkeys(proven, 0.0), unproven


def _values(sections: Sequence[Mapping[str, Any]], name: str) -> Iterator[float]:
    for section in sections:
        value = number(section.get(name))
        if value is not None:
            yield value


def _sections(document: Mapping[str, Any], depth: int) -> Iterator[Mapping[str, Any]]:
    """The parts of a result that hold figures, the most original first."""
    if depth:
        for name in INNER:
            inner = document.get(name)
            if isinstance(inner, Mapping):
                yield from _sections(inner, depth - 1)
    yield document


def _within(value: float, bounds: Range) -> bool:
    least, most = bounds
    return (least is None or value >= least) and (most is None or value <= most)
