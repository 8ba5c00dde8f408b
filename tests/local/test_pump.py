"""The pump with the real queue and a function of the framework, without a server."""

import json
import os
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from local.mount import load
from local.pump import Courier, Pump, drain
from shared import wiring
from shared.adapters.local.bus import Delivery
from shared.events.envelope import decode
from shared.events.messages import BatchFinished, JobQueued
from shared.models.work import JobRef
from shared.topology import topology
from tests.local.running import until

FUNCTION = """
import json
import pathlib
import time

import functions_framework

HERE = pathlib.Path(__file__).parent

@functions_framework.http
def listen(request):
    if (HERE / "failing").exists():
        return {"title": "Temporarily unavailable", "detail": "not today"}, 503
    if (HERE / "slow").exists() and "batch-finished" in request.path:
        time.sleep(1)
    line = json.dumps({"path": request.path, **request.get_json()})
    with (HERE / "delivered").open("a") as log:
        log.write(line + "\\n")
    return "", 204
"""
QUEUED = "dispatch-job-queued"


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("OMTX_HOME", str(tmp_path / "home"))
    wiring.reset()
    yield
    wiring.reset()


@pytest.fixture
def courier(tmp_path: Path) -> Courier:
    (tmp_path / "main.py").write_text(FUNCTION)
    function = load(tmp_path / "main.py", "listen")
    names = [it.subscription.name for it in topology().functions.values() if it.subscription]
    return Courier(dict.fromkeys(names, function), bus=wiring.local_bus(), table=topology())


def publish(*positions: int) -> None:
    refs = [JobRef(batch_id="b", job_id=f"j{n}", position=n) for n in positions]
    wiring.bus().publish([JobQueued(ref=ref) for ref in refs])


def delivered(folder: Path) -> list[dict[str, Any]]:
    log = folder / "delivered"
    return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []


def positions(folder: Path) -> list[int]:
    return [decode(event, JobQueued).ref.position for event in delivered(folder)]


def test_a_function_gets_what_pubsub_would_push(tmp_path: Path, courier: Courier) -> None:
    publish(7)
    assert drain(courier) == {QUEUED: 1}

    (event,) = delivered(tmp_path)
    assert event["path"] == "/projects/omtx/topics/job-queued"
    assert event["subscription"] == f"projects/omtx/subscriptions/{QUEUED}"
    assert event["deliveryAttempt"] == 1
    assert event["message"]["messageId"].isdigit()
    assert event["message"]["publishTime"].endswith("Z")
    assert decode(event, JobQueued).ref.position == 7


def test_draining_delivers_until_nothing_is_due(tmp_path: Path, courier: Courier) -> None:
    publish(*range(250))
    assert drain(courier, limit=100) == {QUEUED: 250}
    assert sorted(positions(tmp_path)) == list(range(250))
    assert wiring.local_bus().waiting() == {}


def test_a_test_may_repeat_reorder_and_lose_deliveries(tmp_path: Path, courier: Courier) -> None:
    def arrange(leased: list[Delivery]) -> list[Delivery]:
        kept = leased[1:]
        return random.Random(1).sample(kept * 2, k=2 * len(kept))

    publish(*range(20))
    assert drain(courier, arrange=arrange) == {QUEUED: 38}
    assert Counter(positions(tmp_path)) == dict.fromkeys(range(1, 20), 2)
    assert positions(tmp_path) != sorted(positions(tmp_path))
    assert wiring.local_bus().waiting() == {}


def test_a_refused_message_waits_and_is_at_last_parked_with_the_reason(
    tmp_path: Path, courier: Courier
) -> None:
    (tmp_path / "failing").touch()
    publish(1)
    bus, most = wiring.local_bus(), topology().subscription_defaults.max_delivery_attempts
    for _ in range(most):
        (delivery,) = bus.lease(QUEUED, limit=1, visibility=timedelta(0))
        assert courier.deliver(delivery).status == 503
        courier.refuse(delivery, courier.deliver(delivery))
        bus._db.write(lambda it: it.execute("UPDATE messages SET visible_at = 0").rowcount)

    (letter,) = bus.dead_letters()
    assert (letter.deliveries, letter.reason) == (most, f"{QUEUED} answered 503: not today")
    assert bus.waiting() == {}


def test_a_published_message_is_delivered_at_once(tmp_path: Path, courier: Courier) -> None:
    pump = Pump(courier, bus=wiring.local_bus())
    pump.start()
    time.sleep(0.05)
    begun = time.monotonic()
    for n in range(10):
        publish(n)
        until(lambda n=n: len(delivered(tmp_path)) > n)  # type: ignore[misc]
    pump.stop()
    assert time.monotonic() - begun < 1.5, "ten waits for the poll would take two seconds"
    assert wiring.local_bus().waiting() == {}


def test_a_slow_function_does_not_delay_the_others(tmp_path: Path, courier: Courier) -> None:
    (tmp_path / "slow").touch()
    pump = Pump(courier, bus=wiring.local_bus())
    pump.start()
    wiring.bus().publish([BatchFinished(batch_id=f"b{n}") for n in range(40)])
    time.sleep(0.1)
    publish(*range(10))
    until(lambda: len(delivered(tmp_path)) >= 10, seconds=0.9)
    assert all("job-queued" in event["path"] for event in delivered(tmp_path))
    pump.stop()


def test_a_stopped_pump_has_finished_what_it_began_and_lost_nothing(tmp_path: Path, courier: Courier) -> None:
    pump = Pump(courier, bus=wiring.local_bus())
    pump.start()
    publish(*range(300))
    time.sleep(0.05)
    pump.stop()
    done = len(positions(tmp_path))
    assert wiring.local_bus().waiting().get(QUEUED, 0) == 300 - done

    again = Pump(courier, bus=wiring.local_bus())
    again.start()
    until(lambda: len(positions(tmp_path)) == 300)
    again.stop()
    assert sorted(positions(tmp_path)) == list(range(300))


def test_loading_a_function_leaves_no_trace_in_the_process(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text(FUNCTION)
    before = dict(os.environ), list(sys.path), "main" in sys.modules
    load(tmp_path / "main.py", "listen")
    assert (dict(os.environ), list(sys.path), "main" in sys.modules) == before
