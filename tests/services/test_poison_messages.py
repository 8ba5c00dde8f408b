"""Messages that no retry can help: parked with the reason, and answered so that they never come again."""

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest

from shared import wiring
from shared.domain.identity import digest
from shared.events.envelope import payload, push_body
from shared.events.messages import AlignmentWanted, BatchFinished, Event, JobFinished, JobQueued, NoticeDue
from tests.support.boundaries import Fault
from tests.support.chain import SUBSCRIBERS, Chain
from tests.support.facts import a_batch, envelope, ref
from tests.support.functions import call, push
from tests.support.screens import assert_problem, finished, letters, opened, waiting

TOPICS = dict(SUBSCRIBERS.values())
STRANGER = a_batch()
UNKNOWN: dict[str, Event] = {
    "dispatch": JobQueued(ref=ref(STRANGER)),
    "complete": JobFinished(envelope=envelope(ref(STRANGER))),
    "align": AlignmentWanted(batch_id=STRANGER.batch_id, sequence=digest("sequence")),
    "aggregate": BatchFinished(batch_id=STRANGER.batch_id),
    "notify": NoticeDue(delivery_id=f"msg_{'0' * 24}"),
}
ABOUT_BATCHES = [name for name in TOPICS if name != "notify"]
"""A delivery that is not there has aged, or went with its batch: that is no mistake."""

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


def delivery_of(event: Event) -> dict[str, Any]:
    """The push delivery of a message."""
    return push_body(
        payload(event), message_id="7", published_at="2026-01-01T12:00:00Z", subscription="s", delivery=1
    )


def send(function: str, event: Event) -> int:
    """Push one message."""
    return push(function, delivery_of(event), TOPICS[function])


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
    ("body", "reason"),
    [
        (b"", "the body is empty"),
        (b"{", "the body is not JSON"),
        (b"\xff\xfe", "the body is not JSON"),
        (b"[" * 100_000, "the body is not JSON"),
        (b"[]", "no push envelope: 'message' is missing"),
        (b"{}", "no push envelope: 'message' is missing"),
        (b'{"message": null}', "no push envelope: 'message' is missing"),
        (b'{"message": {"messageId": "1"}, "subscription": "s"}', "the message carries no data"),
    ],
    ids=lambda value: repr(value[:20]),
)
def test_what_is_no_push_delivery_at_all_is_parked_as_it_came(
    chain: Chain, function: str, body: bytes, reason: str
) -> None:
    """The framework's own conversion would refuse it with 400, and Pub/Sub bring it again for ever."""
    assert call(function, "POST", f"/projects/omtx/topics/{TOPICS[function]}", body).status == 204
    [letter] = letters()
    assert letter.reason == f"Malformed: {reason}"
    assert letter.data == body


def test_of_what_is_too_large_the_beginning_is_kept_and_cannot_be_sent_again(chain: Chain) -> None:
    """The first bytes of this one are a delivery of ours and valid JSON; they are not what was sent."""
    body = json.dumps(delivery_of(UNKNOWN["dispatch"])).encode() + b" " * 300_000
    assert call("dispatch", "POST", "/projects/omtx/topics/job-queued", body).status == 204
    [letter] = chain.api("/api/v3/dead-letters").body["dead_letters"]
    assert letter["reason"].endswith("at most 262,144 bytes; only the beginning of this one is kept")
    assert not letter["replayable"]
    why = "the message was too large, and only its first 60,000 bytes were kept"
    assert letter["why_not_replayable"] == why
    shown = chain.api(f"/api/v3/dead-letters/{letter['id']}").body
    assert (shown["message"], shown["text"], shown["text_is_cut"]) == (None, body[:60_000].decode(), True)
    refused = chain.api(f"/api/v3/dead-letters/{letter['id']}/replay", "POST")
    assert_problem(refused, 409)
    assert why in refused.body["detail"]
    assert chain.api("/api/v3/dead-letters/replay", "POST").body["unreadable"] == [letter["id"]]
    assert waiting() == {}
    assert chain.api("/api/v3/dead-letters").body["open"] == 1


