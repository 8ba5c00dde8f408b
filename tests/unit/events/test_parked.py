"""What lies in a dead letter: whose it is, and which are the same."""

import json

import pytest

from shared.events.envelope import payload, push_body
from shared.events.messages import BatchFinished
from shared.events.parked import MOST_BEGINNING, refuser, sameness, shortened, unwrapped

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


def test_the_beginning_of_what_is_too_large_is_no_message_even_if_it_looks_like_one() -> None:
    large = MESSAGE + b" " * MOST_BEGINNING
    parked = unwrapped(shortened(large))
    assert (parked.message, parked.beginning) == (None, large[:MOST_BEGINNING])
    assert sameness("t", None, shortened(large)) != sameness("t", None, shortened(large + b" "))


@pytest.mark.parametrize("beginning", [b"7", b'"*"', b"null", b"[]"])
def test_what_only_looks_shortened_is_no_message_either(beginning: bytes) -> None:
    assert unwrapped(b'{"message": {"begins_base64": ' + beginning + b"}}").message is None


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
