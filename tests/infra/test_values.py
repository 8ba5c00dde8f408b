"""Values that the provider's schema lets pass are looked at in what Terraform sends."""

import struct

import pytest

from infra.proof import schema
from infra.proof.msgpack import UNKNOWN, decode
from infra.proof.values import RULES, problems

BUCKET, SUBSCRIPTION = "google_storage_bucket", "google_pubsub_subscription"


def packed(value: object) -> bytes:
    """As Terraform packs it."""
    if value is UNKNOWN:
        return b"\xd4\x00\x00"
    if isinstance(value, dict):
        return bytes([0x80 + len(value)]) + b"".join(packed(it) for pair in value.items() for it in pair)
    if isinstance(value, list):
        return bytes([0x90 + len(value)]) + b"".join(map(packed, value))
    if isinstance(value, str):
        return b"\xd9" + bytes([len(value)]) + value.encode()
    return b"\xc0" if value is None else struct.pack(">Bh", 0xD1, value)


@pytest.mark.parametrize(
    ("sent", "value"),
    [
        (b"\xc0", None),
        (b"\xc2", False),
        (b"\xc3", True),
        (b"\x05", 5),
        (b"\xff", -1),
        (b"\xcd\x02\x58", 600),
        (b"\xd1\xff\x00", -256),
        (b"\xcb\x3f\xe0\x00\x00\x00\x00\x00\x00", 0.5),
        (b"\xa2ab", "ab"),
        (b"\xd9\x02ab", "ab"),
        (b"\xda\x00\x02ab", "ab"),
        (b"\x92\x01\xa1a", [1, "a"]),
        (b"\xdc\x00\x01\x01", [1]),
        (b"\x81\xa1a\x90", {"a": []}),
        (b"\xde\x00\x01\xa1a\xc0", {"a": None}),
        (b"\xd4\x00\x00", UNKNOWN),
        (b"\xc7\x03\x0cabc", UNKNOWN),
        (b"\x92\xd4\x00\x00\x01", [UNKNOWN, 1]),
    ],
)
def test_values_arrive_as_they_were_sent(sent: bytes, value: object) -> None:
    assert decode(sent) == value


def test_a_wrong_value_is_named_with_its_place() -> None:
    sent = {"dead_letter_policy": [{"max_delivery_attempts": 4}], "ack_deadline_seconds": 60}
    assert problems(SUBSCRIPTION, packed(sent)) == {
        ("dead_letter_policy", "0", "max_delivery_attempts"): (
            "google_pubsub_subscription.dead_letter_policy.max_delivery_attempts is 4, must be from 5 to 100"
        )
    }


@pytest.mark.parametrize("value", [None, UNKNOWN, "enforced"])
def test_what_is_right_unset_or_not_known_yet_passes(value: object) -> None:
    assert problems(BUCKET, packed({"public_access_prevention": value})) == {}


def test_every_rule_is_about_something_that_exists() -> None:
    facts = schema.load().resources
    for owner, where in RULES:
        block = facts[owner]
        *blocks, attribute = where.split(".")
        for name in blocks:
            block = block.blocks[name].block
        assert attribute in block.attributes, (owner, where)
