"""The life of a screen by the names of another service; every order goes through the real ``submit``."""

import base64
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.api.answers import screens as told
from services.api.screen_order import batch_of, order_of, screen_id
from services.api.screen_request import ScreenRequest
from shared import wiring
from shared.catalogue.boltz2_parameters import Boltz2Parameters
from shared.domain.identity import batch_id
from shared.errors import NotFound
from tests.support.chain import Chain
from tests.support.functions import Reply, call
from tests.support.orders import molecule
from tests.support.properties import examples
from tests.support.screens import assert_problem, paths

SEQUENCE = "MKTAYIAKQRQISFVKSHFS"
RNA = {"type": "rna", "chain_ids": ["R"], "value": "ACGU"}
TARGET: dict[str, Any] = {"entities": [{"type": "protein", "chain_ids": ["A"], "value": SEQUENCE}]}


def asked(molecules: int | dict[str, Any] = 3, **changes: Any) -> dict[str, Any]:
    """A screen with the test model."""
    rows: Any = molecules
    if isinstance(molecules, int):
        rows = [{"smiles": molecule(n), "id": f"cmpd-{n}"} for n in range(molecules)]
    return {"target": TARGET, "molecules": rows, "model": "noop", **changes}


def post(path: str, body: Any = None) -> Reply:
    """A request to the door."""
    return call("api", "POST", f"/v1/screens{path}", body)


def started(**changes: Any) -> dict[str, Any]:
    """A screen that was accepted."""
    reply = post("", asked(**changes))
    assert reply.status == 201, reply.raw
    told.Screen.model_validate(reply.body, extra="forbid")
    assert reply.headers["location"] == f"/v1/screens/{reply.body['id']}"
    body: dict[str, Any] = reply.body
    return body


def read(screen: str, path: str = "") -> dict[str, Any]:
    """What it says of itself."""
    reply = call("api", "GET", f"/v1/screens/{screen}{path}")
    assert reply.status == 200, reply.raw
    body: dict[str, Any] = reply.body
    return body


def test_a_screen_runs_from_its_start_to_its_results(chain: Chain) -> None:
    screen = started()
    assert (screen["status"], screen["progress"]["total_molecules_to_screen"]) == ("pending", 3)
    chain.drain()
    found = read(screen["id"])
    told.Screen.model_validate(found, extra="forbid")
    assert (found["status"], found["progress"]["num_molecules_screened"]) == ("succeeded", 3)
    page = read(screen["id"], "/results")
    told.ScreenPage.model_validate(page, extra="forbid")
    assert sorted(row["external_id"] for row in page["data"]) == ["cmpd-0", "cmpd-1", "cmpd-2"]
    assert [row["rank"] for row in page["data"]] == [1, 2, 3]
    assert all(row["test_model"] and row["metrics"]["affinity"] is not None for row in page["data"])
    assert call("api", "GET", f"/api/v3/batches/{found['batch_id']}/verify").body["ok"]


def test_a_cursor_leads_through_all_results(chain: Chain) -> None:
    screen = started(molecules=5)
    chain.drain()
    seen, cursor = list[int](), 1
    while cursor:
        page = read(screen["id"], f"/results?limit=2&cursor={cursor}")
        seen += [row["rank"] for row in page["data"]]
        cursor = page["next_cursor"]
    assert seen == [1, 2, 3, 4, 5]
    assert not page["has_more"]


def test_the_same_key_is_the_same_screen_and_another_body_is_refused(chain: Chain) -> None:
    first, again = started(idempotency_key="run-1"), started(idempotency_key="run-1")
    assert first["id"] == again["id"]
    assert again["idempotency_key"] == "run-1"
    assert_problem(post("", asked(molecules=2, idempotency_key="run-1")), 409)


def test_a_screen_is_stopped_and_goes_on(chain: Chain) -> None:
    screen = started()["id"]
    assert post(f"/{screen}/stop").body["status"] == "stopped"
    assert post(f"/{screen}/stop").body["status"] == "stopped"
    assert post(f"/{screen}/resume").body["status"] == "pending"
    chain.drain()
    assert read(screen)["status"] == "succeeded"
    assert_problem(post(f"/{screen}/stop"), 409)


def test_deleted_data_is_gone_and_the_screen_says_when(chain: Chain) -> None:
    screen = started()["id"]
    reply = post(f"/{screen}/delete-data")
    assert reply.status == 202, reply.raw
    chain.drain()
    assert read(screen)["status"] == "stopped"
    for _ in range(2):
        reply = post(f"/{screen}/delete-data")
        assert (reply.status, reply.body["status"]) == (200, "deleted")
    assert read(screen)["data_deleted_at"] == reply.body["data_deleted_at"] is not None
    assert_problem(call("api", "GET", f"/v1/screens/{screen}/results"), 404)


def test_an_estimate_costs_nothing_and_stores_nothing(chain: Chain) -> None:
    reply = post("/estimate-cost", asked())
    assert reply.status == 200, reply.raw
    assert reply.body["estimated_cost_usd"] in (None, "0.00")
    assert reply.body["counts"]["to_compute"] == 3
    assert chain.unfinished() == []