STRUCTURED = "application/cloudevents+json; charset=utf-8"
ATTRIBUTES = {"id": "1", "source": "//pubsub.googleapis.com/t", "type": "published", "specversion": "1.0"}
SHAPES: dict[str, tuple[dict[str, str], Callable[[Any], Any]]] = {
    "raw push": ({}, lambda envelope: envelope),
    "binary": ({f"ce-{name}": value for name, value in ATTRIBUTES.items()}, lambda envelope: envelope),
    "partly binary": ({"ce-id": "1"}, lambda envelope: envelope),
    "structured": (
        {"Content-Type": STRUCTURED},
        lambda envelope: {**ATTRIBUTES, "datacontenttype": "application/json", "data": envelope},
    ),
    "structured, in base64": (
        {"Content-Type": STRUCTURED},
        lambda envelope: {
            **ATTRIBUTES,
            "data_base64": base64.b64encode(json.dumps(envelope).encode()).decode(),
        },
    ),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_a_message_is_understood_in_every_shape_of_delivery(chain: Chain, shape: str) -> None:
    batch_id = opened(chain)
    headers, wrapped = SHAPES[shape]
    event = JobQueued(ref=ref(chain.ledger.batch(batch_id)))
    assert call("dispatch", "POST", "/", wrapped(delivery_of(event)), headers).status == 204
    assert letters() == []
    assert chain.ledger.in_flight(batch_id, 0) == 1


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("function", ABOUT_BATCHES)
def test_what_is_parked_is_the_push_envelope_in_every_shape(chain: Chain, function: str, shape: str) -> None:
    headers, wrapped = SHAPES[shape]
    envelope = delivery_of(UNKNOWN[function])
    assert call(function, "POST", "/", wrapped(envelope), headers).status == 204
    [letter] = letters()
    assert json.loads(letter.data) == envelope
    assert letter.reason == f"NotFound: no batch {STRANGER.batch_id}"


@pytest.mark.parametrize(
    "body",
    [b"", b"7", b"{", b"{}", b'{"specversion": ["1.0"]}', b'{"specversion": "1.0"}', b"\xff", b"[" * 100_000],
    ids=lambda body: repr(body[:24]),
)
def test_a_cloud_event_that_cannot_be_read_is_parked(chain: Chain, body: bytes) -> None:
    assert call("dispatch", "POST", "/", body, {"Content-Type": STRUCTURED}).status == 204
    [letter] = letters()
    assert letter.reason.startswith("Malformed: ")
    assert letter.data == body


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "OPTIONS", "PATCH"])
@pytest.mark.parametrize("function", TOPICS)
def test_a_push_endpoint_answers_to_nothing_but_post(chain: Chain, function: str, method: str) -> None:
    reply = call(function, method, "/", delivery_of(UNKNOWN[function]))
    assert_problem(reply, 405)
    assert reply.headers["Allow"] == "POST"
    assert letters() == []


def test_what_fails_unexpectedly_comes_again_and_keeps_its_inside(
    chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> None:
        raise RuntimeError("the colour of the moon")

    monkeypatch.setattr(wiring, "ledger", broken)
    reply = call("dispatch", "POST", "/", delivery_of(UNKNOWN["dispatch"]))
    assert_problem(reply, 500)
    assert b"moon" not in reply.raw
    assert letters() == []


@pytest.mark.parametrize("function", ABOUT_BATCHES)
def test_a_message_about_an_unknown_batch_is_parked_and_acknowledged(chain: Chain, function: str) -> None:
    assert 200 <= send(function, UNKNOWN[function]) < 300
    [letter] = letters()
    assert letter.reason == f"NotFound: no batch {STRANGER.batch_id}"
    assert waiting() == {}


def test_a_message_about_a_delivery_that_is_gone_is_dropped(chain: Chain) -> None:
    assert 200 <= send("notify", UNKNOWN["notify"]) < 300
    assert letters() == []
    assert waiting() == {}


@pytest.mark.parametrize("function", TOPICS)
def test_a_message_that_meets_a_failing_backend_is_not_acknowledged(chain: Chain, function: str) -> None:
    chain.boundaries.plan = lambda number, name: Fault.FAIL_BEFORE
    reply = call(function, "POST", "/", delivery_of(UNKNOWN[function]))
    assert_problem(reply, 503)
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
    assert send(function, event) == 204
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
