"""``POST /api/v3/batches/estimate``: the checks of a submission, time and cost, and nothing stored."""

from typing import Any

import pytest

from shared import wiring
from tests.services.test_libraries import FILES, uploaded
from tests.services.test_submit import BOX, RECEPTOR, library, nothing_stored
from tests.support.chain import Chain
from tests.support.functions import Reply
from tests.support.orders import noop_order
from tests.support.screens import assert_problem, opened, paths

ESTIMATE = "/api/v3/batches/estimate"


def asked(chain: Chain, order: dict[str, Any]) -> Reply:
    """The answer to an inquiry."""
    return chain._call("submit", "POST", ESTIMATE, order)


def told(chain: Chain, order: dict[str, Any]) -> dict[str, Any]:
    """What was answered to a good one."""
    reply = asked(chain, order)
    assert reply.status == 200, reply.body
    body: dict[str, Any] = reply.body
    return body


def test_the_rows_are_counted_as_a_submission_counts_them_and_nothing_is_stored(chain: Chain) -> None:
    body = told(chain, noop_order(5, invalid=2, repeated=1))
    assert body["counts"] == {
        "submitted": 8, "valid": 6, "invalid": 2, "filtered": 0, "duplicates": 1, "to_compute": 5
    }  # fmt: skip
    assert [row["line"] for row in body["rejected"]] == [6, 7]
    assert body["chemistry_report"]["duplicates"]["count"] == 1
    assert "rows that cannot be used: 2" in body["warnings"]
    assert nothing_stored(chain)


def test_the_time_is_that_of_a_run_over_what_runs_at_once_and_says_where_it_is_from(chain: Chain) -> None:
    time = told(chain, noop_order(10, model_name="vina", protein_structure=RECEPTOR, parameters={"box": BOX}))
    found = time["time"]
    assert (found["seconds_per_ligand"], found["at_once"], found["total_seconds"]) == (15, 2, 75)
    assert found["source"].startswith("drug-like ligands")


def test_on_a_machine_of_one_s_own_the_cost_is_zero_and_says_why(chain: Chain) -> None:
    cost = told(chain, noop_order(3))["cost"]
    assert (cost["usd"], cost["usd_low"], cost["usd_high"]) == (0, 0, 0)
    assert cost["provider"] == "this machine"
    assert "no provider's money" in cost["note"]


def test_a_number_of_ligands_will_do_without_a_target(chain: Chain) -> None:
    body = told(chain, {"model_name": "vina", "ligands_count": 1000})
    assert body["counts"]["to_compute"] == 1000
    assert body["time"]["total_seconds"] == 7500
    assert body["chemistry_report"] is None
    assert any("the target was not given" in warning for warning in body["warnings"])


def test_an_uploaded_library_is_read_where_it_lies(chain: Chain) -> None:
    uri = uploaded(chain, "a.csv", FILES["a.csv"].encode())
    body = told(chain, noop_order() | {"ligands": None, "library": {"uri": uri}})
    assert (body["counts"]["valid"], body["counts"]["invalid"]) == (3, 1)
    assert not list(wiring.local_blobs().list("batches/"))


REFUSED: dict[str, tuple[dict[str, Any], list[str]]] = {
    "unknown model": ({"model_name": "alphafold9"}, ["model_name"]),
    "a task it does not do": ({"task_type": "binding_site_prediction"}, ["task_type"]),
    "unknown task": ({"task_type": "folding"}, ["task_type"]),
    "no library": ({"ligands": None}, ["ligands"]),
    "a library and a count": ({"ligands_count": 3}, [""]),
    "no target": ({"model_name": "vina"}, ["protein_structure"]),
    "unknown parameter": ({"parameters": {"speed": 9}}, ["parameters.speed"]),
    "no valid row": ({"ligands": ["C1CC("]}, ["ligands[line 1]"]),
    "not a table": (library("name,code\nfoo,bar\n"), ["library.content"]),
    "too many": ({"ligands": None, "ligands_count": 10**9}, ["ligands_count"]),
    "no limit at all": ({"configuration": {"max_cost_usd": 0}}, ["configuration.max_cost_usd"]),
    "another's upload": ({"ligands": None, "library": {"uri": "omtx://uploads/x/y"}}, ["library.uri"]),
}


