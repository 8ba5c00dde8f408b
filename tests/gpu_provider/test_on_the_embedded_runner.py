"""The embedded runner with its models at Modal: real HTTP between the runner and the container."""

import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from modal_gpu.body import Body
from modal_gpu.predictors import predictor
from modal_gpu.report import Reporter
from modal_gpu.transfer import Transfer
from shared import wiring
from shared.models.facts import OutcomeKind
from tests.local.running import QUICK, Running, until
from tests.modal_server.plane import Fate, Plane
from tests.modal_server.server import ControlPlane
from tests.support.orders import noop_order

LIGANDS = 24


@pytest.fixture
def running(
    tmp_path: Path, control_plane: ControlPlane, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Running]:
    """A runner whose calls a container takes, one at a time."""
    control_plane.deployments.have("omtx-noop", most_containers=1)
    for name, value in (QUICK | {"OMTX_ENGINE": "modal", "OMTX_MODAL_INSECURE": "1"}).items():
        monkeypatch.setenv(name, value)
    stopped = threading.Event()
    with Running(tmp_path) as running, httpx.Client(trust_env=False) as client:
        control_plane.plane.body = _body(client).answer
        container = threading.Thread(target=_contain, args=(control_plane.plane, stopped))
        container.start()
        yield running
        stopped.set()
        container.join()


def _body(client: httpx.Client) -> Body:
    key = wiring.secrets().keys("webhook")[0]
    reporter = Reporter(key_id=key.id, secret=key.secret, client=client)
    return Body(predictor("noop"), Transfer(client), reporter, machine="NVIDIA T4")


def _contain(plane: Plane, stopped: threading.Event) -> None:
    while not stopped.wait(0.02):
        plane.run(limit=1)


def test_a_posted_screen_runs_at_modal_and_its_files_come_back(
    running: Running, control_plane: ControlPlane
) -> None:
    control_plane.plane.fate = lambda number: Fate.IS_LOST if number == 5 else Fate.ANSWERS
    batch = running.submit(noop_order(LIGANDS, parameters={"payload_bytes": 500}))
    outcomes = running.settled(batch, LIGANDS)
    assert {outcome.kind for outcome in outcomes} == {OutcomeKind.COMPLETED}
    assert {outcome.machine for outcome in outcomes} == {"NVIDIA T4"}
    assert sorted(outcome.ref.attempt for outcome in outcomes) == [1] * (LIGANDS - 1) + [2]
    until(lambda: running.client.get(f"/api/v3/batches/{batch}/status").json()["status"] == "completed")
    assert running.client.get(f"/api/v3/batches/{batch}/verify").json()["ok"]
    activity = running.client.get("/api/v3/system/activity").json()["engine"]
    assert activity == {"workers": None, "busy": None, "waiting_runs": None, "runs": []}
    assert wiring.local_calls().counts() == {}
