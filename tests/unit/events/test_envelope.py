"""The push envelope: what was published is read again, and nothing else is."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import Malformed
from shared.events.envelope import decode, payload, push_body
from shared.events.messages import BatchFinished, Event, JobFinished, JobQueued
from shared.models.work import Failure, FailureClass, JobRef
from tests.support.facts import a_batch, envelope, ref

REF = ref(a_batch(), 2)
texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60)
ids = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,60}", fullmatch=True)
refs = st.builds(
    JobRef,
    batch_id=ids,
    job_id=ids,
    round=st.integers(0, 9),
    position=st.integers(0, 10**9),
    attempt=st.integers(1, 9),
)
moments = st.datetimes(timezones=st.sampled_from([envelope(REF).started_at.tzinfo]))
metrics = st.dictionaries(
    texts,
    st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**60), 2**60) | st.booleans() | texts,
)
failures = st.none() | st.builds(Failure, kind=st.sampled_from(FailureClass), message=texts)
messages: st.SearchStrategy[Event] = st.one_of(
    st.builds(JobQueued, ref=refs, not_before=st.none() | moments),
    st.builds(BatchFinished, batch_id=ids, round=st.integers(0, 9)),
    st.builds(
        lambda of, failure, figures, moment: JobFinished(
            envelope=envelope(of, failure, metrics=figures, finished_at=moment)
        ),
        refs,
        failures,
        metrics,
        moments,
    ),
)


def delivered(data: bytes) -> dict[str, Any]:
    """The push delivery of a message body, as it comes out of its JSON."""
    body = push_body(data, message_id="1", published_at="2026-01-01T12:00:00Z", subscription="s", delivery=2)
    found: dict[str, Any] = json.loads(json.dumps(body))
    return found


@given(messages)
def test_what_was_sent_is_what_is_read(event: Event) -> None:
    assert decode(delivered(payload(event)), type(event)) == event


@given(messages)
def test_the_message_without_its_envelope_fields_is_read_too(event: Event) -> None:
    inner = {"message": {"data": delivered(payload(event))["message"]["data"]}}
    assert decode(inner, type(event)) == event


def test_a_delivery_has_the_fields_of_a_push() -> None:
    body = delivered(b"{}")
    assert body["message"]["messageId"] == body["message"]["message_id"] == "1"
    assert body["message"]["publishTime"] == body["message"]["publish_time"] == "2026-01-01T12:00:00Z"
    assert (body["message"]["attributes"], body["subscription"], body["deliveryAttempt"]) == ({}, "s", 2)


GOOD = JobQueued(ref=REF).model_dump(mode="json", exclude_none=True)


def encoded(value: object) -> dict[str, Any]:
    """A delivery around any JSON value."""
    return delivered(json.dumps(value).encode())


@pytest.mark.parametrize(
    "delivery",
    [
        *(None, [], "text", 7, {}, {"message": None}, {"message": []}, {"message": {}}),
        *({"message": {"data": data}} for data in (None, "", 7, "***", "AAA", "é", "e30\n!", ["e30="])),
        *(delivered(data) for data in (b"", b"{", b"\xff\xfe", b"null", b"[]", b'"x"', b"{}", b"{}{}")),
        encoded({**GOOD, "surprise": 1}),
        encoded({"ref": {**GOOD["ref"], "position": -1}}),
        encoded({"ref": {**GOOD["ref"], "attempt": 0}}),
        encoded({"ref": {**GOOD["ref"], "position": 2**31}}),
        *(encoded({"ref": {**GOOD["ref"], "batch_id": name}}) for name in ("", "a/b", "..", "é", "b" * 129)),
        encoded({"ref": {**GOOD["ref"], "position": "1.5"}}),
        encoded({"ref": {**GOOD["ref"], "batch_id": None}}),
        encoded({**GOOD, "not_before": "2026-01-01T12:00:00"}),
        encoded(json.loads(payload(BatchFinished(batch_id="b")))),
    ],
    ids=lambda delivery: type(delivery).__name__,
)
def test_what_no_handler_can_understand_is_malformed(delivery: object) -> None:
    with pytest.raises(Malformed):
        decode(delivery, JobQueued)


def test_the_refusal_names_topic_and_field() -> None:
    with pytest.raises(Malformed, match=r"not a job-queued message: ref\.position"):
        decode(encoded({"ref": {**GOOD["ref"], "position": -1}}), JobQueued)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_malformed(data: bytes) -> None:
    try:
        decode({"message": {"data": base64.b64encode(data).decode()}}, JobQueued)
    except Malformed:
        return
    raise AssertionError("random bytes cannot be a message")
