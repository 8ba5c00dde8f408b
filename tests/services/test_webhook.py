"""``webhook``: only what this installation signed just now reaches its topic."""

import json
from datetime import timedelta

import pytest

from services.webhook.handler import MOST_BYTES
from shared import wiring
from shared.domain.signature import KEY_ID, SIGNATURE, TIMESTAMP, sign
from shared.models.work import Envelope
from tests.support.boundaries import Fault
from tests.support.chain import Chain, message_of
from tests.support.facts import a_batch, envelope, ref
from tests.support.functions import Reply
from tests.support.screens import assert_problem, waiting

ANSWER = envelope(ref(a_batch()), metrics={"affinity": -5.5})


def post(chain: Chain, body: bytes, headers: dict[str, str]) -> Reply:
    """One call of the webhook."""
    return chain._call("webhook", "POST", "/", body, headers)


def signed(chain: Chain, body: bytes, *, late: int = 0) -> dict[str, str]:
    """The headers of an honest worker whose clock is ``late`` seconds behind."""
    key = wiring.secrets().keys("webhook")[0]
    timestamp = int(chain.clock.now().timestamp()) - late
    return sign(body, key_id=key.id, secret=key.secret, timestamp=timestamp)


def body_of(answer: Envelope) -> bytes:
    """The body that a worker posts."""
    return answer.model_dump_json(exclude_none=True).encode()


def test_a_signed_answer_is_published_once_and_acknowledged(chain: Chain) -> None:
    reply = post(chain, body_of(ANSWER), signed(chain, body_of(ANSWER)))
    assert (reply.status, reply.raw) == (204, b"")
    assert waiting() == {"complete-job-finished": 1}
    [delivery] = chain.leased()
    assert Envelope.model_validate(message_of(delivery)["envelope"]) == ANSWER


FORGERIES: dict[str, dict[str, str | None]] = {
    "unsigned": {SIGNATURE: None, TIMESTAMP: None, KEY_ID: None},
    "no signature": {SIGNATURE: None},
    "no time": {TIMESTAMP: None},
    "no key": {KEY_ID: None},
    "another signature": {SIGNATURE: "sha256=" + "0" * 64},
    "an empty signature": {SIGNATURE: ""},
    "an unknown key": {KEY_ID: "other"},
    "a fresher time": {TIMESTAMP: "1767268801"},
    "an endless time": {TIMESTAMP: "9" * 5000},
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_forged_call_is_not_allowed_and_publishes_nothing(chain: Chain, forgery: str) -> None:
    body = body_of(ANSWER)
    headers = {**signed(chain, body), **FORGERIES[forgery]}
    assert_problem(post(chain, body, {k: v for k, v in headers.items() if v is not None}), 401)
    assert waiting() == {}


def test_a_signature_of_another_body_is_not_allowed(chain: Chain) -> None:
    other = ANSWER.model_copy(update={"metrics": {"affinity": -99.0}})
    assert_problem(post(chain, body_of(other), signed(chain, body_of(ANSWER))), 401)
    assert waiting() == {}


@pytest.mark.parametrize(("late", "status"), [(300, 204), (301, 401), (-300, 204), (-301, 401)])
def test_a_call_is_taken_for_five_minutes(chain: Chain, late: int, status: int) -> None:
    reply = post(chain, body_of(ANSWER), signed(chain, body_of(ANSWER), late=late))
    assert reply.status == status
    assert waiting() == ({"complete-job-finished": 1} if status == 204 else {})


def test_a_replay_after_the_window_is_not_allowed(chain: Chain) -> None:
    headers = signed(chain, body_of(ANSWER))
    assert post(chain, body_of(ANSWER), headers).status == 204
    chain.clock.advance(timedelta(seconds=301))
    assert_problem(post(chain, body_of(ANSWER), headers), 401)
    assert waiting() == {"complete-job-finished": 1}


def test_a_body_beyond_the_limit_is_too_large_even_if_it_is_signed(chain: Chain) -> None:
    big = b" " * (MOST_BYTES + 1)
    assert_problem(post(chain, big, signed(chain, big)), 413)
    assert_problem(post(chain, big, {}), 413)
    assert waiting() == {}


SAID = json.loads(body_of(ANSWER))


BODIES: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", ""),
    "no JSON": (b"{", ""),
    "null": (b"null", ""),
    "no field": (b"{}", "ref"),
    "an unknown field": (json.dumps({**SAID, "surprise": 1}).encode(), "surprise"),
    "an unknown status": (json.dumps({**SAID, "status": "fine"}).encode(), "status"),
    "failed for no reason": (json.dumps({**SAID, "status": "failed"}).encode(), ""),
    "a time without offset": (
        json.dumps({**SAID, "finished_at": "2026-01-01T12:00:00"}).encode(),
        "finished_at",
    ),
    "a bad position": (json.dumps({**SAID, "ref": {**SAID["ref"], "position": -1}}).encode(), "ref.position"),
    "not a number": (json.dumps({**SAID, "metrics": {"x": float("nan")}}).encode(), "metrics.x.float"),
}


@pytest.mark.parametrize("case", BODIES)
def test_a_signed_body_that_is_no_envelope_is_refused_by_field(chain: Chain, case: str) -> None:
    body, path = BODIES[case]
    reply = post(chain, body, signed(chain, body))
    assert_problem(reply, 422)
    assert path in [error["path"] for error in reply.body["errors"]]
    assert waiting() == {}


def test_nothing_is_acknowledged_that_could_not_be_published(chain: Chain) -> None:
    chain.boundaries.plan = lambda number, name: Fault.FAIL_BEFORE if name == "bus.publish" else None
    reply = post(chain, body_of(ANSWER), signed(chain, body_of(ANSWER)))
    assert_problem(reply, 503)
    assert reply.headers["Retry-After"] == "1"


def test_a_failure_inside_is_answered_without_its_inside(chain: Chain) -> None:
    def break_down(number: int, name: str) -> Fault | None:
        raise LookupError("secret inside")

    chain.boundaries.plan = break_down
    reply = post(chain, body_of(ANSWER), signed(chain, body_of(ANSWER)))
    assert_problem(reply, 500)
    assert b"secret" not in reply.raw
