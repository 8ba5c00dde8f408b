"""Molecules that are not wanted: left out at submission, told, counted, and never run."""

import csv
import io
import json
from typing import Any

import pytest

from shared import wiring
from shared.steps.manifest import Manifest
from tests.services.test_estimate import told
from tests.services.test_submit import library, nothing_stored
from tests.support.chain import Chain
from tests.support.functions import Reply
from tests.support.orders import noop_order
from tests.support.screens import assert_problem, paths, status
from tests.unit.test_schemas import assert_fits

RHODANINE = "O=C1NC(=S)SC1=Cc1ccccc1"
ROWS = [
    {"name": "aspirin", "smiles": "CC(=O)Oc1ccccc1C(=O)O"},
    {"name": "rhodanine", "smiles": RHODANINE},
    {"name": "fat", "smiles": "C" * 42},
    {"name": "bad", "smiles": "C1CC("},
    {"name": "again", "smiles": "OC(=O)c1ccccc1OC(C)=O"},
    {"name": "rhodanine again", "smiles": "C1(=Cc2ccccc2)SC(=S)NC1=O"},
    {"name": "nitrobenzene", "smiles": "c1ccccc1[N+](=O)[O-]"},
    {"name": "salt", "smiles": "CC(=O)[O-].[Na+]"},
]
FILTERS: dict[str, Any] = {
    "custom_filters": [
        {"type": "lipinski_filter"},
        {"type": "smarts_catalog_filter", "catalog": "PAINS"},
        {"type": "smarts_custom_filter", "patterns": [{"name": "nitro", "smarts": "[N+](=O)[O-]"}]},
        {"type": "rdkit_descriptor_filter", "mol_wt": {"min": 10}},
    ]
}
REASONS = {
    "rhodanine": "PAINS: ene_rhod_A(235)",
    "fat": "lipinski: MW 591.15 above 500, logP 16.63 above 5",
    "rhodanine again": "PAINS: ene_rhod_A(235)",
    "nitrobenzene": "SMARTS: matches nitro ([N+](=O)[O-])",
}
SENTENCE = "submitted 8 = 3 completed + 0 failed + 1 invalid + 4 filtered + 0 cancelled"


def order(**changes: Any) -> dict[str, Any]:
    """A filtered screen of these rows."""
    return noop_order(ligands=1) | {"ligands": ROWS, "molecule_filters": FILTERS} | changes


def submitted(chain: Chain, **changes: Any) -> Reply:
    """The answer to the filtered screen, accepted."""
    reply = chain.submit(order(**changes))
    assert reply.status == 202, reply.body
    return reply


def test_an_accepted_screen_says_which_ligands_were_left_out_and_why(chain: Chain) -> None:
    body = submitted(chain).body
    assert body["message"] == "accepted 3 of 8 ligands"
    counted = {kind: n for kind, n in body["accounting"].items() if n}
    assert counted == {"submitted": 8, "invalid": 1, "filtered": 4, "queued": 2, "pending": 1}
    assert body["duplicates"] == 1
    found = {row["name"]: row["reason"] for row in body["rejected"] if row["kind"] == "filtered"}
    assert found == REASONS
    report = body["chemistry_report"]
    assert {name: it["count"] for name, it in report["filters"].items()} == {
        **{"lipinski": 1, "PAINS": 2, "SMARTS": 1, "descriptors": 0}
    }
    assert report["filters"]["lipinski"]["examples"] == [{"line": 3, "name": "fat", "reason": REASONS["fat"]}]
    assert (report["valid"], report["invalid"], report["filtered"]) == (3, 1, 4)


def test_they_are_never_run_and_the_sum_holds_to_the_end(chain: Chain) -> None:
    batch_id = submitted(chain).body["batch_id"]
    while chain.step():
        assert status(chain, batch_id)["invariant_holds"]
    chain.drain()
    stands = status(chain, batch_id)
    assert stands["accounting_sentence"] == SENTENCE
    assert [job["ligand_name"] for job in stands["jobs"]] == ["aspirin", "salt"]
    assert stands["progress"]["filtered"] == 4
    assert chain.api(f"/api/v3/batches/{batch_id}/verify").body["ok"]


