"""Whatever is pushed, a function takes it or parks it: no request makes it fail, or comes for ever."""

import base64
import json
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared import wiring
from tests.support.chain import Chain, chain_at
from tests.support.facts import a_batch, ref
from tests.support.functions import call
from tests.support.screens import letters, opened

FUNCTIONS = ("dispatch", "complete", "align", "aggregate", "notify")
BATCH = a_batch()
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=8,
)
names = st.sampled_from(["", "health", "a/b", "..", "\x00", "é", BATCH.batch_id]) | st.text(max_size=30)
numbers = st.integers(-1, 9) | st.integers() | values
refs = st.fixed_dictionaries(
    {"batch_id": names | values, "job_id": names | values, "position": numbers},
    optional={"round": numbers, "place": numbers, "attempt": numbers},
)
messages = st.one_of(
    values,
    st.fixed_dictionaries({"ref": refs}, optional={"not_before": values}),
    st.fixed_dictionaries({"envelope": st.fixed_dictionaries({"ref": refs, "status": values})}),
    st.fixed_dictionaries({"batch_id": names}, optional={"round": numbers}),
    st.fixed_dictionaries({"batch_id": names, "sequence": st.just("0" * 64) | values}),
)
datas = st.one_of(
    values,
    st.binary(max_size=40).map(lambda data: base64.b64encode(data).decode()),
    messages.map(lambda message: base64.b64encode(json.dumps(message).encode()).decode()),
)
envelopes = st.fixed_dictionaries(
    {},
    optional={
        "message": values | st.fixed_dictionaries({}, optional={"data": datas, "messageId": values}),
        "subscription": values,
        "deliveryAttempt": values,
    },
)
events = st.fixed_dictionaries(
    {"specversion": st.just("1.0") | values, "id": values, "source": values, "type": values},
    optional={
        "data": envelopes | values,
        "data_base64": values,
        "extensions": values,
        "datacontenttype": values,
    },
)
bodies = st.binary(max_size=60) | (values | envelopes | events).map(lambda value: json.dumps(value).encode())
texts = st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=30)
headers = st.dictionaries(
    st.sampled_from(
        [
            *("Content-Type", "Authorization", "ce-id", "ce-type", "ce-source", "ce-specversion"),
            *("traceparent", "X-Cloud-Trace-Context", "Function-Execution-Id", "Content-Encoding"),
        ]
    ),
    st.sampled_from(["application/json", "application/cloudevents+json", "1.0", "Bearer x", "0" * 32])
    | texts,
)


@pytest.fixture(scope="module")
def chain() -> Iterator[Chain]:
    """One home for all examples, with a screen that none of them is about."""
    with tempfile.TemporaryDirectory() as home, chain_at(Path(home)) as made:
        opened(made, 3)
        yield made


def everything_but_letters() -> dict[str, list[tuple[Any, ...]]]:
    """All rows of all tables."""
    read = wiring.local_database().read
    tables = [row["name"] for row in read("SELECT name FROM sqlite_master WHERE type = 'table'", ())]
    return {
        name: [tuple(row) for row in read(f"SELECT * FROM {name}", ())]
        for name in tables
        if name != "letters" and not name.startswith("sqlite_")
    }


@pytest.mark.parametrize("function", FUNCTIONS)
@given(body=bodies, sent=headers)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_body_under_any_headers_is_parked_once_and_changes_nothing_else(
    chain: Chain, function: str, body: bytes, sent: Mapping[str, str]
) -> None:
    before, parked = everything_but_letters(), sum(letter.times for letter in letters())
    reply = call(function, "POST", "/", body, sent)
    assert (reply.status, reply.raw) == (204, b"")
    assert sum(letter.times for letter in letters()) == parked + 1
    assert everything_but_letters() == before


@pytest.mark.parametrize("function", FUNCTIONS)
@given(message=messages)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_message_in_a_good_envelope_is_parked_once_and_changes_nothing_else(
    chain: Chain, function: str, message: Any
) -> None:
    data = base64.b64encode(json.dumps(message).encode()).decode()
    before, parked = everything_but_letters(), sum(letter.times for letter in letters())
    assert call(function, "POST", "/", {"message": {"data": data, "messageId": "1"}}).status == 204
    assert sum(letter.times for letter in letters()) == parked + 1
    assert everything_but_letters() == before


@pytest.mark.parametrize("largest", [2**31 - 1, 2**31, 2**63, 10**30])
def test_a_number_that_no_store_can_hold_is_a_flaw_of_the_message(chain: Chain, largest: int) -> None:
    good = ref(BATCH).model_dump(mode="json", exclude_none=True)
    for field in ("position", "round", "place", "attempt"):
        data = base64.b64encode(json.dumps({"ref": good | {field: largest}}).encode()).decode()
        assert call("dispatch", "POST", "/", {"message": {"data": data}}).status == 204