@pytest.mark.parametrize("case", sorted(REFUSED))
def test_what_a_submission_refuses_is_refused_with_the_same_field(chain: Chain, case: str) -> None:
    changes, expected = REFUSED[case]
    reply = asked(chain, noop_order(3) | changes)
    assert_problem(reply, 422)
    assert paths(reply) == expected


def test_a_strict_order_is_refused_for_one_bad_row(chain: Chain) -> None:
    assert_problem(asked(chain, noop_order(3, invalid=1, strict=True)), 422)


def test_a_limit_never_stops_what_costs_nothing(chain: Chain) -> None:
    limited: dict[str, Any] = {"configuration": {"max_cost_usd": 0.01}}
    assert told(chain, noop_order(3, **limited))["within_limit"] is True
    opened(chain, 3, **limited)


SEQUENCE = "MNIFEMLRIDEGLRLK"
WITHOUT_LIGANDS: dict[str, tuple[dict[str, Any], int]] = {
    "protein_structure": ({}, 1),
    "protein_complex": ({"parameters": {"chains": [{"kind": "protein", "sequence": SEQUENCE}]}}, 1),
    "variant_comparison": ({"variants": [{"sequence": SEQUENCE}, {"sequence": f"A{SEQUENCE}"}]}, 2),
    "nanobody_design": ({"num_designs": 9}, 3),
}


def about(task: str, **changes: Any) -> dict[str, Any]:
    """An order of the test model without ligands."""
    return {"task_type": task, "model_name": "noop", "protein_sequence": SEQUENCE, **changes}


@pytest.mark.parametrize("task", WITHOUT_LIGANDS)
def test_what_has_no_ligands_is_estimated_by_its_jobs(chain: Chain, task: str) -> None:
    changes, jobs = WITHOUT_LIGANDS[task]
    body = told(chain, about(task, **changes))
    assert (body["counts"]["to_compute"], body["counts"]["invalid"]) == (jobs, 0)
    assert body["time"]["total_seconds"] > 0
    assert nothing_stored(chain)


def test_a_variant_that_cannot_be_used_is_reported_and_a_repeated_one_is_computed_once(chain: Chain) -> None:
    listed = [{"sequence": SEQUENCE}, {"sequence": SEQUENCE}, {"sequence": "MK*T"}]
    body = told(chain, about("variant_comparison", variants=listed))
    counts = body["counts"]
    assert (counts["submitted"], counts["valid"], counts["invalid"], counts["filtered"]) == (3, 2, 1, 0)
    assert (counts["duplicates"], counts["to_compute"]) == (1, 1)
    assert [row["line"] for row in body["rejected"]] == [3]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        (about("variant_comparison"), "variants"),
        (about("nanobody_design", num_designs=0), "num_designs"),
        (about("protein_structure", ligands=["CCO"]), "ligands"),
        (about("protein_structure", parameters={"alignments": True}), "use_msa"),
    ],
)
def test_an_order_without_ligands_is_refused_as_its_submission_is(
    chain: Chain, changes: dict[str, Any], field: str
) -> None:
    assert paths(asked(chain, changes)) == [field]
    assert paths(chain.submit({"job_name": "a", "protein_name": "b", **changes})) == [field]


def test_an_estimate_says_that_an_alignment_is_searched_first(
    chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMTX_MSA_SERVER", "https://msa.example.org")
    wiring.reset()
    body = told(chain, about("protein_structure", parameters={"alignments": True}))
    assert any("alignments of 1 sequence(s) are searched" in it for it in body["warnings"])
