"""Probes: whether a function is there, and whether what it opens answers."""

import threading
from typing import Any

import pytest

from shared import health, wiring
from shared.topology import topology
from tests.support.boundaries import Fault
from tests.support.chain import Chain
from tests.support.functions import call
from tests.support.screens import assert_problem, letters

FUNCTIONS = topology().functions
OPENED = {
    "submit": {"ledger", "objects", "secrets", "engine"},
    "dispatch": {"ledger", "objects", "secrets", "engine"},
    "webhook": {"secrets"},
    "complete": {"ledger", "objects"},
    "align": {"ledger", "objects"},
    "aggregate": {"ledger", "objects", "secrets"},
    "notify": {"ledger", "secrets"},
    "reconcile": {"ledger", "objects", "engine"},
    "api": {"ledger", "objects", "secrets"},
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_says_that_it_lives_whatever_it_depends_on(chain: Chain, name: str) -> None:
    chain.boundaries.plan = lambda number, call: Fault.FAIL_BEFORE
    reply = call(name, "GET", "/health/live")
    assert (reply.status, reply.body) == (200, {"status": "live", "function": name})
    assert chain.boundaries.met == []


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_is_ready_once_all_that_it_opens_answers(chain: Chain, name: str) -> None:
    reply = call(name, "GET", "/health/ready")
    assert reply.status == 200, reply.body
    assert (reply.body["status"], reply.body["function"]) == ("ready", name)
    assert reply.body["dependencies"] == dict.fromkeys(OPENED[name], "ok")


@pytest.mark.parametrize("name", [name for name, opened in OPENED.items() if "ledger" in opened])
def test_a_function_whose_ledger_fails_is_not_ready_and_says_why(chain: Chain, name: str) -> None:
    chain.boundaries.plan = lambda number, call: Fault.FAIL_BEFORE if call.startswith("ledger.") else None
    reply = call(name, "GET", "/health/ready")
    assert_problem(reply, 503)
    assert reply.body["detail"] == f"{name} cannot work now: ledger"
    assert reply.body["errors"] == [{"path": "ledger", "message": "Unavailable"}]


def test_a_client_that_cannot_be_made_is_named_without_its_inside(
    chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_credentials() -> None:
        raise RuntimeError("no credentials in /home/x")

    monkeypatch.setattr(wiring, "blobs", no_credentials)
    reply = call("aggregate", "GET", "/health/ready")
    assert_problem(reply, 503)
    assert reply.body["errors"] == [{"path": "objects", "message": "RuntimeError"}]


def test_one_that_hangs_does_not_hang_the_probe(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    released = threading.Event()
    monkeypatch.setattr(wiring, "engine", released.wait)
    found = health.examine("dispatch", patience=0.1)
    released.set()
    assert found == {"ledger": "ok", "objects": "ok", "secrets": "ok", "engine": "no answer within 0.1 s"}


@pytest.mark.parametrize("name", ["dispatch", "complete", "align", "aggregate", "reconcile"])
def test_probes_need_no_token(chain: Chain, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    given: dict[str, Any] = {
        "AUDIENCE": "https://x/",
        "SERVICE_ACCOUNT": "a@b",
        "KEYS_URL": "http://127.0.0.1:9/",
    }
    for variable, value in given.items():
        monkeypatch.setenv(f"OMTX_PUSH_{variable}", value)
    wiring.reset()
    assert call(name, "GET", "/health/live").status == call(name, "GET", "/health/ready").status == 200


def test_a_message_is_never_taken_for_a_probe(chain: Chain) -> None:
    assert call("dispatch", "POST", "/health/live", b"rubbish").status == 204
    assert len(letters()) == 1
    assert call("dispatch", "GET", "/health/other").status == 405
    assert call("api", "GET", "/health").body["status"] == "ok", "the api's own route stays"
