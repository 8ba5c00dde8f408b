"""Batches whose jobs are no ligands, and predictions by task, through the whole chain."""

import csv
import gzip
import io
import json
from typing import Any

import pyarrow.parquet as pq
import pytest

from shared import wiring
from tests.support.chain import Chain
from tests.support.orders import noop_order
from tests.support.screens import answers, assert_problem, deliver_all, paths, status
from tests.unit.test_schemas import assert_fits

SEQUENCE = "MNIFEMLRIDEGLRLK"
STORED = {"payload_bytes": 8}
VARIANTS = [
    {"name": "wild type", "sequence": SEQUENCE},
    {"name": "M1L", "sequence": "L" + SEQUENCE[1:]},
    {"name": "broken", "sequence": "ABC"},
    {"name": "again", "sequence": SEQUENCE},
]
ORDERS: dict[str, dict[str, Any]] = {
    "target": {"task_type": "protein_structure", "protein_sequence": SEQUENCE},
    "variant": {"task_type": "variant_comparison", "protein_sequence": SEQUENCE, "variants": VARIANTS},
    "design": {"task_type": "nanobody_design", "num_designs": 10},
}
ITEMS: dict[str, list[dict[str, Any]]] = {
    "target": [{}],
    "variant": [{"sequence": SEQUENCE}, {"sequence": "L" + SEQUENCE[1:]}],
    "design": [
        {"first_design": 0, "designs": 4},
        {"first_design": 4, "designs": 4},
        {"first_design": 8, "designs": 2},
    ],
}


def order(kind: str, **parameters: Any) -> dict[str, Any]:
    """An order of rows of this kind to the test model, which stores its results."""
    return noop_order() | {"ligands": None, "parameters": STORED | parameters} | ORDERS[kind]


def ran(chain: Chain, kind: str, **parameters: Any) -> str:
    """The id of such a batch, run to its end."""
    reply = chain.submit(order(kind, **parameters))
    assert reply.status == 202, reply.body
    chain.drain()
    batch_id: str = reply.body["batch_id"]
    return batch_id


def document(batch_id: str, name: str) -> Any:
    """A JSON artefact of the batch."""
    return json.loads(wiring.local_blobs().get(f"batches/{batch_id}/{name}"))


def results(chain: Chain, batch_id: str) -> list[dict[str, Any]]:
    """Its result rows in the order of the library."""
    rows: list[dict[str, Any]] = chain.api(f"/api/v3/batches/{batch_id}/results?page_size=100").body[
        "results"
    ]
    return sorted(rows, key=lambda row: int(row["index"]))


@pytest.mark.parametrize("kind", ORDERS)
def test_each_job_gets_its_item_and_no_smiles(chain: Chain, kind: str) -> None:
    chain.submit(order(kind))
    deliver_all(chain)
    orders = sorted((call.order for call in chain.taken()), key=lambda it: it.ref.position)
    assert [dict(it.item) for it in orders] == ITEMS[kind]
    assert {it.smiles for it in orders} == {None}
    assert len({it.seed for it in orders}) == len(orders)


@pytest.mark.parametrize("kind", ORDERS)
def test_the_accounting_is_exact_and_everything_verifies(chain: Chain, kind: str) -> None:
    batch_id = ran(chain, kind)
    found = status(chain, batch_id)
    assert (found["status"], found["invariant_holds"]) == ("completed", True)
    expected = {"target": (1, 0), "variant": (3, 1), "design": (3, 0)}[kind]
    assert (found["accounting"]["completed"], found["accounting"]["invalid"]) == expected
    audit = chain.api(f"/api/v3/batches/{batch_id}/verify").body
    assert (audit["ok"], audit["problems"]) == (True, [])


@pytest.mark.parametrize("kind", ORDERS)
def test_smiles_are_null_in_every_artefact(chain: Chain, kind: str) -> None:
    batch_id = ran(chain, kind)
    for name in ("batch_results", "summary", "manifest", "batch_index", "batch_metadata"):
        assert_fits(name, document(batch_id, f"{name}.json"))
    for name in ("aggregated", "job_index"):
        assert_fits(name, document(batch_id, f"results/{name}.json"))
    said = [*_values(document(batch_id, "batch_results.json"), "ligand_smiles")]
    said += _values(document(batch_id, "batch_index.json"), "ligand_smiles")
    said += _values(document(batch_id, "results/job_index.json"), "ligand_smiles")
    said += _values(document(batch_id, "batch_results.json"), "canonical_smiles")
    for row in results(chain, batch_id):
        if row["job_id"] is not None:
            for name in ("results", "metadata"):
                it = document(batch_id, f"jobs/{row['job_id']}/{name}.json")
                assert_fits(name, it)
                said += _values(it, "ligand_smiles")
    assert said
    assert set(said) == {None}


