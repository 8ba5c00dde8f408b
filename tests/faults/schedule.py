"""
One schedule: a small screen driven through seeded misfortune, then healed, then audited.

Everything random comes from the seed, so a failing schedule can be replayed alone:
``pytest tests/faults --seed N``.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from shared.adapters.local.bus import Delivery
from shared.adapters.local.calls import Call
from shared.models.facts import Pace
from shared.models.work import Envelope
from tests.faults.audit import Witness, audit, nothing_is_left
from tests.support.boundaries import Boundaries, Fault, Killed
from tests.support.chain import Chain, chain_at
from tests.support.orders import noop_order

Order = dict[str, Any]
WAITS = (0.5, 3, 20, 45, 70, 400)
CHAOS_STEPS = 40
DEPTH = 2


@dataclass(frozen=True)
class Odds:
    """How likely each misfortune is, per chance it gets."""

    lose: float
    repeat: float
    fault: float
    interleave: float
    lose_webhook: float
    cancel: float
    pause: float
    retry: float
    delete: float
    brake: float

    @classmethod
    def draw(cls, chance: random.Random) -> "Odds":
        """Calm seas in some schedules, rough ones in others."""
        rough = chance.choice((0.0, 0.1, 0.3))
        return cls(
            lose=chance.choice((0.0, rough)),
            repeat=chance.choice((0.0, 0.3, 0.6)),
            fault=chance.choice((0.0, 0.02, 0.06, 0.15)),
            interleave=chance.choice((0.0, 0.0, 0.15)),
            lose_webhook=chance.choice((0.0, rough)),
            cancel=chance.choice((0.0, 0.0, 0.0, 0.05)),
            pause=chance.choice((0.0, 0.0, 0.3)),
            retry=chance.choice((0.0, 0.3)),
            delete=chance.choice((0.0, 0.0, 1.0)),
            brake=chance.choice((0.0, 0.0, 0.3)),
        )


@dataclass
class Misfortune:
    """The seeded plan of one schedule; switched off for the healing."""

    chance: random.Random
    odds: Odds
    active: bool = True
    strike_at: int | None = None
    strike: Fault | None = None
    reconciling: bool = True

    def plan(self, number: int, name: str) -> Fault | None:
        """The fault of a boundary: the one that was ordered, or one by chance."""
        if number == self.strike_at:
            return self.strike
        if not self.active or self.chance.random() >= self.odds.fault:
            return None
        return self.chance.choice(list(Fault))


@dataclass
class Schedule:
    """A chain, its misfortune, and what a witness saw."""

    chain: Chain
    misfortune: Misfortune
    witness: Witness = field(default_factory=Witness)
    held: list[Delivery] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    answers: list[Envelope] = field(default_factory=list)
    batch_id: str | None = None
    depth: int = 0

    def submit(self, order: dict[str, Any]) -> str:
        """As a client does: the same body with the same key until it is accepted."""
        for _ in range(50):
            try:
                reply = self.chain.submit(order, key="the key")
            except Killed:
                self._restart()
                continue
            if reply.status == 202:
                batch_id: str = reply.body["batch_id"]
                return batch_id
            assert reply.status in (500, 503), reply.body
        raise AssertionError("never accepted")

    def chaos(self, steps: int) -> None:
        """Anything that can happen, in any order."""
        for _ in range(steps):
            self.act()

    def act(self) -> None:
        """One thing happens."""
        self.held += self.chain.leased()
        self.calls += self.chain.taken()
        self.misfortune.chance.choice(self._possible())()

    def _possible(self) -> list[Any]:
        weights = (
            (self._deliver, 6 * bool(self.held)),
            (self._run, 6 * bool(self.calls)),
            (self._report, 3 * bool(self.answers)),
            (self._wait, 1),
            (self._reconcile, int(self.misfortune.reconciling)),
            (lambda: self._control("cancel"), int(self._happens(self.misfortune.odds.cancel))),
            (lambda: self._control("pause"), int(self._happens(self.misfortune.odds.pause))),
            (lambda: self._control("resume"), int(self._happens(self.misfortune.odds.pause))),
            (lambda: self._control("retry_failed"), int(self._happens(self.misfortune.odds.retry))),
            (self._brake, int(self._happens(self.misfortune.odds.brake))),
        )
        return [action for action, weight in weights for _ in range(weight)]

    def _draw(self, things: list[Any]) -> Any:
        return things.pop(self.misfortune.chance.randrange(len(things)))

    def _deliver(self) -> None:
        delivery, chance, odds = self._draw(self.held), self.misfortune.chance, self.misfortune.odds
        if chance.random() < odds.lose:
            self.chain.settle_delivery(delivery, acknowledged=True)
            return
        times = 1 + (chance.random() < odds.repeat) + (chance.random() < odds.repeat / 2)
        acknowledged = [self._attempt(lambda: self.chain.deliver(delivery)) for _ in range(times)]
        if None not in acknowledged:
            self.chain.settle_delivery(delivery, acknowledged=bool(acknowledged[-1]))

    def _run(self) -> None:
        call = self._draw(self.calls)
        for _ in range(1 + (self.misfortune.chance.random() < self.misfortune.odds.repeat / 2)):
            envelope = self.chain.run(call)
            if self.misfortune.chance.random() >= self.misfortune.odds.lose_webhook:
                self.answers.append(envelope)

    def _report(self) -> None:
        envelope = self._draw(self.answers)
        self._attempt(lambda: self.chain.webhook(envelope))
        if self.misfortune.chance.random() < self.misfortune.odds.repeat:
            self.answers.append(envelope)

    def _wait(self) -> None:
        self.chain.clock.advance(timedelta(seconds=self.misfortune.chance.choice(WAITS)))

    def _reconcile(self) -> None:
        self._attempt(self.chain.reconcile)

    def _control(self, action: str) -> None:
        self._attempt(lambda: self.chain.api(f"/api/v3/batches/{self.batch_id}/control/{action}", "POST"))

    def _brake(self) -> None:
        """A look at the pool that says anything: no result may depend on the limit."""
        if self.batch_id is not None:
            limit, now = self.misfortune.chance.choice((1, 1, 2, 3, 7)), self.chain.clock.now()
            pace = Pace(limit=limit, reason="misfortune", run_seconds=1, judged_at=now)
            self.chain.ledger.intend(self.batch_id, pace=pace)

    def _happens(self, odds: float) -> bool:
        return self.misfortune.chance.random() < odds

    def _attempt(self, action: Any) -> Any:
        """The answer, or None: the process died, and another has begun."""
        try:
            return action()
        except Killed:
            if self.depth:
                raise
            self._restart()
            return None

    def _restart(self) -> None:
        self.chain.restart()
        self.held.clear()

    def between(self) -> None:
        """At a boundary, another process may get a turn."""
        chance, odds = self.misfortune.chance, self.misfortune.odds
        if not self.misfortune.active or self.depth >= DEPTH or chance.random() >= odds.interleave:
            return
        if not self.held:
            return
        self.depth += 1
        try:
            self._deliver()
        finally:
            self.depth -= 1

    @property
    def odds(self) -> Odds:
        """How likely each misfortune is."""
        return self.misfortune.odds

    def retried(self) -> bool:
        """Whether a finished batch took a retry of what failed; misfortune may strike again then."""
        if self.chance.random() >= 0.5:
            return False
        self.misfortune.active = True
        for _ in range(20):
            reply = self._attempt(
                lambda: self.chain.api(
                    f"/api/v3/batches/{self.batch_id}/control/retry_failed?round={self._rounds() + 1}", "POST"
                )
            )
            if reply is not None and reply.status < 500:
                return bool(reply.status == 200)
        return False

    def _rounds(self) -> int:
        return int(self.chain.ledger.intents(self.batch_id).round)

    @property
    def chance(self) -> random.Random:
        """The one source of chance."""
        return self.misfortune.chance

    def delete(self) -> None:
        """Delete the finished batch through misfortune; nothing of it may be left."""
        assert self.batch_id is not None
        self.misfortune.active = True
        for _ in range(8):
            self._attempt(lambda: self.chain.api(f"/api/v3/batches/{self.batch_id}", "DELETE"))
            self._attempt(self.chain.reconcile)
            self._wait()
        self.misfortune.active = False
        assert self.chain.api(f"/api/v3/batches/{self.batch_id}", "DELETE").status == 200
        for _ in range(3):
            self.chain.clock.advance(timedelta(seconds=700))
            self.chain.reconcile()
        nothing_is_left(self.chain, self.batch_id)

    def heal(self) -> None:
        """No more misfortune; what is left must come to its end by itself."""
        self.misfortune.active = False
        self.misfortune.strike_at = None
        self.chain.restart()
        if self.batch_id is not None:
            self.chain.api(f"/api/v3/batches/{self.batch_id}/control/resume", "POST")
        for call in self.calls:
            self.chain.webhook(self.chain.run(call))
        for envelope in self.answers:
            self.chain.webhook(envelope)
        self.calls.clear()
        self.answers.clear()
        self.chain.drain(reconciling=self.misfortune.reconciling)


def scenario(chance: random.Random) -> dict[str, Any]:
    """A small screen: few ligands, any window, some of them doomed."""
    strategy = chance.choice(("adaptive", "sequential", "parallel", "resource_aware", "resource_aware"))
    configuration = {
        "scheduling_strategy": strategy,
        "max_concurrent_jobs": chance.choice((1, 2, 3, 999)),
        "max_retry_attempts": chance.choice((1, 2, 3)),
    }
    return noop_order(
        chance.randint(1, 7),
        invalid=chance.choice((0, 0, 1, 2)),
        repeated=chance.choice((0, 0, 1, 5)),
        parameters={
            "failure_rate": chance.choice((0.0, 0.0, 0.4, 1.0)),
            "failing_rounds": chance.choice((1, 1, 2)),
            "payload_bytes": chance.choice((0, 0, 64)),
        },
        configuration=configuration,
        seed=chance.randint(0, 1000),
    )


def run_schedule(
    seed: int,
    home: Path,
    *,
    steps: int = CHAOS_STEPS,
    adapt: Callable[[Order], Order] = lambda order: order,
    before: Callable[[Chain], None] = lambda chain: None,
    after: Callable[[Chain, str], None] = lambda chain, batch_id: None,
) -> None:
    """
    Misfortune by chance, all of it from ``seed``; ``adapt`` may ask the screen for more.

    ``before`` is called before anything can go wrong, ``after`` when all is over.
    """
    chance = random.Random(seed)
    misfortune = Misfortune(chance, Odds.draw(chance))
    with _schedule(home, misfortune) as schedule:
        _calmly(schedule, before)
        schedule.batch_id = schedule.submit(adapt(scenario(chance)))
        schedule.chaos(steps)
        schedule.heal()
        audit(schedule.chain, schedule.batch_id, schedule.witness)
        if schedule.retried():
            schedule.chaos(steps // 2)
            schedule.heal()
            audit(schedule.chain, schedule.batch_id, schedule.witness)
        misfortune.active = False
        after(schedule.chain, schedule.batch_id)
        if schedule.odds.delete:
            schedule.delete()


def _calmly(schedule: "Schedule", act: Callable[[Chain], None]) -> None:
    """Do something to which no misfortune belongs; its boundaries do not count."""
    plan, schedule.chain.boundaries.plan = schedule.chain.boundaries.plan, lambda number, name: None
    act(schedule.chain)
    schedule.chain.boundaries.plan = plan
    schedule.chain.boundaries.met.clear()


CALM = Odds(
    lose=0, repeat=0, fault=0, interleave=0, lose_webhook=0, cancel=0, pause=0, retry=0, delete=0, brake=0
)
Strike = tuple[int, Fault]


def run_strike(
    order: dict[str, Any],
    strike: Strike | None,
    home: Path,
    *,
    reconciling: bool = True,
    before: Callable[[Chain], None] = lambda chain: None,
    after: Callable[[Chain, str], None] = lambda chain, batch_id: None,
) -> list[tuple[str, str]]:
    """One fault at one boundary of an otherwise calm run; the boundaries that the run met."""
    misfortune = Misfortune(random.Random(0), CALM, reconciling=reconciling)
    if strike is not None:
        misfortune.strike_at, misfortune.strike = strike
    with _schedule(home, misfortune) as schedule:
        _calmly(schedule, before)
        batch_id = schedule.submit(order)
        for _ in range(30):
            schedule.act()
        met = list(schedule.chain.boundaries.met)
        schedule.heal()
        audit(schedule.chain, batch_id, schedule.witness)
        after(schedule.chain, batch_id)
        return met


class _schedule:  # noqa: N801 - reads as a statement
    """A schedule on a chain at ``home``, with its witness at the ledger."""

    def __init__(self, home: Path, misfortune: Misfortune) -> None:
        self._boundaries = Boundaries(misfortune.plan)
        self._chain = chain_at(home, self._boundaries)
        self._misfortune = misfortune

    def __enter__(self) -> Schedule:
        schedule = Schedule(self._chain.__enter__(), self._misfortune)
        self._boundaries.between = schedule.between
        self._boundaries.seen = schedule.witness.see
        return schedule

    def __exit__(self, *error: Any) -> None:
        self._chain.__exit__(*error)