def test_every_document_of_the_batch_tells_them(chain: Chain) -> None:
    batch_id = submitted(chain).body["batch_id"]
    chain.drain()
    blobs = wiring.local_blobs()
    refused = list(csv.DictReader(io.StringIO(blobs.get(f"batches/{batch_id}/rejected.csv").decode())))
    assert [(row["line"], row["status"]) for row in refused] == [
        *(("2", "filtered"), ("3", "filtered"), ("4", "invalid"), ("6", "filtered"), ("7", "filtered"))
    ]
    assert refused[1]["reason"] == REASONS["fat"]
    rows = chain.api(f"/api/v3/batches/{batch_id}/results?page_size=100").body["results"]
    left_out = {row["ligand_name"]: row for row in rows if row["status"] == "filtered"}
    assert {name: row["error"]["message"] for name, row in left_out.items()} == REASONS
    assert left_out["rhodanine again"]["duplicate_of"] is None
    assert left_out["rhodanine"]["ligand_smiles"] == RHODANINE
    documents = ("batch_results", "summary", "manifest")

    made = {name: json.loads(blobs.get(f"batches/{batch_id}/{name}.json")) for name in documents}
    for name, document in made.items():
        assert_fits(name, document)
    assert made["summary"]["accounting_sentence"] == made["batch_results"]["accounting_sentence"] == SENTENCE
    applied = made["manifest"]["molecule_filters"]
    assert [it["type"] for it in applied["custom_filters"]] == [
        it["type"] for it in FILTERS["custom_filters"]
    ]
    assert applied["rdkit"]


def test_the_library_is_stored_with_the_same_bytes_each_time(chain: Chain) -> None:
    digests = []
    for _ in range(2):
        batch = chain.ledger.batch(submitted(chain).body["batch_id"])
        digests.append(batch.library_digest)
        kinds = [type(row).__name__ for row in Manifest(wiring.blobs()).library(batch)]
    assert digests[0] == digests[1]
    assert len(kinds) == 8


def test_without_filters_nothing_is_left_out_and_the_order_is_the_same_as_ever(chain: Chain) -> None:
    plain = {name: it for name, it in order().items() if name != "molecule_filters"}
    first = chain.submit(plain, key="k").body
    assert (first["accounting"]["filtered"], first["chemistry_report"]["filters"]) == (0, {})
    assert chain.submit(plain | {"molecule_filters": None}, key="k").body["batch_id"] == first["batch_id"]
    assert chain.submit(order(), key="k").status == 409
    batch = chain.ledger.batch(first["batch_id"])
    assert "molecule_filters" not in batch.model_dump()


def test_a_strict_order_minds_invalid_rows_and_not_filtered_ones(chain: Chain) -> None:
    reply = chain.submit(order(strict=True))
    assert paths(reply) == ["ligands[line 4]"]
    assert reply.body["detail"] == "1 of 8 rows are invalid, and the order is strict"
    assert nothing_stored(chain)
    good = [row for row in ROWS if row["name"] != "bad"]
    assert submitted(chain, strict=True, ligands=good).body["accounting"]["filtered"] == 4


def test_an_order_of_which_nothing_is_left_is_refused_with_the_counts(chain: Chain) -> None:
    reply = chain.submit(order(ligands=ROWS[1:4]))
    assert reply.body["detail"] == "none of the 3 rows is left: 2 filtered (lipinski 1, PAINS 1), 1 invalid"
    assert paths(reply) == ["ligands[line 1]", "ligands[line 2]", "ligands[line 3]"]
    assert nothing_stored(chain)
    assert (
        chain._call("submit", "POST", "/api/v3/batches/estimate", order(ligands=ROWS[1:4])).body["detail"]
        == (reply.body["detail"])
    )


def test_the_estimate_counts_what_is_left_to_compute(chain: Chain) -> None:
    body = told(chain, order())
    assert body["counts"] == {
        "submitted": 8, "valid": 3, "invalid": 1, "filtered": 4, "duplicates": 1, "to_compute": 2
    }  # fmt: skip
    assert "rows that the filters leave out: 4" in body["warnings"]
    counted = told(chain, {"model_name": "noop", "ligands_count": 5, "molecule_filters": FILTERS})
    assert any("known of a library only" in it for it in counted["warnings"])


def test_a_table_is_filtered_row_by_row(chain: Chain) -> None:
    table = library("name,smiles,note\nkept,CCO,x\nfat," + "C" * 42 + ",y\n")
    [row] = submitted(chain, **table).body["rejected"]
    assert (row["line"], row["name"], row["smiles"], row["filter"]) == (3, "fat", "C" * 42, "lipinski")


@pytest.mark.parametrize(
    ("filters", "path", "message"),
    [
        (
            [{"type": "smarts_custom_filter", "patterns": ["C", "C(("]}],
            "molecule_filters.custom_filters.0.patterns.1.smarts",
            "Not a valid SMARTS",
        ),
        (
            [{"type": "lipinski_filter"}, {"type": "rdkit_descriptor_filter", "tpsa": {"min": 9, "max": 1}}],
            "molecule_filters.custom_filters.1.tpsa",
            "nothing lies between",
        ),
        (
            [{"type": "smiles_regex_filter", "patterns": ["(a+)+$", "(?=Br)"]}],
            "molecule_filters.custom_filters.0.patterns.1",
            "Not a regular expression that RE2 knows: invalid perl operator",
        ),
        (
            [{"type": "surprise_filter"}],
            "molecule_filters.custom_filters.0",
            "smiles_regex_filter",
        ),
    ],
)
def test_a_filter_that_is_wrong_is_refused_by_index_and_field(
    chain: Chain, filters: list[dict[str, Any]], path: str, message: str
) -> None:
    reply = chain.submit(order(molecule_filters={"custom_filters": filters}))
    assert paths(reply) == [path]
    assert message in reply.body["errors"][0]["message"]
    assert nothing_stored(chain)


