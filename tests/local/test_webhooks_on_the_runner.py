"""Webhooks of users on the embedded runner: from a posted screen to a message that verifies."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.local.running import QUICK, Running, until
from tests.support.hooks import Receiver
from tests.support.orders import noop_order


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Whoever is told."""
    with Receiver() as made:
        yield made


@pytest.fixture
def running(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    """A runner that may call this machine."""
    for name, value in {**QUICK, "OMTX_WEBHOOK_LOOPBACK": "1"}.items():
        monkeypatch.setenv(name, value)
    with Running(tmp_path / "home") as running:
        yield running


def test_a_screen_is_told_from_its_milestones_to_its_end_and_every_message_verifies(
    running: Running, receiver: Receiver
) -> None:
    wanted = {"url": receiver.url, "milestones": [25, 100]}
    webhook = running.client.post("/api/v3/webhooks", json=wanted).json()
    batch = running.submit(noop_order(20, invalid=1))
    until(lambda: len(receiver.received) >= 3)
    said = [it.verified(webhook["secret"]) for it in receiver.received]
    assert sorted(it["type"] for it in said) == ["batch.completed.v1"] + ["batch.milestone.v1"] * 2
    [end] = [it["data"] for it in said if it["type"] == "batch.completed.v1"]
    found = running.client.get(end["links"]["results"]).json()
    assert end["batch_id"] == found["batch_id"] == batch
    assert not found["partial"]
    assert len({it.id for it in receiver.received}) == len(receiver.received)


def test_a_refused_message_is_sent_again_after_five_seconds(running: Running, receiver: Receiver) -> None:
    webhook = running.client.post("/api/v3/webhooks", json={"url": receiver.url}).json()
    receiver.answers[:] = [500]
    running.submit(noop_order(2))
    until(lambda: len(receiver.received) == 2, seconds=30)
    path = f"/api/v3/webhooks/{webhook['webhook_id']}/deliveries"
    until(lambda: running.client.get(path).json()["deliveries"][0]["state"] == "delivered")
    first, second = receiver.received
    assert first.id == second.id
    waited = int(second.headers["webhook-timestamp"]) - int(first.headers["webhook-timestamp"])
    assert 5 <= waited < 20
    assert second.verified(webhook["secret"])["type"] == "batch.completed.v1"
