"""What is said of a library before it is computed."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.submit.entries import Entry
from services.submit.report import EXAMPLES, MOST_REASONS, ChemistryReport, spread
from shared.models.batch import LibraryRow, RejectedRow
from tests.support.properties import examples
from tests.support.rows import check

LIBRARY = {
    "ethanol": "CCO",
    "salt": "CC(=O)[O-].[Na+]",
    "alanine, open": "CC(N)C(=O)O",
    "alanine, given": "C[C@H](N)C(=O)O",
    "butene, open": "CC=CC",
    "anion": "CC(=O)[O-]",
    "dication": "C[N+](C)(C)CC[N+](C)(C)C",
    "water": "O",
    "bad": "C1CC(",
    "worse": "C1CCCC(",
}


def report(smiles: dict[str, str], limit: int | None = None) -> dict[str, Any]:
    """The report of a library without repetitions."""
    made = ChemistryReport(most_heavy_atoms=limit)
    for index, (name, text) in enumerate(smiles.items()):
        made.take(check(Entry(index + 1, text, name, text), index=index, position=index))
    return made.as_dict()


def names(finding: dict[str, Any]) -> list[str]:
    """Which rows it names."""
    assert finding["count"] == len(finding["examples"])
    return [example["name"] for example in finding["examples"]]


def test_each_finding_names_its_rows() -> None:
    found = report(LIBRARY)
    assert (found["submitted"], found["valid"], found["invalid"]) == (10, 8, 2)
    assert names(found["salts_or_mixtures"]) == ["salt"]
    assert names(found["undefined_stereo"]) == ["alanine, open", "butene, open"]
    assert names(found["charged"]) == ["anion", "dication"]
    assert found["charged"]["by_charge"] == {"-1": 1, "+2": 1}
    assert names(found["without_carbon"]) == ["water"]
    assert found["heavy_atoms"] == {"min": 1, "median": 4, "max": 10}
    assert [rejection["count"] for rejection in found["rejections"]] == [2]


def test_ligands_that_the_model_does_not_take_are_named_only_where_it_states_a_limit() -> None:
    assert "too_large_for_model" not in report(LIBRARY)
    assert names(report(LIBRARY, 9)["too_large_for_model"]) == ["dication"]


def test_of_nothing_valid_no_size_is_told() -> None:
    assert report({"bad": "C1CC("})["heavy_atoms"] is None


def test_it_stays_small_whatever_the_library() -> None:
    made = ChemistryReport()
    for n in range(10 * MOST_REASONS):
        made.take(RejectedRow(index=n, line=n + 1, text="x", reason="why" + "?" * n))
        row = LibraryRow(
            position=n, index=n, line=n + 1, name="n", smiles="C", canonical_smiles="C", heavy_atoms=1
        )
        made.take(row, repeated=n > 0)
    found = made.as_dict()
    assert sum(made._reasons.values()) == 10 * MOST_REASONS
    assert len(made._reasons) == MOST_REASONS + 1
    assert found["duplicates"]["count"] == 10 * MOST_REASONS - 1
    assert len(found["duplicates"]["examples"]) == EXAMPLES


@examples(100)
@given(st.lists(st.integers(1, 500), min_size=1))
def test_the_median_is_a_value_with_half_on_either_side(sizes: list[int]) -> None:
    found = spread({size: sizes.count(size) for size in sizes})
    assert found is not None
    assert found["median"] == sorted(sizes)[(len(sizes) - 1) // 2]
    assert (found["min"], found["max"]) == (min(sizes), max(sizes))
