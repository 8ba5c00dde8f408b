"""What lies in a dead letter: whose it is, and which are the same."""

import json

import pytest

from shared.events.envelope import payload, push_body
from shared.events.messages import BatchFinished
from shared.events.parked import refuser, sameness, unwrapped

MESSAGE = payload(BatchFinished(batch_id="b"))


def delivery(subscription: str, number: int = 1) -> bytes:
    """A push of the message."""
    body = push_body(
        MESSAGE,
        message_id=f"m{number}",
        published_at="2026-01-01T12:00:00Z",
        subscription=f"projects/p/subscriptions/{subscription}",
        delivery=number,
    )
    return json.dumps(body).encode()


@pytest.mark.parametrize("data", [MESSAGE, delivery("a"), delivery("b", 5)])
def test_a_message_and_its_deliveries_hold_the_same(data: bytes) -> None:
    assert unwrapped(data).message == MESSAGE
    assert sameness("batch-finished", "a", data) == sameness("batch-finished", "a", MESSAGE)


def test_topic_and_subscription_tell_letters_of_one_message_apart() -> None:
    places = [("t", "a"), ("t", "b"), ("t", None), ("u", "a")]
    assert len({sameness(topic, subscription, MESSAGE) for topic, subscription in places}) == 4


@pytest.mark.parametrize("data", [b"", b'{"message": {}}', b'{"message": {"data": "*"}}'])
def test_what_holds_no_message_is_told_apart_by_its_bytes(data: bytes) -> None:
    assert unwrapped(data).message is None
    assert sameness("t", None, data) != sameness("t", None, data + b" ")


@pytest.mark.parametrize(
    ("named", "subscriptions", "found"),
    [
        ("a", ("a", "b"), "a"),
        ("stranger", ("a", "b"), None),
        ("stranger", ("a",), "a"),
        ("a", (), None),
    ],
)
def test_who_gave_a_message_up_is_named_or_the_only_one(
    named: str, subscriptions: tuple[str, ...], found: str | None
) -> None:
    assert refuser(delivery(named), subscriptions) == found


def test_a_prefix_does_not_hide_who_gave_a_message_up() -> None:
    assert refuser(delivery("omtx-a"), ("a", "b"), prefix="omtx-") == "a"
