"""The quota of an owner on each backend: it follows the batches, of which nobody tells it anything."""

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest

from shared.errors import QuotaExceeded
from shared.models.batch import Batch
from shared.models.costs import Estimate, Usage
from shared.models.limits import Quotas
from shared.steps.quotas import Quota
from tests.contracts.backends import Backend
from tests.support.crowd import at_once
from tests.support.facts import a_batch, outcome

QUOTAS = Quotas(concurrent_batches=2, usd_per_day=10)
Make = Callable[[], Quota]


@pytest.fixture
def quota(backend: Backend) -> Make:
    """A submission of the owner, each with a hand of its own."""
    ports = (backend.consumptions, backend.ledger, backend.clock)
    return lambda: Quota("ada", "default", QUOTAS, *ports, hand=uuid4().hex)


def used(quota: Quota) -> tuple[float, float]:
    """Batches at once, and USD today."""
    figures = {it.name: it.used for it in quota.figures()}
    return figures["concurrent_batches"], figures["usd_per_day"]


def priced(usd: float) -> Batch:
    """A batch of one ligand with this estimate."""
    return a_batch(1, estimate=Estimate(run_seconds=1, seconds=1, at_once=1, usd=usd))


def opened(backend: Backend, quota: Quota, usd: float) -> Batch:
    """As ``submit`` opens it."""
    batch = priced(usd)
    quota.look(batch.batch_id)
    quota.reserve(batch.batch_id, ligands=1, usd=usd)
    backend.ledger.open(batch)
    quota.confirm(batch)
    return batch


def end(backend: Backend, batch: Batch, usd: float) -> None:
    """Its one ligand ran, for this money."""
    ledger, now = backend.ledger, backend.clock.now()
    run = Usage(machine="gpu", gpu="L4", seconds=1.0, counted_usd=usd)
    ledger.settle(batch.batch_id, 0, [outcome(batch, runs=(run,))], now=now)
    ledger.close(batch.batch_id, 0, now=now)
    fence = ledger.claim_aggregation(batch.batch_id, 0, now=now, lease_until=now + timedelta(minutes=1))
    assert fence is not None
    assert ledger.finish(
        batch.batch_id, 0, fence=fence, status="completed", summary={}, artefacts=[], now=now
    )


def test_the_cost_of_a_batch_takes_the_place_of_its_estimate(backend: Backend, quota: Make) -> None:
    batch = opened(backend, quota(), 6.0)
    assert used(quota()) == (1, 6.0)
    with pytest.raises(QuotaExceeded, match="usd_per_day: 6 of 10 are used, and this needs 5 more"):
        opened(backend, quota(), 5.0)
    end(backend, batch, 2.5)
    assert used(quota()) == (0, 2.5)
    opened(backend, quota(), 5.0)
    assert used(quota()) == (1, 7.5)


def test_a_retry_that_was_asked_for_is_not_over(backend: Backend, quota: Make) -> None:
    batch = opened(backend, quota(), 1.0)
    end(backend, batch, 1.0)
    assert backend.ledger.ask_retry(batch.batch_id, 1)
    assert used(quota()) == (1, 1.0)


def test_of_two_at_once_one_finds_the_last_place(backend: Backend, quota: Make) -> None:
    opened(backend, quota(), 1.0)

    def submit(mine: Quota) -> bool:
        try:
            mine.reserve(priced(1.0).batch_id, ligands=1, usd=1.0)
        except QuotaExceeded:
            return False
        return True

    assert sorted(at_once(submit, [quota() for _ in range(6)])) == [False] * 5 + [True]


def test_what_one_submission_takes_back_is_not_the_claim_of_its_twin(backend: Backend, quota: Make) -> None:
    batch, one, twin = priced(3.0), quota(), quota()
    one.reserve(batch.batch_id, ligands=1, usd=3.0)
    twin.reserve(batch.batch_id, ligands=1, usd=3.0)
    twin.cancel(batch.batch_id)
    assert used(quota()) == (1, 3.0)
    one.cancel(batch.batch_id)
    backend.ledger.open(batch)
    twin.confirm(batch)
    assert used(quota()) == (1, 3.0)


def test_of_an_owner_without_quotas_nothing_is_kept(backend: Backend, quota: Make) -> None:
    free = Quota("bob", "default", Quotas(), backend.consumptions, backend.ledger, backend.clock, hand="h")
    opened(backend, free, 1e9)
    assert backend.consumptions.consumption("bob").open == {}