def _values(document: Any, key: str) -> list[Any]:
    """Every value under the key, at any depth."""
    if isinstance(document, dict):
        inner = [value for it in document.values() for value in _values(it, key)]
        return [*([document[key]] if key in document else []), *inner]
    return [value for it in document for value in _values(it, key)] if isinstance(document, list) else []


def test_tables_say_what_each_job_is_about(chain: Chain) -> None:
    batch_id = ran(chain, "design")
    blobs = wiring.local_blobs()
    text = blobs.get(f"batches/{batch_id}/results/batch_results.csv").decode()
    rows = sorted(csv.DictReader(io.StringIO(text)), key=lambda row: int(row["index"]))
    assert [(row["smiles"], row["item_first_design"], row["item_designs"]) for row in rows] == [
        ("", "0", "4"),
        ("", "4", "4"),
        ("", "8", "2"),
    ]
    table = pq.read_table(io.BytesIO(blobs.get(f"batches/{batch_id}/results/results.parquet")))
    assert table["smiles"].null_count == 3
    assert sorted(table["item_first_design"].to_pylist()) == [0, 4, 8]
    columns = json.loads(gzip.decompress(blobs.get(f"batches/{batch_id}/results/results.columns.json.gz")))
    assert_fits("results.columns", columns)
    assert "smiles" in columns["empty"]
    assert sorted(columns["columns"]["item_designs"]) == [2, 4, 4]


def test_variants_are_ranked_repeated_and_rejected_as_rows_of_a_library(chain: Chain) -> None:
    batch_id = ran(chain, "variant")
    first, second, broken, again = results(chain, batch_id)
    assert {first["rank"], second["rank"]} == {1, 2}
    assert [row["kind"] for row in (first, second, broken, again)] == ["variant"] * 4
    assert (again["duplicate_of"], again["job_id"], again["ligand_name"]) == (0, first["job_id"], "again")
    assert (broken["status"], broken["ligand_smiles"]) == ("invalid", None)
    assert "ABC" in broken["item"]["text"]
    assert "the sequence has letters that are no amino acids: B" in broken["error"]["message"]
    rejected = wiring.local_blobs().get(f"batches/{batch_id}/rejected.csv").decode()
    assert '"sequence"": ""ABC""' in rejected
    assert set(document(batch_id, "manifest.json")["library"]) >= {"duplicates"}


def test_jobs_of_designs_that_fail_are_retried(chain: Chain) -> None:
    batch_id = ran(chain, "design", failure_rate=1.0, failing_rounds=1)
    assert status(chain, batch_id)["accounting"]["failed"] == 3
    chain.api(f"/api/v3/batches/{batch_id}/control/retry_failed", "POST")
    chain.reconcile()
    chain.drain()
    assert status(chain, batch_id)["accounting"]["completed"] == 3
    assert [row["item"] for row in results(chain, batch_id)] == ITEMS["design"]
    assert chain.api(f"/api/v3/batches/{batch_id}/verify").body["ok"]


def test_the_same_target_alone_gets_the_same_seed_in_another_batch(chain: Chain) -> None:
    seeds = {results(chain, ran(chain, "target"))[0]["seed"] for _ in range(2)}
    assert len(seeds) == 1


def test_batches_of_all_kinds_run_beside_each_other(chain: Chain) -> None:
    replies = [chain.submit(order(kind)) for kind in ORDERS] + [chain.submit(noop_order(5, invalid=1))]
    deliver_all(chain)
    for envelope in reversed(answers(chain)):
        chain.webhook(envelope)
        chain.webhook(envelope)
    chain.drain()
    for reply in replies:
        assert status(chain, reply.body["batch_id"])["invariant_holds"]
        assert chain.api(f"/api/v3/batches/{reply.body['batch_id']}/verify").body["ok"]


def test_a_single_prediction_without_a_ligand_has_no_affinity_file(chain: Chain) -> None:
    batch_id = ran(chain, "target")
    [row] = results(chain, batch_id)
    names = {key.rpartition("/")[2] for key in wiring.local_blobs().list(f"jobs/{row['job_id']}/")}
    assert names == {"results.json", "metadata.json", "confidence.json"}


def test_a_job_says_what_it_is_about(chain: Chain) -> None:
    batch_id = ran(chain, "design")
    job = chain.api(f"/api/jobs/{results(chain, batch_id)[2]['job_id']}").body
    assert (job["name"], job["kind"], job["item"]) == ("designs 9 to 10", "design", ITEMS["design"][2])
    assert job["ligand_smiles"] is None


# by task


def predict(chain: Chain, task_id: str, **given: Any) -> Any:
    """Ask by task."""
    body = {"task_type": task_id, "model_id": "noop", "job_name": "asked", "input_data": given}
    return chain._call("submit", "POST", "/api/v2/predict", body)


