"""What screens at a GPU provider cost, and where ``max_cost_usd`` ends them."""

from datetime import timedelta
from typing import Any

import pytest

from shared.catalogue.entry import known
from shared.catalogue.prices import price_table, tariff
from shared.domain.costs import together
from shared.models.facts import OutcomeKind
from shared.models.work import Envelope, Failure, FailureClass
from tests.modal_server.plane import Fate
from tests.support.modal_chain import ModalChain
from tests.support.orders import noop_order
from tests.support.screens import attempts, deliver_all, opened, status, tell

FIVE_SECONDS = timedelta(seconds=5)
PRICES = tariff(known("noop"), "modal", price_table())
assert PRICES is not None
RUN = 5 * PRICES.rate
"""USD of a run that takes five seconds."""


def limited(usd: float, **changes: Any) -> dict[str, Any]:
    """A configuration with this limit."""
    return {"configuration": {"max_cost_usd": usd, **changes}}


def overhead(machines: int) -> float:
    """USD for starting and idling, as estimated."""
    machine = known("noop").machine
    assert machine is not None
    assert PRICES is not None
    return machines * (machine.start_seconds + machine.idle_seconds) * PRICES.rate


def cost(chain: ModalChain, batch_id: str) -> dict[str, Any]:
    """What its owner is told."""
    told: dict[str, Any] = status(chain, batch_id)["cost"]
    return told


def looked_at(chain: ModalChain, batch_id: str, rounds: int = 60) -> dict[str, Any]:
    """Its status at the end, when ``reconcile`` looks after each step."""
    for _ in range(rounds):
        chain.step()
        chain.clock.advance(timedelta(seconds=16))
        chain.reconcile()
        if batch_id not in chain.unfinished():
            return status(chain, batch_id)
    raise AssertionError(f"{batch_id} does not end")


def test_a_batch_reports_what_it_used_beside_what_was_expected(chain: ModalChain) -> None:
    chain.run_takes = FIVE_SECONDS
    batch_id = opened(chain, 6)
    chain.drain()
    told = cost(chain, batch_id)
    assert told["provider"] == "modal"
    assert told["price_as_of"] == "2026-08-10"
    assert (told["gpu"], told["gpu_seconds"], told["run_seconds"]) == (None, None, 30)
    assert told["usd"] == pytest.approx(6 * RUN)
    assert told["estimated_usd"] == pytest.approx(6 * 0.01 * RUN / 5 + overhead(4))
    assert told["actual_seconds"] >= 30
    summary = chain.api(f"/api/v3/batches/{batch_id}/artefacts/summary.json").body
    assert summary["cost"] == told


def failed(chain: ModalChain, batch_id: str) -> Envelope:
    """The answer of a run of five seconds that lost its connection, of the one ligand's latest attempt."""
    deliver_all(chain)
    [attempt] = attempts(chain, batch_id)
    assert attempt.call_id is not None
    return Envelope(
        ref=attempt.ref,
        call_id=attempt.call_id,
        status="failed",
        failure=Failure(kind=FailureClass.INFRASTRUCTURE, message="the store cannot be reached"),
        machine="NVIDIA T4",
        started_at=chain.clock.now(),
        finished_at=chain.clock.now() + FIVE_SECONDS,
    )


def test_failed_attempts_cost_as_well_and_each_once(chain: ModalChain) -> None:
    batch_id = opened(chain, 1)
    for _ in range(3):
        answer = failed(chain, batch_id)
        tell(chain, answer, answer)
        chain.clock.advance(timedelta(seconds=61))
        chain.reconcile()
    chain.drain()
    [outcome] = chain.ledger.outcomes(batch_id, 0, limit=9)
    assert (outcome.kind, outcome.ref.attempt, len(outcome.runs)) == (OutcomeKind.FAILED, 3, 3)
    assert cost(chain, batch_id)["usd"] == pytest.approx(3 * RUN)


def test_a_run_that_never_answered_is_told_as_unreported_and_counts_to_its_time_limit(
    chain: ModalChain,
) -> None:
    chain.control_plane.plane.fate = lambda number: Fate.IS_EVICTED
    batch_id = opened(chain, 1, configuration={"retry_failed_jobs": False})
    chain.drain()
    told = cost(chain, batch_id)
    assert (told["unreported_runs"], told["usd"]) == (1, 0)
    assert 0 < told["counted_usd"] <= RUN * 1.000001


