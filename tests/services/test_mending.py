"""Completion on request: what was lost is done again, and a stand-in result for tests."""

from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from services.api.answers import completion as told
from shared import settings
from shared.models.base import Frozen
from shared.settings.doors import DoorSettings, doors
from tests.support.chain import Chain
from tests.support.functions import Reply
from tests.support.screens import answers, assert_problem, deliver_all, finished, opened, status, tell

ROOT = "/api/v3/batch-completion/batch"
LONG = timedelta(hours=1)


def drop(chain: Chain) -> None:
    """Every message that is on its way is lost."""
    for delivery in chain.leased():
        chain.settle_delivery(delivery, acknowledged=True)
    chain.clock.advance(LONG)


def refreshed(chain: Chain, batch_id: str) -> dict[str, Any]:
    """The answer to a refresh."""
    reply = chain.api(f"{ROOT}/{batch_id}/force-refresh", "POST")
    assert reply.status == 200, reply.raw
    told.Refreshed.model_validate(reply.body, extra="forbid")
    found: dict[str, Any] = reply.body
    return found


def test_lost_releases_are_published_again_and_the_screen_ends(chain: Chain) -> None:
    batch_id = opened(chain, 3)
    drop(chain)
    assert refreshed(chain, batch_id)["mended"] == ["published 3 released ligands again"]
    assert refreshed(chain, batch_id)["message"] == "nothing was stuck"
    chain.drain(reconciling=False)
    assert status(chain, batch_id)["status"] == "completed"


def test_a_lost_announcement_of_the_end_is_repeated(chain: Chain) -> None:
    batch_id = opened(chain, 1)
    deliver_all(chain)
    [envelope] = answers(chain)
    chain.webhook(envelope)
    deliver_all(chain)
    drop(chain)
    assert refreshed(chain, batch_id)["mended"] == ["published batch-finished again"]
    chain.drain(reconciling=False)
    found = refreshed(chain, batch_id)
    assert (found["mended"], found["updated_batch"]["status"]) == ([], "completed")
    assert found["progress"]["percentage"] == 100


@pytest.mark.parametrize("action", ["pause", "cancel"])
def test_what_its_owner_holds_back_is_not_released(chain: Chain, action: str) -> None:
    batch_id = opened(chain, 2)
    drop(chain)
    chain.api(f"/api/v3/batches/{batch_id}/control/{action}", "POST")
    assert refreshed(chain, batch_id)["mended"] == []


def test_an_unknown_batch_is_not_refreshed(chain: Chain) -> None:
    assert_problem(chain.api(f"{ROOT}/batch_nowhere/force-refresh", "POST"), 404)


@pytest.fixture
def simulating(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> Chain:
    """A chain on which completions may be simulated."""
    monkeypatch.setenv("OMTX_SIMULATE_COMPLETION", "1")
    doors.cache_clear()
    return chain


def simulate(chain: Chain, batch_id: str, job_id: str) -> Reply:
    """Ask for a stand-in."""
    return chain.api(f"{ROOT}/{batch_id}/simulate-completion?job_id={job_id}", "POST")


def job_of(chain: Chain, batch_id: str) -> str:
    """The first job of a batch."""
    job_id: str = status(chain, batch_id)["jobs"][0]["job_id"]
    return job_id


def test_a_stand_in_goes_the_way_of_every_answer_and_is_labelled_everywhere(simulating: Chain) -> None:
    batch_id = opened(simulating, 1)
    reply = simulate(simulating, batch_id, job_of(simulating, batch_id))
    assert reply.status == 200, reply.body
    told.Simulated.model_validate(reply.body, extra="forbid")
    assert reply.body["mock_result"]["test_model"] is True
    simulating.drain()
    [row] = simulating.api(f"/api/v3/batches/{batch_id}/results").body["results"]
    assert (row["status"], row["affinity"], row["test_model"]) == ("completed", 0.75, True)
    assert row["metrics"]["simulated"] is True
    csv = simulating.api(f"/api/v3/batches/{batch_id}/results?format=csv").raw.decode()
    assert "True" in csv or "true" in csv


def test_the_first_answer_stands_whichever_it_is(simulating: Chain) -> None:
    batch_id = opened(simulating, 1)
    deliver_all(simulating)
    [envelope] = answers(simulating)
    job_id = job_of(simulating, batch_id)
    assert simulate(simulating, batch_id, job_id).status == 200
    deliver_all(simulating)
    tell(simulating, envelope)
    simulating.drain()
    [row] = simulating.api(f"/api/v3/batches/{batch_id}/results").body["results"]
    assert row["affinity"] == 0.75
    assert_problem(simulate(simulating, batch_id, job_id), 409)


def test_a_job_of_another_batch_is_not_found(simulating: Chain) -> None:
    one, other = opened(simulating, 1), finished(simulating, 2)
    assert_problem(simulate(simulating, one, job_of(simulating, other)), 404)


def test_nothing_is_simulated_unless_it_is_switched_on(chain: Chain) -> None:
    batch_id = opened(chain, 1)
    before = len(chain.leased())
    assert_problem(simulate(chain, batch_id, job_of(chain, batch_id)), 403)
    assert before == 1
    assert chain.leased() == []


def test_a_deployment_in_the_cloud_refuses_to_start_with_simulation(monkeypatch: pytest.MonkeyPatch) -> None:
    cloud = {"BACKEND": "gcp", "PROJECT": "p", "BUCKET": "b", "PUBLIC_URL": "https://x", "PUSH_AUDIENCE": "a"}
    for name, value in {**cloud, "PUSH_SERVICE_ACCOUNT": "s", "SIMULATE_COMPLETION": "1"}.items():
        monkeypatch.setenv(f"OMTX_{name}", value)
    settings.settings.cache_clear()
    try:
        with pytest.raises(ValidationError, match="is for tests"):
            DoorSettings()
    finally:
        settings.settings.cache_clear()


def test_answers_of_completion_are_as_they_are_described(chain: Chain) -> None:
    batch_id = opened(chain, 3)
    root = "/api/v3/batch-completion"
    kinds: dict[str, type[Frozen]] = {
        "status": told.CompletionStatus,
        "active-batches": told.ActiveBatches,
        "system-health": told.SystemHealth,
        f"milestones/{batch_id}": told.MilestonesOfBatch,
        f"batch/{batch_id}/progress?force_refresh=true": told.ProgressOfBatch,
    }
    for path, kind in kinds.items():
        reply = chain.api(f"{root}/{path}")
        assert reply.status == 200, (path, reply.raw)
        kind.model_validate(reply.body, extra="forbid")
