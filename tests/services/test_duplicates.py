"""Rows that hold the same molecule: all are kept and told, one is computed."""

import csv
import io
import json
from typing import Any

import pytest

from tests.support.chain import Chain
from tests.support.screens import deliver_all, finished, status, waiting

# ethanol three times, written in three ways; benzene twice; one row that is no molecule
ROWS = [
    {"name": "a", "smiles": "CCO"},
    {"name": "b", "smiles": "c1ccccc1"},
    {"name": "c", "smiles": "OCC"},
    {"name": "d", "smiles": "C1CC("},
    {"name": "e", "smiles": "C(O)C"},
    {"name": "f", "smiles": "C1=CC=CC=C1"},
    {"name": "g", "smiles": "CCN"},
]


def order(**changes: Any) -> dict[str, Any]:
    """A screen of these rows."""
    screen = {"job_name": "a screen", "protein_name": "T4 lysozyme", "model_name": "noop", "ligands": ROWS}
    return screen | changes


def submitted(chain: Chain, **changes: Any) -> str:
    """The id of the screen, accepted."""
    reply = chain.submit(order(**changes))
    assert reply.status == 202, reply.body
    assert (reply.body["total_jobs"], reply.body["duplicates"]) == (7, 3)
    return str(reply.body["batch_id"])


def results(chain: Chain, batch_id: str) -> dict[str, dict[str, Any]]:
    """The result rows by name."""
    rows = chain.api(f"/api/v3/batches/{batch_id}/results?page_size=100").body["results"]
    return {row["ligand_name"]: row for row in rows if row["ligand_name"]}


def test_a_molecule_is_computed_once_and_counts_for_each_of_its_rows(chain: Chain) -> None:
    batch_id = submitted(chain)
    deliver_all(chain)
    assert len(chain.taken()) == 3
    stands = status(chain, batch_id)
    assert stands["accounting_sentence"].endswith("+ 3 pending + 3 running")
    assert [job["copies"] for job in stands["jobs"]] == [3, 2, 1]


def test_while_it_runs_and_at_the_end_the_sum_counts_rows(chain: Chain) -> None:
    batch_id = submitted(chain)
    while chain.step():
        assert status(chain, batch_id)["invariant_holds"]
    chain.drain()
    stands = status(chain, batch_id)
    assert stands["accounting_sentence"] == (
        "submitted 7 = 6 completed + 0 failed + 1 invalid + 0 filtered + 0 cancelled"
    )
    assert chain.api(f"/api/v3/batches/{batch_id}/verify").body["ok"]


@pytest.mark.parametrize("end", ["finished", "partial"])
def test_a_repeated_row_is_marked_and_has_the_figures_and_the_rank_of_its_first(
    chain: Chain, end: str
) -> None:
    batch_id = submitted(chain)
    while chain.step():
        if end == "partial" and "aggregate-batch-finished" in waiting():
            break
    rows = results(chain, batch_id)
    assert {name: row["duplicate_of"] for name, row in rows.items()} == {
        **{"a": None, "b": None, "g": None},
        **{"c": 0, "e": 0, "f": 1},
    }
    for name, first in (("c", "a"), ("e", "a"), ("f", "b")):
        for field in ("rank", "affinity", "seed", "job_id", "status", "canonical_smiles"):
            assert rows[name][field] == rows[first][field], (name, field)
    assert sorted({row["rank"] for row in rows.values()}) == [1, 2, 3]
    names = list(rows)
    assert names.index("c") == names.index("a") + 1
    assert names.index("e") == names.index("a") + 2


def test_every_artefact_tells_each_row_once_and_each_job_once(chain: Chain) -> None:
    batch_id = submitted(chain)
    chain.drain()

    def stored(name: str) -> bytes:
        return chain.api(f"/api/v3/batches/{batch_id}/artefacts/{name}").raw

    table = list(csv.DictReader(io.StringIO(stored("results/batch_results.csv").decode())))
    assert {row["ligand_name"]: row["duplicate_of"] for row in table}["f"] == "1"
    assert len(table) == len(json.loads(stored("batch_results.json"))["jobs"]) == 7
    assert len(json.loads(stored("batch_index.json"))["individual_jobs"]) == 3
    assert len(json.loads(stored("results/job_index.json"))["jobs"]) == 3
    summary = json.loads(stored("summary.json"))
    assert summary["processing_stats"]["completed_jobs"] == 6
    assert summary["prediction_summary"]["affinity_stats"]["count"] == 3
    assert len(summary["top_predictions"]["best_affinity"]) == 3


def test_rows_of_a_molecule_that_fails_all_fail_and_are_all_retried(chain: Chain) -> None:
    batch_id = submitted(chain, parameters={"failure_rate": 1.0, "failing_rounds": 1})
    chain.drain()
    assert status(chain, batch_id)["accounting"]["failed"] == 6
    chain.api(f"/api/v3/batches/{batch_id}/control/retry_failed", "POST")
    chain.drain()
    assert status(chain, batch_id)["accounting"]["completed"] == 6
    assert chain.api(f"/api/v3/batches/{batch_id}/verify").body["ok"]


def test_rows_of_a_cancelled_molecule_are_all_cancelled(chain: Chain) -> None:
    batch_id = submitted(chain)
    chain.api(f"/api/v3/batches/{batch_id}/control/cancel", "POST")
    chain.drain()
    assert status(chain, batch_id)["accounting"]["cancelled"] == 6


def test_a_library_without_repetitions_has_none(chain: Chain) -> None:
    batch_id = finished(chain, 3)
    assert {row["duplicate_of"] for row in results(chain, batch_id).values()} == {None}


def test_the_answer_reports_the_chemistry_of_the_library_also_when_it_is_asked_for_again(
    chain: Chain,
) -> None:
    first, again = (chain.submit(order(), key="k").body["chemistry_report"] for _ in range(2))
    assert first == again
    assert (first["submitted"], first["invalid"], first["duplicates"]["count"]) == (7, 1, 3)
    assert first["duplicates"]["examples"][0] == {"line": 3, "name": "c"}
