"""Messages that no retry can help: parked with the reason, and answered so that they never come again."""

import base64
import json
from typing import Any

import pytest

from shared.events.envelope import payload, push_body
from shared.events.messages import BatchFinished, Event, JobFinished, JobQueued
from tests.support.boundaries import Fault
from tests.support.chain import SUBSCRIBERS, Chain
from tests.support.facts import a_batch, envelope, ref
from tests.support.functions import call, push
from tests.support.screens import finished, letters, opened, waiting

TOPICS = dict(SUBSCRIBERS.values())
STRANGER = a_batch()
UNKNOWN: dict[str, Event] = {
    "dispatch": JobQueued(ref=ref(STRANGER)),
    "complete": JobFinished(envelope=envelope(ref(STRANGER))),
    "aggregate": BatchFinished(batch_id=STRANGER.batch_id),
}
NONSENSE = {
    "not json": "bm90IGpzb24=",
    "not ours": base64.b64encode(b'{"hello": "world"}').decode(),
    "a list": base64.b64encode(b"[]").decode(),
    "empty": "",
    "not base64": "*not base64*",
    "not text": base64.b64encode(b"\xff\xfe").decode(),
}


def delivery(data: str) -> dict[str, Any]:
    """A push delivery of this data."""
    return {"message": {"data": data, "messageId": "1"}, "subscription": "s"}


def send(function: str, event: Event) -> int:
    """Push one message."""
    body = push_body(
        payload(event), message_id="7", published_at="2026-01-01T12:00:00Z", subscription="s", delivery=1
    )
    return push(function, body, TOPICS[function])


@pytest.mark.parametrize("function", TOPICS)
@pytest.mark.parametrize("case", NONSENSE)
def test_a_malformed_message_is_parked_and_acknowledged(chain: Chain, function: str, case: str) -> None:
    assert 200 <= push(function, delivery(NONSENSE[case]), TOPICS[function]) < 300
    [letter] = letters()
    assert letter.topic == TOPICS[function]
    assert letter.reason.startswith("Malformed: ")
    assert json.loads(letter.data)["message"]["data"] == NONSENSE[case]


@pytest.mark.parametrize("function", TOPICS)
@pytest.mark.parametrize(
    "body", [{}, {"message": {"messageId": "1"}, "subscription": "s"}, {"message": None}]
)
def test_what_is_no_push_delivery_at_all_is_refused(
    chain: Chain, function: str, body: dict[str, Any]
) -> None:
    """The framework refuses it before we see it; the queue parks it after its last delivery."""
    assert push(function, body, TOPICS[function]) == 400
    assert letters() == []


@pytest.mark.parametrize("function", TOPICS)
def test_a_delivery_inside_a_cloud_event_is_read_too(chain: Chain, function: str) -> None:
    headers = {"ce-id": "1", "ce-source": "s", "ce-type": "t", "ce-specversion": "1.0"}
    reply = call(function, "POST", "/", delivery(NONSENSE["not ours"]), headers)
    assert reply.status == 200
    assert letters()[0].reason.startswith("Malformed: not a ")


@pytest.mark.parametrize("function", TOPICS)
def test_a_message_about_an_unknown_batch_is_parked_and_acknowledged(chain: Chain, function: str) -> None:
    assert 200 <= send(function, UNKNOWN[function]) < 300
    [letter] = letters()
    assert letter.reason == f"NotFound: no batch {STRANGER.batch_id}"
    assert waiting() == {}


@pytest.mark.parametrize("function", TOPICS)
def test_a_message_that_meets_a_failing_backend_is_not_acknowledged(chain: Chain, function: str) -> None:
    chain.boundaries.plan = lambda number, name: Fault.FAIL_BEFORE
    assert send(function, UNKNOWN[function]) >= 500
    assert letters() == []


def wrong_references(batch_id: str, chain: Chain) -> dict[str, Any]:
    """References that name no job of the batch."""
    good = ref(chain.ledger.batch(batch_id), 1)
    return {
        "position": good.model_copy(update={"position": 3}),
        "far position": good.model_copy(update={"position": 10**6}),
        "job": good.model_copy(update={"job_id": "job_x"}),
        "other job": good.model_copy(update={"position": 0}),
        "round": good.model_copy(update={"round": 1}),
    }


@pytest.mark.parametrize("case", ["position", "far position", "job", "other job", "round"])
@pytest.mark.parametrize("function", ["dispatch", "complete"])
def test_a_message_about_a_job_that_the_batch_does_not_have_leaves_no_fact(
    chain: Chain, function: str, case: str
) -> None:
    batch_id = opened(chain, 3)
    wrong = wrong_references(batch_id, chain)[case]
    event: Event = JobQueued(ref=wrong) if function == "dispatch" else JobFinished(envelope=envelope(wrong))
    assert 200 <= send(function, event) < 300
    [letter] = letters()
    assert letter.reason.startswith(("Malformed: ", "NotFound: "))
    assert chain.ledger.in_flight(batch_id, wrong.round) == 0
    assert chain.ledger.outcomes(batch_id, wrong.round, limit=9) == []


def test_announcing_a_batch_that_is_not_full_does_nothing(chain: Chain) -> None:
    batch_id = opened(chain, 3)
    assert 200 <= send("aggregate", BatchFinished(batch_id=batch_id)) < 300
    assert chain.ledger.closing(batch_id, 0) is None
    assert letters() == []


def test_announcing_a_finished_batch_again_changes_nothing(chain: Chain) -> None:
    batch_id = finished(chain, 3)
    before = chain.ledger.closing(batch_id, 0)
    assert 200 <= send("aggregate", BatchFinished(batch_id=batch_id)) < 300
    assert chain.ledger.closing(batch_id, 0) == before
