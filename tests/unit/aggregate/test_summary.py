"""Sums over rows: the same figures as adding up a list, in constant memory."""

import statistics
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.aggregate.summary import TOP, Figures, Spread, brief

figures = st.none() | st.floats(-1e6, 1e6)


def row(index: int = 0, **changes: Any) -> dict[str, Any]:
    """A completed row."""
    fields = dict.fromkeys(
        ("affinity", "confidence", "ptm_score", "iptm_score", "plddt_score", "execution_time", "duplicate_of")
    )
    named = {"index": index, "status": "completed", "error": None, "has_structure": False, "rank": 1}
    return {**fields, **named, "job_id": f"job {index}", "ligand_name": "x", "ligand_smiles": "C", **changes}


def figured(*rows: dict[str, Any], files: int = 0) -> Figures:
    """The figures of some rows."""
    found = Figures()
    for each in rows:
        found.add(each, files=files, versions={})
    return found


@given(st.lists(figures, max_size=30))
def test_a_spread_is_that_of_the_values_there_are(values: list[float | None]) -> None:
    spread, known = Spread(), [value for value in values if value is not None]
    for value in values:
        spread.add(value)
    assert (spread.count, spread.least, spread.most) == (
        len(known),
        min(known, default=None),
        max(known, default=None),
    )
    assert spread.mean == (pytest.approx(statistics.fmean(known), abs=1e-6) if known else None)


def test_a_spread_of_nothing_is_null_and_not_zero() -> None:
    assert Spread().as_dict() == {"count": 0, "mean": None, "min": None, "max": None}


def test_only_completed_rows_have_figures() -> None:
    found = figured(
        row(affinity=-5.0),
        row(status="failed", affinity=-9.0, error={"class": "timeout", "message": "x"}),
        row(status="invalid", error={"class": "invalid_row", "message": "x"}),
    )
    assert (found.affinity.count, found.affinity.mean) == (1, -5.0)
    assert found.failures == {"timeout": 1, "invalid_row": 1}


def test_files_structures_and_versions_are_of_all_rows() -> None:
    found = Figures()
    found.add(row(has_structure=True), files=3, versions={"vina": "1.2.7"})
    found.add(row(has_structure=True), files=2, versions={"rdkit": "2026.9.1"})
    assert (found.files, found.structures) == (5, 2)
    assert found.versions == {"vina": "1.2.7", "rdkit": "2026.9.1"}


@given(st.lists(st.sampled_from([None, 0.0, 0.25, 0.5, 1.0]), max_size=40))
def test_the_most_confident_are_the_highest_ties_in_the_order_of_the_library(
    confidences: list[float | None],
) -> None:
    found = figured(*(row(index, confidence=value) for index, value in enumerate(confidences)))
    known = [(index, value) for index, value in enumerate(confidences) if value is not None]
    expected = sorted(known, key=lambda item: (-item[1], item[0]))[:5]
    assert [each["job_id"] for each in found.most_confident(5)] == [f"job {index}" for index, _ in expected]
    assert len(found.confident) <= TOP


def test_a_brief_names_the_ligand_and_its_scores() -> None:
    assert brief(row(affinity=-5.0, metrics={"ranking_pae": 7.5}, surprise=1)) == {
        "rank": 1,
        "job_id": "job 0",
        "ligand_name": "x",
        "ligand_smiles": "C",
        "affinity": -5.0,
        "confidence": None,
        "metrics": {"ranking_pae": 7.5},
    }
