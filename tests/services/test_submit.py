"""``submit``, through its entry point: what it takes, what it refuses by field, and what it does once."""

import json
from pathlib import Path
from typing import Any

import pytest

from shared import wiring
from shared.steps.manifest import Manifest
from tests.support.boundaries import Boundaries, Fault, Killed
from tests.support.chain import Chain, chain_at
from tests.support.crowd import at_once
from tests.support.functions import ROOT, Reply
from tests.support.orders import noop_order
from tests.support.screens import assert_problem, deliver_all, finished, opened, paths, status, waiting

LYSOZYME = ROOT / "examples" / "t4l_l99a"
RECEPTOR = (LYSOZYME / "receptor.pdb").read_text()
BOX = {
    key: value
    for key, value in json.loads((LYSOZYME / "box.json").read_text()).items()
    if key in ("center", "size")
}


def library(content: str, form: str = "csv") -> dict[str, Any]:
    """The library as text, in place of the list."""
    return {"ligands": None, "library": {"format": form, "content": content}}


def vina_order(**changes: Any) -> dict[str, Any]:
    """A docking screen on the sample target."""
    return noop_order(
        2, **{"model_name": "vina", "protein_structure": RECEPTOR, "parameters": {"box": BOX}, **changes}
    )


def nothing_stored(chain: Chain) -> bool:
    """Neither a batch, nor a message, nor an object."""
    batches = chain.ledger.batches(owner=None, unfinished=False, limit=9, after=None)
    return not batches and not waiting() and not list(wiring.local_blobs().list("batches/"))


def test_an_accepted_screen_says_what_becomes_of_every_row(chain: Chain) -> None:
    reply = chain.submit(noop_order(3, invalid=2))
    body = reply.body
    assert (reply.status, body["success"], body["total_jobs"]) == (202, True, 5)
    assert reply.headers["Location"] == body["status_url"] == f"/api/v3/batches/{body['batch_id']}/status"
    assert body["results_url"] == f"/api/v3/batches/{body['batch_id']}/results"
    counted = {kind: n for kind, n in body["accounting"].items() if n}
    assert counted == {"submitted": 5, "invalid": 2, "queued": 3}
    assert (body["started_jobs"], body["queued_jobs"], body["test_model"]) == (3, 0, True)
    assert [(row["line"], row["text"]) for row in body["rejected"]] == [(4, "C1CC("), (5, "C1CC(")]
    assert all("Not a valid SMILES" in row["reason"] for row in body["rejected"])
    assert body["estimated_duration_seconds"] >= 1
    assert set(body["risk_assessment"]) == {"risk_score", "risk_factors", "mitigation_strategies"}
    assert waiting() == {"dispatch-job-queued": 3}


def test_only_the_window_is_released(chain: Chain) -> None:
    reply = chain.submit(noop_order(5, configuration={"max_concurrent_jobs": 2}))
    assert (reply.body["started_jobs"], reply.body["queued_jobs"]) == (2, 3)
    assert waiting() == {"dispatch-job-queued": 2}