def test_an_order_above_its_limit_is_refused_with_both_numbers(chain: ModalChain) -> None:
    reply = chain.submit(noop_order(6, **limited(1e-6)))
    assert (reply.status, reply.body["title"]) == (422, "Above your cost limit")
    [error] = reply.body["errors"]
    assert error["path"] == "configuration.max_cost_usd"
    assert "1e-06 USD" in error["message"]
    assert "0.00023 USD" in error["message"]
    assert chain.unfinished() == []


@pytest.mark.parametrize("strategy", ["sequential", "adaptive", "resource_aware", "parallel"])
def test_a_batch_ends_when_its_money_is_spent_and_every_row_has_its_word(
    chain: ModalChain, strategy: str
) -> None:
    chain.run_takes = FIVE_SECONDS
    limit = overhead(1) + 4.5 * RUN
    batch_id = opened(chain, 12, **limited(limit, scheduling_strategy=strategy, max_concurrent_jobs=1))
    found = looked_at(chain, batch_id)
    assert found["status"] == "cancelled"
    assert found["invariant_holds"]
    counts = found["accounting"]
    assert (counts["completed"], counts["cancelled"]) == (4, 8)
    assert found["cost"]["limit_reached"].startswith("max_cost_usd reached")
    assert found["cost"]["usd"] == pytest.approx(4 * RUN)
    assert found["cost"]["counted_usd"] + overhead(1) <= limit
    reasons = {it.failure.message for it in chain.ledger.outcomes(batch_id, 0, limit=99) if it.failure}
    assert reasons == {found["cost"]["limit_reached"]}


def test_what_the_limit_allows_is_computed_to_the_last_ligand(chain: ModalChain) -> None:
    chain.run_takes = FIVE_SECONDS
    batch_id = opened(chain, 6, **limited(overhead(4) + 6 * RUN))
    found = looked_at(chain, batch_id)
    assert (found["status"], found["accounting"]["completed"]) == ("completed", 6)
    assert found["cost"]["limit_reached"] is None


def test_a_batch_that_its_limit_ended_is_not_retried(chain: ModalChain) -> None:
    chain.run_takes = FIVE_SECONDS
    batch_id = opened(chain, 9, **limited(overhead(1) + 2 * RUN, max_concurrent_jobs=1))
    looked_at(chain, batch_id)
    reply = chain.api(f"/api/v3/batches/{batch_id}/control/retry_failed", "POST")
    assert reply.status == 409
    assert "max_cost_usd" in reply.body["detail"]


def test_a_message_that_comes_twice_pays_nothing_twice(chain: ModalChain) -> None:
    chain.run_takes = FIVE_SECONDS
    batch_id = opened(chain, 3)
    deliver_all(chain)
    chain.control_plane.plane.run()
    for delivery in chain.leased():
        assert chain.deliver(delivery)
        chain.settle_delivery(delivery, chain.deliver(delivery))
    spent = together(leaf.spent for leaf in chain.ledger.leaves(batch_id, 0))
    assert spent.seconds == 15
    assert spent.usd == pytest.approx(3 * RUN)


def test_an_estimate_names_the_rate_its_day_and_what_it_holds(chain: ModalChain) -> None:
    order = noop_order(6, **limited(1e-6))
    reply = chain._call("submit", "POST", "/api/v3/batches/estimate", order)
    assert reply.status == 200
    found = reply.body["cost"]
    assert PRICES is not None
    assert (found["provider"], found["price_as_of"], found["gpu"]) == ("modal", "2026-08-10", None)
    assert found["rate_usd_per_second"] == PRICES.rate
    assert found["overhead_usd"] == pytest.approx(overhead(4))
    assert found["usd"] == pytest.approx(found["runs_usd"] + found["overhead_usd"])
    assert found["usd_low"] < found["usd"] <= found["usd_high"]
    assert reply.body["within_limit"] is False
    assert any(warning.startswith("would be refused") for warning in reply.body["warnings"])