def test_a_level_of_alerts_that_are_not_public_can_only_be_switched_off(chain: Chain) -> None:
    level = "boltz_smarts_catalog_filter_level"
    assert paths(chain.submit(order(molecule_filters={level: "recommended"}))) == [
        f"molecule_filters.{level}"
    ]
    assert submitted(chain, molecule_filters={level: "disabled"}).body["accounting"]["filtered"] == 0


def test_an_endless_smarts_is_refused_and_leaves_nothing_behind(chain: Chain) -> None:
    endless = [{"type": "smarts_custom_filter", "patterns": ["*" + "(~*)~*" * 25 + "~[U]"]}]
    branched = [{"smiles": "C" * 20 + "C(C)(C)" * 60 + "C"}]
    reply = chain.submit(order(ligands=branched, molecule_filters={"custom_filters": endless}))
    assert paths(reply) == ["molecule_filters.custom_filters.0.patterns.0"]
    assert nothing_stored(chain)


def test_an_expression_leaves_out_what_its_canonical_smiles_holds(chain: Chain) -> None:
    rows = [{"name": "bromide", "smiles": "BrCC"}, {"name": "salt", "smiles": "[Br-].CC[NH3+]"}]
    rows += [{"name": "acid", "smiles": "OC(=O)C"}, {"name": "kept", "smiles": "CCO"}]
    some = [{"type": "smiles_regex_filter", "patterns": ["Br$", r"C\(=O\)O"]}]
    reply = submitted(chain, ligands=rows, molecule_filters={"custom_filters": some})
    found = {row["name"]: row["reason"] for row in reply.body["rejected"]}
    assert found == {"bromide": "SMILES regex: matches Br$", "acid": r"SMILES regex: matches C\(=O\)O"}
    assert status(chain, reply.body["batch_id"])["accounting"]["filtered"] == 2


def test_expressions_that_hang_other_engines_take_no_time_and_many_of_the_worst_are_given_up(
    chain: Chain,
) -> None:
    def told(patterns: list[str]) -> Reply:
        some = [{"type": "smiles_regex_filter", "patterns": patterns}]
        rows = [{"smiles": "C" * 499}, *({"smiles": "C" * (499 - n)} for n in range(1, 80))]
        return chain.submit(order(ligands=rows, molecule_filters={"custom_filters": some}))

    assert told(["(C+)+x", "(C|CC)*x", "(.*)*(.*)*x"]).status == 202
    reply = told(["((C?){30}){30}x"] * 50)
    [path] = paths(reply)
    assert path.startswith("molecule_filters.custom_filters.0.patterns.")
    assert "takes too long" in reply.body["errors"][0]["message"]


def test_filters_are_for_ligands(chain: Chain) -> None:
    target = {"task_type": "protein_structure", "protein_sequence": "MNIFEMLRIDEGLRLK", "ligands": None}
    assert paths(chain.submit(order(**target))) == ["molecule_filters"]


def predicted(chain: Chain, path: str, **changes: Any) -> Reply:
    """The answer to a prediction of the rows that can be read."""
    rows = [row for row in ROWS if row["name"] != "bad"]
    asked = {"job_name": "a screen", "protein_name": "T4 lysozyme", "ligands": rows} | changes
    body = {"model_id": "noop", "input_data": asked, "molecule_filters": FILTERS}
    more = {"task_type": "batch_protein_ligand_screening"} if path.endswith("predict") else {}
    return chain._call("submit", "POST", path, body | more)


def test_a_prediction_takes_filters_too(chain: Chain) -> None:
    reply = predicted(chain, "/api/v2/predict", protein_sequence="MNIFEMLRIDEGLRLK")
    assert reply.status == 202, reply.body
    batch_id = reply.body["batch_id"]
    chain.drain()
    assert status(chain, batch_id)["accounting"]["filtered"] == 4
    validate = "/api/v2/tasks/batch_protein_ligand_screening/validate"
    sequence = {"protein_sequence": "MNIFEMLRIDEGLRLK"}
    assert predicted(chain, validate, **sequence).body == {"valid": True, "errors": []}
    refused = predicted(chain, validate, **sequence, ligands=ROWS[1:3]).body
    assert not refused["valid"]
    assert [it["message"] for it in refused["errors"]] == [REASONS["rhodanine"], REASONS["fat"]]
    assert_problem(predicted(chain, "/api/v2/predict", **sequence, ligands=ROWS[1:3]), 422)
