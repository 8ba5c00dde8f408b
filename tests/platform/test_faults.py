"""
Screens on the cloud backend whose functions die, whose messages are lost, repeated, refused and late,
and whose emulators are restarted. Each ligand has one outcome at the end, and the sum is exact.

What is drawn comes from a seed that is printed; ``--seed N`` draws the same again. (How processes race
is not drawn.)
"""

import random
import time
from pathlib import Path

import httpx
import pytest

from local.cloud.emulators import export, firestore
from local.cloud.platform import PROJECT, Cloud
from shared import wiring
from tests.local.running import until
from tests.platform.audit import audit, status_of
from tests.platform.storm import BURST, CALM, Odds
from tests.platform.traffic import EVENT_FUNCTIONS, Traffic, traffic_on
from tests.support.orders import noop_order

pytestmark = [pytest.mark.gcp, pytest.mark.slow, pytest.mark.usefixtures("inside")]
JOBS, KILLS, HEALING_SECONDS, LOOK_SECONDS = 300, 8, 200.0, 0.1
ENDED = ("completed", "failed", "cancelled")
ROUGH = Odds(refuse=0.05, lose=0.05, repeat=0.1, hold=0.01, held_seconds=6.0)
MORTAL = (*EVENT_FUNCTIONS, "webhook", "reconcile")
POISON = (b"not JSON", b'{"ref": 1}', b"\x00\xff")


@pytest.fixture
def chance(request: pytest.FixtureRequest) -> random.Random:
    """The source of all misfortune."""
    seed = request.config.getoption("--seed") or random.SystemRandom().randrange(10**6)
    print(f"seed {seed}")
    return random.Random(seed)


def submitted(client: httpx.Client, jobs: int, **parameters: float) -> str:
    """A screen of the test model."""
    answer = client.post("/api/v3/batches/submit", json=noop_order(jobs, parameters=parameters))
    assert answer.status_code == 202, answer.text
    return str(answer.json()["batch_id"])


def wait_for_the_end(client: httpx.Client, batch_id: str) -> None:
    """Return once the batch is closed and aggregated."""
    end = time.monotonic() + HEALING_SECONDS
    while (status := status_of(client, batch_id))["status"] not in ENDED:
        assert time.monotonic() < end, f"it did not end: {status}"
        time.sleep(LOOK_SECONDS)


def strike(traffic: Traffic, batch_id: str) -> None:
    """One misfortune, by chance."""
    chance = traffic.chance
    match chance.choice(("kill", "kill", "burst", "repeat", "poison")):
        case "kill":
            traffic.kill(chance.choice(MORTAL))
        case "burst":
            storm = chance.choice([it for it in traffic.storms.values() if it.odds is ROUGH])
            storm.odds = BURST
            time.sleep(chance.uniform(0.2, 0.8))
            storm.odds = ROUGH
        case "repeat":
            first = chance.randrange(JOBS - 30)
            traffic.repeat(batch_id, range(first, first + 30))
        case "poison":
            wiring.gcp_bus().send(chance.choice(["job-queued", "job-finished"]), chance.choice(POISON))


def settled(client: httpx.Client, batch_id: str) -> int:
    """How many ligands have their outcome."""
    accounting = status_of(client, batch_id).get("accounting", {})
    return sum(accounting.get(kind, 0) for kind in ("completed", "failed"))


def test_a_screen_in_a_storm_ends_with_one_outcome_for_each_ligand(
    cloud: Cloud, client: httpx.Client, chance: random.Random
) -> None:
    with traffic_on(cloud, chance) as traffic:
        traffic.set(ROUGH)
        traffic.storms["aggregate"].odds = BURST
        batch_id = submitted(client, JOBS, failure_rate=0.1, payload_bytes=10, delay_seconds=0.02)
        traffic.kill(chance.choice(MORTAL))
        assert status_of(client, batch_id)["status"] not in ENDED, (
            "the first kill came too late to mean anything"
        )
        for name, ask in {
            "webhook": None,
            "complete": None,
            "dispatch": lambda: traffic.repeat(batch_id, range(3)),
            "reconcile": None,
            "api": lambda: status_of(client, batch_id),
        }.items():
            traffic.burst(name, ask)
        for _ in range(3 * KILLS):
            time.sleep(chance.uniform(0.1, 0.6))
            strike(traffic, batch_id)
        until(lambda: traffic.storms["aggregate"].seen["refused"] > 0, seconds=HEALING_SECONDS)
        traffic.set(CALM)
        wait_for_the_end(client, batch_id)
        accounting = audit(client, batch_id, jobs=JOBS)
        assert accounting["failed"] > 0
        for what in ("refused", "lost", "repeated"):
            assert traffic.seen(what) > 0, what
        assert all(storm.seen["refused"] for storm in traffic.storms.values())


def test_a_screen_outlives_every_emulator(
    cloud: Cloud, client: httpx.Client, chance: random.Random, tmp_path: Path
) -> None:
    """
    Pub/Sub's emulator forgets topics, subscriptions and messages, which are hints: the state announces
    anew what is overdue. Firestore's holds the state, so it is restarted with what it held while nobody
    wrote; the objects are on disk.
    """
    jobs = 100
    with traffic_on(cloud, chance) as traffic:
        batch_id = submitted(client, jobs, payload_bytes=10, delay_seconds=0.1)
        until(lambda: settled(client, batch_id) >= 10)
        cloud.emulators["pubsub"].kill()
        cloud.emulators["pubsub"].start()
        traffic.subscribe()
        lost_at = settled(client, batch_id)
        until(lambda: settled(client, batch_id) >= min(lost_at + 10, jobs))
        for function in cloud.functions.values():
            function.kill()
        restart_stores(cloud, tmp_path)
        for function in cloud.functions.values():
            function.launch()
        for function in cloud.functions.values():
            function.wait()
        assert lost_at < jobs, "nothing was lost"
        wait_for_the_end(client, batch_id)
        assert audit(client, batch_id, jobs=jobs)["completed"] == jobs


def restart_stores(cloud: Cloud, folder: Path) -> None:
    """Firestore and Cloud Storage end, and begin with what they held."""
    state, emulator = cloud.emulators["firestore"], cloud.emulators["storage"]
    port = int(state.address.rpartition(":")[2])
    exported = export(state, PROJECT, folder)
    state.kill()
    state.command = firestore(folder / "log", port=port, state=exported).command
    emulator.stop()
    state.start()
    emulator.start()
