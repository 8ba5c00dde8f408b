"""Judging a ligand by the filters of an order: pure, and the same for every way to write the molecule."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from rdkit import Chem
from rdkit.Chem.FilterCatalog import FilterCatalog, FilterCatalogParams

from services.submit.descriptors import DESCRIPTORS, RULE_OF_FIVE, outside
from services.submit.filters import (
    AnyFilter,
    CatalogFilter,
    LipinskiFilter,
    MoleculeFilters,
    RegexFilter,
    SmartsFilter,
)
from services.submit.ranges import DescriptorFilter
from services.submit.regexes import Regex
from services.submit.smarts import read_smarts
from shared.chemistry.fragments import by_size

SHOWN_ALERTS = 3
Begun = Callable[[str], None]
"""Told the place in the order of each pattern before it is matched, and nothing when it is done."""
Judgement = Callable[[Chem.Mol, Begun], str | None]


@dataclass(frozen=True)
class Unwanted:
    """Which filter a ligand does not pass, and why; the reason begins with the filter's name."""

    filter: str
    reason: str


def unwanted(smiles: str, filters: MoleculeFilters, begun: Begun = lambda _: None) -> Unwanted | None:
    """
    The first filter that the molecule does not pass, with all that speaks against it; None: it passes.

    ``smiles`` is canonical. Of a salt or a mixture the largest fragment is judged.
    """
    molecule = Chem.MolFromSmiles(smiles)
    if "." in smiles:
        molecule = by_size(molecule)[0]
    for name, judge in _judges(filters):
        found = judge(molecule, begun)
        if found is not None:
            return Unwanted(name, f"{name}: {found}")
    return None


@lru_cache(maxsize=8)
def _judges(filters: MoleculeFilters) -> tuple[tuple[str, Judgement], ...]:
    """Read and compiled once in each process."""
    found = enumerate(filters.custom_filters)
    return tuple((it.name, _judge(it, f"molecule_filters.custom_filters.{n}")) for n, it in found)


def _judge(one: AnyFilter, place: str) -> Judgement:
    match one:
        case LipinskiFilter():
            return lambda molecule, _: _rule_of_five(molecule, one)
        case DescriptorFilter():
            return lambda molecule, _: "; ".join(_misses(molecule, one)) or None
        case CatalogFilter():
            catalog = _catalog(one.catalog)
            return lambda molecule, _: _alerts(molecule, catalog)
        case SmartsFilter():
            return _matcher(one, place)
        case RegexFilter():
            return _reader(one, place)


def _rule_of_five(molecule: Chem.Mol, rule: LipinskiFilter) -> str | None:
    found = (
        outside(label, figure(molecule), None, getattr(rule, bound))
        for bound, (label, figure) in RULE_OF_FIVE.items()
    )
    broken = [it for it in found if it is not None]
    return ", ".join(broken) if len(broken) > rule.allowed else None


def _misses(molecule: Chem.Mol, wanted: DescriptorFilter) -> Iterator[str]:
    for name, bounds in wanted.ranges.items():
        label, figure = DESCRIPTORS[name]
        missed = outside(label, figure(molecule), bounds.min, bounds.max)
        if missed is not None:
            yield missed


@lru_cache(maxsize=16)
def _catalog(name: str) -> FilterCatalog:
    return FilterCatalog(FilterCatalogParams(FilterCatalogParams.FilterCatalogs.names[name]))


def _alerts(molecule: Chem.Mol, catalog: FilterCatalog) -> str | None:
    if not catalog.HasMatch(molecule):  # which most molecules have not, and which stops at the first
        return None
    found = [entry.GetDescription() for entry in catalog.GetMatches(molecule)]
    more = len(found) - SHOWN_ALERTS
    return ", ".join(found[:SHOWN_ALERTS]) + (f" and {more} more" if more > 0 else "")


def _matcher(wanted: SmartsFilter, place: str) -> Judgement:
    patterns = [
        (f"{place}.patterns.{n}", it.label, read_smarts(it.smarts)) for n, it in enumerate(wanted.patterns)
    ]
    required = wanted.action == "require"

    def judged(molecule: Chem.Mol, begun: Begun) -> str | None:
        for where, label, pattern in patterns:
            begun(where)
            if molecule.HasSubstructMatch(pattern) != required:
                return f"{'does not match' if required else 'matches'} {label}"
        begun("")
        return None

    return judged


def _reader(wanted: RegexFilter, place: str) -> Judgement:
    expressions = [(f"{place}.patterns.{n}", it, Regex(it)) for n, it in enumerate(wanted.patterns)]

    def judged(molecule: Chem.Mol, begun: Begun) -> str | None:
        smiles = Chem.MolToSmiles(molecule)  # of the part that is judged
        for where, text, expression in expressions:
            begun(where)
            if expression.is_in(smiles):
                return f"matches {text}"
        begun("")
        return None

    return judged
