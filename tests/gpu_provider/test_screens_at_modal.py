"""Whole screens whose models run at Modal: what its failures do to them, and what users do."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from shared import wiring
from shared.domain.naming import LOG
from shared.models.facts import Outcome
from shared.models.work import FailureClass
from tests.modal_server.plane import Fate
from tests.modal_server.server import ControlPlane
from tests.modal_server.service import Mishap
from tests.support.functions import call
from tests.support.modal_chain import ModalChain, modal_chain_at
from tests.support.orders import noop_order
from tests.support.screens import deliver_all, finished, opened, status

STORED = {"parameters": {"payload_bytes": 16}}


def outcomes(chain: ModalChain, batch_id: str) -> list[Outcome]:
    """The facts of the first round."""
    found: list[Outcome] = chain.ledger.outcomes(batch_id, 0, limit=999)
    return found


def accounting(chain: ModalChain, batch_id: str) -> dict[str, Any]:
    """How many ligands ended in which way, without those that are none."""
    counts: dict[str, int] = status(chain, batch_id)["accounting"]
    return {kind: n for kind, n in counts.items() if n}


def test_a_screen_runs_at_modal_from_the_order_to_its_stored_files(chain: ModalChain) -> None:
    batch_id = finished(chain, 4, **STORED)
    assert accounting(chain, batch_id) == {"submitted": 4, "completed": 4}
    for outcome in outcomes(chain, batch_id):
        names = [artefact.name for artefact in outcome.artefacts]
        assert sorted(names) == ["logs.txt", "payload.bin", "results.json"]
    assert len(chain.control_plane.plane.calls) == 4


def told(batch: str, chain: ModalChain) -> list[dict[str, Any]]:
    """The outcomes without the times at which we learnt of them, and without logs, which tell times."""
    found = [outcome.model_dump(exclude={"finished_at"}) for outcome in outcomes(chain, batch)]
    for outcome in found:
        outcome["artefacts"] = [it for it in outcome["artefacts"] if it["name"] != LOG]
    return found


def test_an_end_that_only_the_poller_sees_is_the_same_as_one_by_webhook(tmp_path: Path) -> None:
    screen = noop_order(6, parameters={"failure_rate": 0.4, "payload_bytes": 16})
    facts = []
    for unheard in (False, True):
        with ControlPlane() as plane, modal_chain_at(tmp_path / str(unheard), plane) as chain:
            chain.all_unheard = unheard
            batch_id = chain.submit(screen, key="the same").body["batch_id"]
            chain.drain()
            assert ("FunctionGetOutputs" in plane.service.seen) == unheard
            facts.append(told(batch_id, chain))
    assert facts[0] == facts[1]
    assert {fact["kind"] for fact in facts[0]} == {"completed", "failed"}


def test_a_submission_asks_how_busy_modal_is_only_for_a_strategy_that_goes_by_it(chain: ModalChain) -> None:
    opened(chain, configuration={"scheduling_strategy": "parallel"})
    assert chain.control_plane.service.seen == []
    opened(chain, configuration={"scheduling_strategy": "resource_aware"})
    assert "FunctionGetCurrentStats" in chain.control_plane.service.seen


def test_a_webhook_that_comes_before_the_call_is_noted_settles_the_ligand(chain: ModalChain) -> None:
    chain.control_plane.service.strike = lambda name, number: (
        Mishap.LOSES_REPLY if name == "FunctionMap" else None
    )
    batch_id = opened(chain)
    deliver_all(chain)
    chain.control_plane.service.strike = lambda name, number: None
    chain.control_plane.plane.run()
    deliver_all(chain)
    assert accounting(chain, batch_id) == {"submitted": 1, "completed": 1}
    assert len(chain.control_plane.plane.calls) == 1


def test_a_run_that_never_ends_is_cancelled_at_our_own_deadline_and_tried_again(chain: ModalChain) -> None:
    chain.control_plane.plane.fate = lambda number: Fate.NEVER_ENDS if number == 1 else Fate.ANSWERS
    batch_id = finished(chain, 1)
    assert accounting(chain, batch_id) == {"submitted": 1, "completed": 1}
    assert chain.control_plane.plane.cancelled == ["fc-000001"]


def test_a_ligand_that_ends_every_container_fails_with_the_reason(chain: ModalChain) -> None:
    chain.control_plane.plane.fate = lambda number: Fate.IS_EVICTED
    batch_id = finished(chain, 1)
    [outcome] = outcomes(chain, batch_id)
    assert outcome.failure is not None
    assert (outcome.failure.kind, outcome.ref.attempt) == (FailureClass.INFRASTRUCTURE, 3)
    assert "out of memory" in outcome.failure.message


def test_while_our_token_is_refused_ligands_wait_and_none_fails(chain: ModalChain) -> None:
    batch_id = opened(chain, 3)
    deliver_all(chain)
    chain.all_unheard = True
    chain.control_plane.plane.run()
    chain.control_plane.service.strike = lambda name, number: Mishap.REFUSES_TOKEN
    for _ in range(40):
        chain.clock.advance(timedelta(seconds=61))
        assert chain.reconcile().status == 200
        deliver_all(chain)
    assert accounting(chain, batch_id) == {"submitted": 3, "running": 3}
    chain.control_plane.service.strike = lambda name, number: None
    chain.drain()
    assert accounting(chain, batch_id) == {"submitted": 3, "completed": 3}


def test_an_engine_that_does_not_answer_is_asked_once_in_a_pass_and_other_screens_go_on(
    chain: ModalChain,
) -> None:
    opened(chain, 5)
    deliver_all(chain)
    chain.clock.advance(timedelta(seconds=61))
    full = opened(chain, 1)
    deliver_all(chain)
    chain.control_plane.plane.fate = lambda number: Fate.ANSWERS
    chain.control_plane.plane.make(chain.control_plane.plane.calls["fc-000006"])
    chain.control_plane.service.strike = lambda name, number: Mishap.FORBIDS
    chain.leased()  # the messages of the one that is full are lost
    chain.clock.advance(timedelta(hours=1))
    assert chain.reconcile().status == 200
    assert chain.control_plane.service.seen.count("FunctionGetOutputs") == 1
    deliver_all(chain)
    chain.clock.advance(timedelta(minutes=2))
    chain.reconcile()
    deliver_all(chain)
    assert status(chain, full)["accounting"]["completed"] == 1


def test_while_modal_is_down_ligands_wait_and_lose_no_attempt(
    chain: ModalChain, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMTX_MODAL_SECONDS", "0.1")
    wiring.reset()
    finished(chain, 1)  # this process knows the app
    chain.control_plane.service.strike = lambda name, number: Mishap.SILENT
    batch_id = opened(chain, 2)
    for _ in range(8):
        deliver_all(chain)
        chain.clock.advance(timedelta(seconds=61))
        chain.reconcile()
    chain.control_plane.service.strike = lambda name, number: None
    chain.drain()
    assert [outcome.ref.attempt for outcome in outcomes(chain, batch_id)] == [1, 1]
    assert accounting(chain, batch_id) == {"submitted": 2, "completed": 2}


def test_cancelling_a_screen_ends_its_runs_at_modal(chain: ModalChain) -> None:
    batch_id = opened(chain, 3)
    deliver_all(chain)
    assert chain.api(f"/api/v3/batches/{batch_id}/control/cancel", "POST").status == 200
    chain.reconcile()
    chain.drain()
    assert accounting(chain, batch_id) == {"submitted": 3, "cancelled": 3}
    assert sorted(chain.control_plane.plane.cancelled) == sorted(chain.control_plane.plane.calls)


def test_a_cancellation_that_modal_did_not_hear_is_not_said_to_be_done(chain: ModalChain) -> None:
    batch_id = opened(chain, 3)
    deliver_all(chain)
    chain.control_plane.service.strike = lambda name, number: (
        Mishap.FORBIDS if name == "FunctionCallCancel" else None
    )
    chain.api(f"/api/v3/batches/{batch_id}/control/cancel", "POST")
    [finding] = chain.reconcile().body["findings"]
    assert "cannot be cancelled" in finding["reason"]
    assert accounting(chain, batch_id) == {"submitted": 3, "running": 3}
    chain.control_plane.service.strike = lambda name, number: None
    chain.reconcile()
    chain.drain()
    assert accounting(chain, batch_id) == {"submitted": 3, "cancelled": 3}


def test_a_paused_screen_starts_nothing_more_at_modal(chain: ModalChain) -> None:
    batch_id = opened(chain, 3, configuration={"max_concurrent_jobs": 1})
    deliver_all(chain)
    chain.api(f"/api/v3/batches/{batch_id}/control/pause", "POST")
    while chain.step():
        pass
    assert len(chain.control_plane.plane.calls) == 1
    chain.api(f"/api/v3/batches/{batch_id}/control/resume", "POST")
    chain.drain()
    assert accounting(chain, batch_id) == {"submitted": 3, "completed": 3}


def test_a_deleted_screen_is_erased_though_modal_keeps_its_answers(chain: ModalChain) -> None:
    batch_id = finished(chain, 2)
    assert chain.api(f"/api/v3/batches/{batch_id}", "DELETE").status == 200
    chain.clock.advance(timedelta(hours=1))
    for _ in range(3):
        chain.reconcile()
    assert chain.ledger.deleted(limit=9) == []
    assert chain.api(f"/api/v3/batches/{batch_id}/status").status == 404


def test_a_function_that_opens_the_engine_is_ready_as_long_as_modal_lets_us_in(chain: ModalChain) -> None:
    assert call("dispatch", "GET", "/health/ready").status == 200
    chain.control_plane.service.strike = lambda name, number: Mishap.REFUSES_TOKEN
    reply = call("dispatch", "GET", "/health/ready")
    assert reply.status == 503
    assert reply.body["errors"] == [{"path": "engine", "message": "Unavailable"}]
