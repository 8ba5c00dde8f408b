"""Webhooks of users among misfortune: whatever dies or is lost, all that happened is told, once each."""

import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from shared.steps.reading import rounds_of
from tests.faults.schedule import run_schedule, run_strike
from tests.support.boundaries import Fault
from tests.support.chain import Chain
from tests.support.functions import call
from tests.support.hooks import Receiver
from tests.support.orders import noop_order

SCHEDULES = 60
MILESTONES = [10, 25, 50, 75, 90, 100]
STEPS = ("complete", "aggregate", "notify", "reconcile")


@dataclass
class Told:
    """An endpoint of the one owner, and what it has to have been told at the end."""

    receiver: Receiver
    webhook: dict[str, Any] = field(default_factory=dict)

    def before(self, chain: Chain) -> None:
        """Register the endpoint."""
        self.receiver.received.clear()
        wanted = {"url": self.receiver.url, "milestones": MILESTONES}
        self.webhook = call("api", "POST", "/api/v3/webhooks", wanted).body

    def after(self, chain: Chain, batch_id: str) -> None:
        """Every end and every milestone was told, under one id each, and nothing waits."""
        for _ in range(8):
            chain.clock.advance(timedelta(seconds=400))
            chain.reconcile()
            while chain.step():
                pass
        batch = chain.ledger.batch(batch_id)
        rounds = rounds_of(chain.ledger, batch, chain.ledger.intents(batch_id))
        messages = {it.id: it for it in self.receiver.received}.values()
        assert all(it.is_signed(self.webhook["secret"]) for it in messages)
        said = Counter(_said(it.content) for it in messages)
        ends = {("end", it.number, chain.ledger.closing(batch_id, it.number).status) for it in rounds}
        shares = {("milestone", share) for share in MILESTONES} if batch.counts.jobs > 1 else set()
        assert said == Counter(ends | shares)


def _said(content: dict[str, Any]) -> tuple[Any, ...]:
    data = content["data"]
    if content["type"] == "batch.milestone.v1":
        return ("milestone", data["threshold"])
    assert content["type"] == f"batch.{data['status']}.v1"
    return ("end", data["round"], data["status"])


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Iterator[Told]:
    """A receiver that now and then refuses."""
    monkeypatch.setenv("OMTX_WEBHOOK_LOOPBACK", "1")
    with Receiver() as receiver:
        yield Told(receiver)


def crucial(met: list[tuple[str, str]]) -> list[int]:
    """Of each function and call of telling the first and the last boundary, by number, and the next one."""
    places: dict[tuple[str, str], list[int]] = {}
    for number, (where, name) in enumerate(met, start=1):
        if where in STEPS and (where == "notify" or name.startswith("hooks.")):
            places.setdefault((where, name), []).append(number)
    chosen = {number for found in places.values() for number in (found[0], found[-1])}
    return sorted(chosen | {number + 1 for number in chosen if number < len(met)})


@pytest.mark.faults
@pytest.mark.parametrize("fault", Fault)
def test_one_fault_at_any_boundary_of_telling_loses_nothing(home: Path, told: Told, fault: Fault) -> None:
    order = noop_order(3, configuration={"max_concurrent_jobs": 1})
    met = run_strike(order, None, home / "calm", before=told.before, after=told.after)
    near = crucial(met)
    assert {"complete", "aggregate", "notify"} <= {met[number - 1][0] for number in near}
    for number in near:
        print(f"{fault.name} at boundary {number}: {met[number - 1]}")
        run_strike(order, (number, fault), home / f"{number}", before=told.before, after=told.after)
        shutil.rmtree(home / f"{number}")


@pytest.mark.faults
@pytest.mark.parametrize("first", range(0, SCHEDULES, 20))
def test_every_schedule_ends_with_everything_told(home: Path, told: Told, first: int) -> None:
    for seed in range(first, first + 20):
        print(f"seed {seed}")
        told.receiver.answers[:] = [500, 200, 503] if seed % 3 == 0 else []
        run_schedule(seed, home / str(seed), before=told.before, after=told.after)
        shutil.rmtree(home / str(seed))