def test_filters_go_by_their_own_names_and_say_what_each_dropped(chain: Chain) -> None:
    heavy = {"type": "rdkit_descriptor_filter", "mol_wt": {"max": 20}}
    screen = started(molecules=2, molecule_filters={"custom_filters": [heavy]})
    assert screen["progress"]["filtered"] == 1
    assert screen["rejection_summary"][0]["reason"] == "descriptors: MW 30.07 above 20"


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"max_cost_usd": 50}, "max_cost_usd"),
        ({"max_cost_usd": "-1"}, "max_cost_usd"),
        ({"target": {**TARGET, "pocket_residues": {"B": [1]}}}, "target.pocket_residues.B"),
        ({"target": {"entities": [{"type": "rna", "chain_ids": ["A"], "value": "ACGU"}]}}, "target.entities"),
        ({"molecule_filters": {"boltz_smarts_catalog_filter_level": "recommended"}}, None),
        ({"model": "nobody"}, None),
    ],
)
def test_what_cannot_be_taken_is_refused(chain: Chain, changes: dict[str, Any], path: str | None) -> None:
    reply = post("", asked(**changes))
    assert 400 <= reply.status < 500
    assert_problem(reply, reply.status)
    assert path is None or paths(reply) == [path]
    assert chain.unfinished() == []


def encoded(text: str) -> dict[str, Any]:
    """A file in the body."""
    return {"type": "base64", "data": base64.b64encode(text.encode()).decode(), "media_type": "text/x-a3m"}


def proteins(*alignments: dict[str, Any] | None) -> dict[str, Any]:
    """A target of proteins, two chains each, with what is said of their alignments."""
    rows = zip(("AC", "BD"), alignments, strict=False)
    return {
        "entities": [
            {"type": "protein", "chain_ids": list(chains), "value": SEQUENCE} | ({"msa": msa} if msa else {})
            for chains, msa in rows
        ]
    }


OWN = {"type": "custom", "format": "a3m", "source": encoded(f">query\n{SEQUENCE}\n")}
EMPTY = {"type": "empty"}


@pytest.mark.parametrize(
    ("alignments", "chains", "searched"),
    [
        ((None, None), [], True),
        ((OWN, EMPTY), ["A"], False),
        ((EMPTY, OWN), ["C"], False),
        ((EMPTY,), [], False),
    ],
)
def test_alignments_go_to_the_chains_of_their_protein_and_none_is_searched_beside_them(
    alignments: tuple[Any, ...], chains: list[str], searched: bool
) -> None:
    order = order_of(ScreenRequest.model_validate(asked(target=proteins(*alignments))))
    given = order["parameters"].get("msa", [])
    assert [it["chain"] for it in given] == chains
    assert order.get("use_msa", True) is searched
    assert {it["content"] for it in given} <= {f">query\n{SEQUENCE}\n"}
    read = Boltz2Parameters.model_validate(order["parameters"])
    assert [it.chain for it in read.msa] == chains


def test_a_library_of_a_screen_may_have_been_uploaded(chain: Chain) -> None:
    offer = call("submit", "POST", "/api/v3/libraries", {"file_name": "a.smi"}).body
    wiring.blobs().put(offer["library_uri"].removeprefix("bucket:"), b"CCO first\nCCN second\n")
    screen = started(molecules={"source": {"url": offer["library_uri"]}})
    assert screen["progress"]["total_molecules_to_screen"] == 2
    chain.drain()
    page = read(screen["id"], "/results")
    assert sorted(row["external_id"] for row in page["data"]) == ["first", "second"]


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"molecules": {"source": {"url": "https://example.org/library.sdf"}}}, "url"),
        ({"molecules": {"source": {"url": "file:///etc/passwd"}}}, "url"),
        ({"molecules": {"source": {"url": "bucket:uploads/0/../../secrets"}}}, "library.uri"),
        ({"target": proteins(OWN, None)}, "target.entities.1.msa"),
        ({"target": proteins({**OWN, "source": {"url": "https://10.0.0.1/x.a3m"}})}, "source"),
        ({"target": proteins({**OWN, "source": {**encoded("x"), "data": "%"}})}, "data"),
        ({"target": {"entities": [TARGET["entities"][0], {**RNA, "msa": EMPTY}]}}, "target.entities.1.msa"),
    ],
)
def test_no_address_is_fetched_and_what_is_wrong_with_a_file_is_named(
    chain: Chain, changes: dict[str, Any], path: str
) -> None:
    reply = post("", {**asked(), **changes})
    assert_problem(reply, 422)
    assert any(path in it for it in paths(reply)), paths(reply)
    assert chain.unfinished() == []


@pytest.mark.parametrize("screen", ["sm_scr_nobody", "sm_scr_" + "0" * 24, "batch_" + "0" * 24])
def test_an_unknown_screen_is_not_found(chain: Chain, screen: str) -> None:
    assert_problem(call("api", "GET", f"/v1/screens/{screen}"), 404)
    for action in ("stop", "resume", "delete-data"):
        assert_problem(post(f"/{screen}/{action}"), 404)


@examples(50)
@given(st.text())
def test_ids_lead_there_and_back(key: str) -> None:
    batch = batch_id("owner", key, "")
    assert batch_of(screen_id(batch)) == batch


@examples(50)
@given(st.text())
def test_no_other_text_is_the_id_of_a_screen(text: str) -> None:
    with suppress(NotFound):
        assert screen_id(batch_of(text)) == text


@examples(50)
@given(st.lists(st.integers(0, 500), min_size=1, max_size=5, unique=True))
def test_residues_of_a_pocket_count_from_0_there_and_from_1_here(residues: list[int]) -> None:
    entities = [
        {"type": "protein", "chain_ids": ["P", "Q"], "value": SEQUENCE},
        {"type": "ligand_ccd", "chain_ids": ["X"], "value": "ATP"},
        {"type": "rna", "chain_ids": ["R"], "value": "ACGU"},
    ]
    body = asked(target={"entities": entities, "pocket_residues": {"Q": residues, "R": [0]}})
    parameters = order_of(ScreenRequest.model_validate(body))["parameters"]
    assert parameters["pocket"]["contacts"] == [*(f"B:{it + 1}" for it in residues), "C:1"]
    assert parameters["target"] == {"copies": 2}
    assert parameters["cofactors"] == [{"ccd": "ATP", "copies": 1}]
