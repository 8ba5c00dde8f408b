"""What the emulator itself pushes to functions, which are processes under the framework."""

import json
from collections import Counter
from typing import Any
from uuid import uuid4

import httpx
import pytest

from local.cloud.platform import Cloud
from shared import wiring
from shared.domain.identity import job_id
from shared.events.envelope import payload
from shared.events.messages import BatchFinished, Event, JobQueued
from shared.models.work import JobRef
from tests.local.running import until
from tests.platform.audit import audit, status_of
from tests.support.orders import noop_order

pytestmark = [pytest.mark.gcp, pytest.mark.slow, pytest.mark.usefixtures("inside")]
UNKNOWN = f"batch_{uuid4().hex[:24]}"
POISON = {
    "no JSON": f"not JSON {UNKNOWN}".encode(),
    "another schema": json.dumps({"ref": UNKNOWN}).encode(),
    "no text": b"\x00\xff" + UNKNOWN.encode(),
    "an unknown batch": payload(
        JobQueued(ref=JobRef(batch_id=UNKNOWN, job_id=job_id(UNKNOWN, 0), position=0))
    ),
}
"""Not the same twice: what is given up again while its letter is open is counted there."""


def letters(client: httpx.Client) -> list[dict[str, Any]]:
    """What was parked and waits for somebody."""
    found: list[dict[str, Any]] = client.get("/api/v3/dead-letters?limit=200").json()["dead_letters"]
    return found


def steps(cloud: Cloud, function: str) -> list[dict[str, Any]]:
    """What the log of a function says of its deliveries."""
    lines = (cloud.home / "logs" / f"{function}.log").read_text().splitlines()
    return [step for line in lines if line.startswith("{") and "message_id" in (step := json.loads(line))]


@pytest.mark.parametrize("what", list(POISON))
def test_a_message_that_nobody_can_handle_is_parked_with_the_reason_and_never_comes_again(
    cloud: Cloud, client: httpx.Client, what: str
) -> None:
    before = {letter["id"] for letter in letters(client)}
    known = len(steps(cloud, "dispatch"))
    wiring.gcp_bus().send("job-queued", POISON[what])

    until(lambda: bool({it["id"] for it in letters(client)} - before))
    # A message behind it arrives, so one that were not acknowledged would have come again meanwhile.
    ran(client)
    [letter] = [it for it in letters(client) if it["id"] not in before]
    assert (letter["topic"], letter["deliveries"], letter["times"]) == ("job-queued", 1, 1), letter
    assert letter["reason"].split(":")[0] in ("Malformed", "NotFound"), letter
    outcomes = Counter(step["outcome"] for step in steps(cloud, "dispatch")[known:])
    assert outcomes == {"parked": 1, "done": 1}
    client.post(f"/api/v3/dead-letters/{letter['id']}/discard", json={"reason": "seen"}).raise_for_status()


def test_a_push_that_finds_no_function_is_sent_again(cloud: Cloud, client: httpx.Client) -> None:
    dispatch = cloud.functions["dispatch"]
    dispatch.kill()
    batch_id = accepted(client, 2)
    dispatch.launch()
    until(lambda: status_of(client, batch_id)["status"] == "completed")
    audit(client, batch_id, jobs=2)


def test_what_is_pushed_too_often_is_collected_as_a_dead_letter(cloud: Cloud, client: httpx.Client) -> None:
    aggregate = cloud.functions["aggregate"]
    aggregate.kill()
    event: Event = BatchFinished(batch_id=UNKNOWN)
    try:
        wiring.bus().publish([event])
        until(lambda: any(it["subscription"] == "aggregate-batch-finished" for it in letters(client)))
    finally:
        aggregate.start()
    [letter] = [it for it in letters(client) if it["subscription"] == "aggregate-batch-finished"]
    # Its last try counts in the emulator only if it has ended.
    assert letter["deliveries"] >= cloud.table.subscription_defaults.max_delivery_attempts - 1
    client.post(f"/api/v3/dead-letters/{letter['id']}/discard", json={"reason": "seen"}).raise_for_status()


def accepted(client: httpx.Client, jobs: int) -> str:
    """A screen of the test model."""
    answer = client.post("/api/v3/batches/submit", json=noop_order(jobs))
    assert answer.status_code == 202, answer.text
    return str(answer.json()["batch_id"])


def ran(client: httpx.Client) -> None:
    """A screen of one ligand, to its end."""
    batch_id = accepted(client, 1)
    until(lambda: status_of(client, batch_id)["status"] == "completed")
