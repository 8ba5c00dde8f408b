"""Result rows and their ranks."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.rows import FOURTEEN, ranks, rejected_row, result_row, score
from shared.models.batch import JobStatus, LibraryRow, RejectedRow
from shared.models.work import Artefact
from tests.support.facts import WRONG, a_batch, at, outcome
from tests.support.world import NOON

ROW = LibraryRow(
    position=0,
    index=2,
    line=4,
    name="ethanol",
    smiles="OCC",
    canonical_smiles="CCO",
    heavy_atoms=3,
    warnings=("salt",),
    data={"ic50": "3"},
)
BATCH = a_batch()
scores = st.lists(st.floats(-12, 0) | st.sampled_from([-7.0, -6.5, -6.5000001]), max_size=40)


def row(**facts: Any) -> dict[str, Any]:
    """A row of a ligand whose outcome has these facts."""
    kind = facts.pop("kind", "completed")
    settled = outcome(BATCH, 0, kind, **facts)
    return result_row(ROW, job_id="job", status=JobStatus(kind), outcome=settled, rank=1)


@given(scores, st.sampled_from(["ascending", "descending"]))
def test_every_score_has_a_rank_of_its_own_and_the_best_has_rank_one(found: list[float], order: str) -> None:
    ranked = ranks(enumerate(found), order=order)
    assert sorted(ranked.values()) == list(range(1, len(found) + 1))
    listed = [found[position] for position in sorted(ranked, key=ranked.__getitem__)]
    assert listed == sorted(found, reverse=order == "descending")


@given(scores, st.sampled_from(["ascending", "descending"]), st.randoms())
def test_ties_keep_the_order_of_the_library_in_whatever_order_they_come(
    found: list[float], order: str, chance: Any
) -> None:
    pairs = list(enumerate(found))
    expected = ranks(pairs, order=order)
    chance.shuffle(pairs)
    assert ranks(pairs, order=order) == expected
    for first, one in expected.items():
        for second, other in expected.items():
            if found[first] == found[second] and first < second:
                assert one < other


@pytest.mark.parametrize(
    ("value", "expected"),
    [(-5.5, -5.5), (3, 3.0), (0, 0.0), (None, None), ("-5.5", None), (True, None), (False, None)],
)
def test_only_a_number_is_a_score(value: object, expected: float | None) -> None:
    assert score(outcome(BATCH, metrics={"affinity": value}), "affinity") == expected


def test_a_ligand_without_the_figure_has_no_score() -> None:
    assert score(outcome(BATCH, metrics={"affinity": -5}), "affinity_prob") is None


def test_a_completed_row_shows_what_was_predicted_and_null_for_the_rest() -> None:
    files = tuple(
        Artefact(name=name, key=f"jobs/{name}", size=1, sha256="0" * 64)
        for name in ("results.json", "structure.cif")
    )
    metrics = {"affinity": -5.5, "iptm_score": 0.9, "pose_valid": True}
    found = row(metrics=metrics, artefacts=files, started_at=at(-2), seed=7, call_id="call")
    assert (found["affinity"], found["iptm_score"], found["confidence"]) == (-5.5, 0.9, None)
    assert found["metrics"] == {"affinity": -5.5, "pose_valid": True}
    assert (found["has_results"], found["has_structure"], found["error"]) == (True, True, None)
    assert (found["execution_time"], found["seed"], found["attempt"]) == (2.0, 7, 1)
    assert (found["ligand_smiles"], found["canonical_smiles"]) == ("OCC", "CCO")
    assert (found["warnings"], found["data"], found["completed_at"]) == (
        ["salt"],
        {"ic50": "3"},
        NOON.isoformat(),
    )
    assert {field for field in FOURTEEN if found[field] is not None} == {"iptm_score"}


def test_a_failed_row_says_why_and_has_no_figures() -> None:
    found = row(kind="failed", failure=WRONG)
    assert found["error"] == {"class": "model_error", "message": "no pose was found"}
    assert (found["affinity"], found["has_results"], found["status"]) == (None, False, "failed")


def test_a_cancelled_row_took_no_time() -> None:
    assert row(kind="cancelled", started_at=at(-2))["execution_time"] is None


def test_an_open_row_has_no_outcome_to_show() -> None:
    found = result_row(ROW, job_id="job", status=JobStatus.RUNNING, outcome=None, rank=None)
    assert (found["status"], found["affinity"], found["attempt"], found["completed_at"]) == (
        "running",
        *[None] * 3,
    )


@pytest.mark.parametrize("kind", ["invalid", "filtered"])
def test_a_rejected_row_has_the_fields_of_every_row_and_the_reason(kind: Any) -> None:
    rejected = rejected_row(RejectedRow(index=3, line=5, text="C1CC(", kind=kind, reason="unclosed ring"))
    assert rejected.keys() == row().keys()
    assert rejected["error"] == {"class": f"{kind}_row", "message": "unclosed ring"}
    assert (rejected["line"], rejected["ligand_smiles"], rejected["status"]) == (5, "C1CC(", kind)
    json.dumps(rejected, allow_nan=False)