REFUSALS: dict[str, tuple[dict[str, Any], list[str]]] = {
    "unknown model": ({"model_name": "alphafold9"}, ["model_name"]),
    "unknown task": ({"task_type": "alchemy"}, ["task_type"]),
    "task of another model": ({"task_type": "binding_site_prediction"}, ["task_type"]),
    "no library": ({"ligands": None}, ["ligands"]),
    "both libraries": ({"library": {"format": "smi", "content": "C"}}, ["library"]),
    "variants to screen": ({"variants": [{"sequence": "A" * 10}]}, ["variants"]),
    "designs to screen": ({"ligands": None, "num_designs": 3}, ["num_designs"]),
    "ligands for a target": ({"task_type": "protein_structure"}, ["ligands"]),
    "ligands to design": ({"task_type": "nanobody_design", "num_designs": 3}, ["ligands"]),
    "no variants": ({"task_type": "variant_comparison", "ligands": None}, ["variants"]),
    "no number of designs": ({"task_type": "nanobody_design", "ligands": None}, ["num_designs"]),
    "no valid variant": (
        {"task_type": "variant_comparison", "ligands": None, "variants": [7, {"sequence": "ABC"}]},
        ["variants[line 1]", "variants[line 2]"],
    ),
    "empty list": ({"ligands": []}, ["ligands"]),
    "too many ligands": ({"ligands": [{"smiles": "C"}] * 1501}, ["ligands"]),
    "blank table": (library("  \n"), ["library.content"]),
    "only a header": (library("name,smiles\n"), ["library.content"]),
    "no SMILES column": (library("name,code\nfoo,bar\n"), ["library.content"]),
    "only comments": (library("# nothing\n", "smi"), ["library.content"]),
    "no valid row": ({"ligands": ["x", {"smiles": "C1CC("}]}, ["ligands[line 1]", "ligands[line 2]"]),
    "no valid line": (
        library("C1CC( bad\n\nC(C)(C)(C)(C)C worse", "smi"),
        ["library.content[line 1]", "library.content[line 3]"],
    ),
    "bad letters": ({"protein_sequence": "ACDEFGHIKL1"}, ["protein_sequence"]),
    "two records": ({"protein_sequence": ">a\nACDEFGHIKL\n>b\nACDEFGHIKL"}, ["protein_sequence"]),
    "short sequence": ({"protein_sequence": "ACD"}, ["protein_sequence"]),
    "parameter out of range": ({"parameters": {"failure_rate": 1.5}}, ["parameters.failure_rate"]),
    "unknown parameter": ({"parameters": {"speed": 9}}, ["parameters.speed"]),
    "two wrong parameters": (
        {"parameters": {"failure_rate": -1, "delay_seconds": "x"}},
        ["parameters.delay_seconds", "parameters.failure_rate"],
    ),
    "configuration": ({"configuration": {"max_retry_attempts": 0}}, ["configuration.max_retry_attempts"]),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_a_refusal_names_the_field_and_leaves_nothing_behind(chain: Chain, case: str) -> None:
    changes, expected = REFUSALS[case]
    reply = chain.submit(noop_order() | changes)
    assert paths(reply) == expected
    assert nothing_stored(chain)


def test_a_refusal_of_an_unknown_model_lists_those_there_are(chain: Chain) -> None:
    assert "noop, vina" in chain.submit(noop_order(model_name="x")).body["detail"]


def test_a_refusal_of_a_model_that_cannot_run_here_says_why(chain: Chain) -> None:
    reply = chain.submit(noop_order(model_name="boltz2"))
    assert paths(reply) == ["model_name"]
    assert "Boltz-2 needs a GPU" in reply.body["detail"]
    assert "noop, vina" in reply.body["detail"]


@pytest.mark.parametrize(
    "body", [b"", b"{", b"\xff", b"[" * 100_000, b'{"job_name": "\\ud800"}', b"null", b"[1]"]
)
def test_a_body_that_is_no_order_is_refused(chain: Chain, body: bytes) -> None:
    assert paths(chain._call("submit", "POST", "/", body)) == [""]


def test_fifteen_hundred_ligands_are_accepted(chain: Chain) -> None:
    reply = chain.submit(noop_order(1500))
    assert (reply.status, reply.body["total_jobs"], reply.body["started_jobs"]) == (202, 1500, 999)


def test_a_body_beyond_the_limit_is_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMTX_MOST_BODY_BYTES", "1000")
    with chain_at(tmp_path) as chain:
        assert_problem(chain.submit(noop_order(100)), 413)
        assert chain.submit(noop_order(3)).status == 202


@pytest.mark.parametrize("key", ["", "x" * 256, "a\tb"])
def test_a_bad_idempotency_key_is_refused(chain: Chain, key: str) -> None:
    reply = chain._call("submit", "POST", "/", noop_order(), {"Idempotency-Key": key})
    assert paths(reply) == ["Idempotency-Key"]


def test_text_that_only_looks_dangerous_is_stored_as_text(chain: Chain) -> None:
    nasty = "../../etc/passwd\x00<script>=1+1"
    names = {"job_name": nasty, "protein_name": nasty, "metadata": {nasty: nasty}}
    reply = chain.submit(noop_order() | names | {"ligands": [{"smiles": "CCO", "name": nasty}]})
    assert reply.status == 202, reply.body
    chain.drain()
    found = status(chain, reply.body["batch_id"])
    assert (found["batch_name"], found["jobs"][0]["ligand_name"]) == (nasty, nasty)


# once


def test_the_same_key_and_body_is_the_same_batch(chain: Chain) -> None:
    first, again = (chain.submit(noop_order(3), key="k1") for _ in range(2))
    assert (first.status, again.status) == (202, 202)
    assert first.body["batch_id"] == again.body["batch_id"]
    assert len(chain.ledger.batches(owner=None, unfinished=False, limit=9, after=None)) == 1


def test_the_order_of_fields_does_not_make_another_body(chain: Chain) -> None:
    order = noop_order(2)
    first = chain.submit(order, key="k1")
    again = chain.submit(dict(reversed(order.items())), key="k1")
    assert first.body["batch_id"] == again.body["batch_id"]


def test_the_same_key_with_another_body_is_refused_and_changes_nothing(chain: Chain) -> None:
    first = chain.submit(noop_order(3), key="k1")
    stored = list(wiring.local_blobs().list("batches/"))
    reply = chain.submit(noop_order(4), key="k1")
    assert_problem(reply, 409)
    assert first.body["batch_id"] in reply.body["detail"]
    assert list(wiring.local_blobs().list("batches/")) == stored
    chain.drain()
    assert status(chain, first.body["batch_id"])["accounting"]["completed"] == 3


def test_a_key_of_a_finished_batch_still_names_it(chain: Chain) -> None:
    first = chain.submit(noop_order(2), key="k1")
    chain.drain()
    again = chain.submit(noop_order(2), key="k1")
    chain.drain()
    assert again.body["batch_id"] == first.body["batch_id"]
    assert status(chain, first.body["batch_id"])["accounting"]["completed"] == 2


def test_without_a_key_every_submission_is_a_batch(chain: Chain) -> None:
    assert opened(chain) != opened(chain)


def test_many_submitters_with_one_key_and_body_make_one_batch(chain: Chain) -> None:
    chain.submit(noop_order(1))  # the entry point is loaded once, before the race
    replies = at_once(lambda _: chain.submit(noop_order(3), key="k1"), range(8))
    assert {reply.status for reply in replies} == {202}
    [batch_id] = {reply.body["batch_id"] for reply in replies}
    chain.drain()
    assert status(chain, batch_id)["accounting"]["completed"] == 3


def test_of_many_submitters_with_one_key_and_other_bodies_one_wins(chain: Chain) -> None:
    chain.submit(noop_order(1))
    replies = at_once(lambda n: chain.submit(noop_order(n + 1), key="k1"), range(8))
    [won] = [reply for reply in replies if reply.status == 202]
    assert sorted(reply.status for reply in replies) == [202] + [409] * 7
    batch = chain.ledger.batch(won.body["batch_id"])
    rows = list(Manifest(wiring.local_blobs()).rows(batch))
    assert len(rows) == batch.counts.valid == won.body["total_jobs"]
    stores = {key.rpartition("/")[0] for key in wiring.local_blobs().list(f"batches/{batch.batch_id}/")}
    assert stores == {batch.store}


@pytest.mark.parametrize("fault", list(Fault))
@pytest.mark.parametrize("where", ["blobs.put", "ledger.open", "bus.publish"])
def test_a_submission_that_broke_off_is_finished_when_the_client_tries_again(
    tmp_path: Path, fault: Fault, where: str
) -> None:
    struck = list[int]()

    def plan(number: int, name: str) -> Fault | None:
        if name != where or struck:
            return None
        struck.append(number)
        return fault

    with chain_at(tmp_path, Boundaries(plan)) as chain:
        try:
            assert_problem(chain.submit(noop_order(3), key="k1"), 503)
        except Killed:
            chain.restart()
        assert struck
        reply = chain.submit(noop_order(3), key="k1")
        assert reply.status == 202
        chain.drain(reconciling=False)
        assert status(chain, reply.body["batch_id"])["accounting"]["completed"] == 3


# the docking target


def test_a_docking_screen_is_accepted_with_its_box_in_numbers(chain: Chain) -> None:
    reply = chain.submit(vina_order(parameters={"box_from_residues": ["A:99", "A102"]}))
    assert reply.status == 202, reply.body
    batch = chain.ledger.batch(reply.body["batch_id"])
    assert set(batch.parameters["box"]) == {"center", "size"}
    assert "box_from_residues" not in batch.parameters
    assert batch.notes == {"box": "around the residues A:99, A102"}
    assert not batch.test_model


def test_a_reference_ligand_gives_the_box(chain: Chain) -> None:
    poses = (LYSOZYME / "reference_poses.sdf").read_text()
    reply = chain.submit(vina_order(parameters={"box_from_ligand": poses}))
    box = chain.ledger.batch(reply.body["batch_id"]).parameters["box"]
    assert box["center"] == pytest.approx(BOX["center"], abs=0.01)
    assert box["size"] == pytest.approx(BOX["size"], abs=0.01)


def test_the_target_is_stored_as_it_was_given(chain: Chain) -> None:
    mmcif = (LYSOZYME / "receptor.cif").read_text()
    reply = chain.submit(vina_order(protein_structure=mmcif))
    stored = chain.ledger.batch(reply.body["batch_id"]).inputs["structure"]
    assert wiring.local_blobs().get(stored.key) == mmcif.encode()
    assert stored.size == len(mmcif.encode())


TARGETS: dict[str, tuple[dict[str, Any], str, str]] = {
    "missing": ({"protein_structure": None}, "protein_structure", "needs the target's structure"),
    "garbage": ({"protein_structure": "hello"}, "protein_structure", "neither PDB nor mmCIF"),
    "half a file": ({"protein_structure": RECEPTOR[:40]}, "protein_structure", "coordinates"),
    "only water": (
        {"protein_structure": f"HETATM    1  O   HOH A   1  {3 * '   0.000'}  1.00  0.00           O"},
        "protein_structure",
        "no protein",
    ),
    "no box": ({"parameters": {}}, "parameters", "exactly one of box"),
    "two boxes": ({"parameters": {"box": BOX, "box_from_residues": ["A:99"]}}, "parameters", "exactly one"),
    "off the protein": (
        {"parameters": {"box": {"center": [500, 500, 500], "size": [20, 20, 20]}}},
        "parameters.box",
        "does not touch the protein",
    ),
    "tiny box": (
        {"parameters": {"box": {"center": [0, 0, 0], "size": [1, 20, 20]}}},
        "parameters.box.size.0",
        "greater than or equal to 5",
    ),
    "unknown residue": (
        {"parameters": {"box_from_residues": ["A:999"]}},
        "parameters.box_from_residues",
        "A:999",
    ),
    "unknown chain": (
        {"parameters": {"box_from_residues": ["Q:99"]}},
        "parameters.box_from_residues",
        "no chain Q",
    ),
    "no residue": ({"parameters": {"box_from_residues": ["here"]}}, "parameters.box_from_residues", "here"),
    "flat ligand": (
        {"parameters": {"box_from_ligand": "not an SDF"}},
        "parameters.box_from_ligand",
        "not an SDF",
    ),
    "effort": ({"parameters": {"box": BOX, "exhaustiveness": 65}}, "parameters.exhaustiveness", "64"),
}


@pytest.mark.parametrize("case", TARGETS)
def test_a_target_that_cannot_be_docked_into_is_refused_before_anything_is_stored(
    chain: Chain, case: str
) -> None:
    changes, path, words = TARGETS[case]
    reply = chain.submit(vina_order(**changes))
    assert paths(reply) == [path]
    assert words in reply.body["errors"][0]["message"]
    assert nothing_stored(chain)


def test_test_models_are_not_on_offer_where_they_are_switched_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with chain_at(tmp_path) as chain:
        batch_id = finished(chain, 1)
        monkeypatch.setenv("OMTX_TEST_MODELS", "0")
        wiring.reset()
        assert paths(chain.submit(noop_order())) == ["model_name"]
        assert chain.api("/api/v2/models/noop").status == 404
        assert status(chain, batch_id)["status"] == "completed"
        assert not deliver_all(chain)


def test_an_answer_is_json(chain: Chain) -> None:
    reply: Reply = chain.submit(noop_order())
    assert reply.headers["Content-Type"] == "application/json"


def test_a_strict_order_with_one_bad_row_is_refused_whole_and_names_the_row(chain: Chain) -> None:
    reply = chain.submit(noop_order(3, invalid=1, strict=True))
    assert_problem(reply, 422)
    assert paths(reply) == ["ligands[line 4]"]
    assert "1 of 4 rows" in reply.body["detail"]
    assert nothing_stored(chain)


def test_a_strict_order_without_a_bad_row_is_accepted(chain: Chain) -> None:
    assert chain.submit(noop_order(3, strict=True)).status == 202


def ensemble(*names: str, content: str = RECEPTOR) -> list[dict[str, str]]:
    """The sample target as several structures."""
    return [{"name": name, "content": content} for name in names]


def test_several_structures_of_a_target_are_stored_under_keys_of_their_own(chain: Chain) -> None:
    reply = chain.submit(vina_order(protein_structure=None, protein_structures=ensemble("apo", "../holo")))
    batch = chain.ledger.batch(reply.body["batch_id"])

    assert sorted(batch.inputs) == ["structure", "structure_2"]
    assert batch.parameters["receptors"] == ["apo", "../holo"]
    assert batch.parameters["box"] == BOX
    assert "2 structures, the best score counts" in batch.notes["receptors"]
    assert all(item.key.endswith(name) for name, item in batch.inputs.items())


def test_one_structure_docks_under_the_same_seeds_with_and_without_a_name(chain: Chain) -> None:
    orders = (vina_order(), vina_order(protein_structure=None, protein_structures=ensemble("apo")))
    batches = [chain.ledger.batch(chain.submit(order).body["batch_id"]) for order in orders]

    assert batches[0].target_digest == batches[1].target_digest


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"protein_structures": ensemble("a", "b")}, "protein_structures"),
        ({"protein_structure": None, "protein_structures": ensemble("a", "a")}, "protein_structures"),
        ({"protein_structure": None, "protein_structures": []}, "protein_structures"),
        ({"protein_structure": None, "protein_structures": ensemble(*"abcdefghi")}, "protein_structures"),
        (
            {"protein_structure": None, "protein_structures": ensemble("a", " ", "c")},
            "protein_structures.1.name",
        ),
        (
            {
                "protein_structure": None,
                "protein_structures": [*ensemble("a"), *ensemble("b", content="hello")],
            },
            "protein_structures.1.content",
        ),
    ],
    ids=["both forms", "same name", "none", "nine", "no name", "garbage"],
)
def test_structures_that_cannot_be_used_are_refused_under_their_path(
    chain: Chain, changes: dict[str, Any], path: str
) -> None:
    reply = chain.submit(vina_order(**changes))

    assert paths(reply) == [path]
    assert nothing_stored(chain)