def test_a_prediction_is_a_batch_of_one(chain: Chain) -> None:
    reply = predict(chain, "protein_ligand_binding", protein_sequence=SEQUENCE, ligand_smiles="CCO")
    assert reply.status == 202, reply.body
    assert (reply.body["status"], reply.body["task_type"]) == ("submitted", "protein_ligand_binding")
    assert isinstance(reply.body["estimated_completion_time"], int)
    chain.drain()
    job = chain.api(f"/api/jobs/{reply.body['job_id']}").body
    assert (job["status"], job["ligand_smiles"]) == ("completed", "CCO")
    assert chain.api(reply.body["status_url"]).body["batch_name"] == "asked"


@pytest.mark.parametrize("path", ["/api/predict", "/api/v2/predict"])
def test_a_prediction_with_a_key_is_made_once(chain: Chain, path: str) -> None:
    body = {
        "task_type": "protein_structure",
        "model_id": "noop",
        "input_data": {"protein_sequence": SEQUENCE, "job_name": "n" * 200},
    }
    first, again = (chain._call("submit", "POST", path, body, {"Idempotency-Key": "k"}) for _ in range(2))
    assert (first.status, first.body["job_id"]) == (202, again.body["job_id"])


def test_a_prediction_of_many_is_followed_as_a_batch(chain: Chain) -> None:
    variants = [{"name": "M1L", "sequence": "L" + SEQUENCE[1:]}]
    reply = predict(chain, "variant_comparison", wildtype_sequence=SEQUENCE, variants=variants)
    assert (reply.body["status"], reply.body["job_id"]) == ("processing", reply.body["batch_id"])
    chain.drain()
    names = [row["ligand_name"] for row in results(chain, reply.body["batch_id"])]
    assert names == ["M1L", "wild type"]


def test_a_task_without_a_model_here_is_refused_with_the_reason(chain: Chain) -> None:
    body = {"task_type": "binding_site_prediction", "job_name": "x", "input_data": {}}
    reply = chain._call("submit", "POST", "/api/v2/predict", body)
    assert paths(reply) == ["task_type"]
    assert "not available here" in reply.body["detail"]


@pytest.mark.parametrize(
    ("task_id", "given", "expected"),
    [
        ("protein_structure", {"protein_sequence": "ACD"}, ["protein_sequence"]),
        (
            "protein_ligand_binding",
            {"protein_sequence": SEQUENCE, "ligand_smiles": "C1CC("},
            ["ligand_smiles"],
        ),
        (
            "variant_comparison",
            {"wildtype_sequence": SEQUENCE, "variants": [{"sequence": SEQUENCE}, {"sequence": "ABC"}]},
            ["variants[line 2]"],
        ),
        (
            "drug_discovery",
            {"protein_sequence": SEQUENCE, "compound_library": "C\nC1CC(\n"},
            ["compound_library[line 2]"],
        ),
        ("alchemy", {}, ["task_type"]),
    ],
)
def test_a_refusal_names_the_field_of_the_task(
    chain: Chain, task_id: str, given: dict[str, Any], expected: list[str]
) -> None:
    assert paths(predict(chain, task_id, **given)) == expected
    if task_id != "alchemy":
        body = {"model_id": "noop", "job_name": "asked", "input_data": given}
        reply = chain._call("submit", "POST", f"/api/v2/tasks/{task_id}/validate", body)
        assert (reply.status, reply.body["valid"]) == (200, False)
        assert [error["path"] for error in reply.body["errors"]] == expected
    assert not list(wiring.local_blobs().list("batches/"))


def test_what_would_be_accepted_is_valid_and_leaves_nothing_behind(chain: Chain) -> None:
    shown = chain.api("/api/v2/tasks/variant_comparison").body
    [example] = shown["examples"]
    body = {"model_id": "noop", "input_data": example["input_data"]}
    reply = chain._call("submit", "POST", "/api/v2/tasks/variant_comparison/validate", body)
    assert reply.body == {"valid": True, "errors": []}
    assert not list(wiring.local_blobs().list("batches/"))


def test_the_tasks_are_listed_with_who_does_them(chain: Chain) -> None:
    listed = {it["task_id"]: it for it in chain.api("/api/v2/tasks").body["tasks"]}
    assert len(listed) == 11
    assert listed["nanobody_design"]["available"]
    assert not listed["binding_site_prediction"]["available"]
    assert listed["binding_site_prediction"]["reason"]
    boltz2 = next(it for it in listed["protein_ligand_binding"]["models"] if it["id"] == "boltz2")
    assert (boltz2["available"], bool(boltz2["reason"])) == (False, True)


def test_what_is_no_task_is_not_found(chain: Chain) -> None:
    assert_problem(chain.api("/api/v2/tasks/alchemy"), 404)
    assert_problem(chain._call("submit", "POST", "/api/v2/tasks/alchemy/validate", {"input_data": {}}), 404)
    assert_problem(chain._call("submit", "POST", "/api/v2/tasks", {}), 405)
