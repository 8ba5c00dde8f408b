"""
What a dead letter is in Firestore: its fields, and how they change. Pure.

Besides those of ``DeadLetter`` a document has ``sameness`` and ``number`` (how many letters of the same
sameness came before), which make its id; ``unsent_since`` while a replay is marked but not published;
and ``expire_at`` once it is closed.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.events.parked import shortened
from shared.ports.bus import DeadLetter, LetterState

Document = dict[str, Any]
ID = re.compile(r"letter_[0-9a-f]{24}_[0-9]{1,9}")
MOST_DATA = 900_000
"""Bytes; a document may hold 1 MiB. Our own messages are far smaller."""
MOST_REASON = 2000


@dataclass(frozen=True)
class Parcel:
    """What is to be parked."""

    topic: str
    subscription: str | None
    data: bytes
    reason: str
    deliveries: int = 1
    published_at: datetime | None = None


def letter_id(sameness: str, number: int) -> str:
    """The id of the letter that has this many of the same before it."""
    return f"letter_{sameness[:24]}_{number}"


def fitting(data: bytes) -> bytes:
    """The data; of what no document can hold its beginning."""
    return data if len(data) <= MOST_DATA else shortened(data)


def opened(sameness: str, number: int, parcel: Parcel, *, now: datetime) -> Document:
    """A new letter."""
    return {
        "sameness": sameness,
        "number": number,
        "topic": parcel.topic,
        "subscription": parcel.subscription,
        "data": fitting(parcel.data),
        "reason": parcel.reason[:MOST_REASON],
        "deliveries": parcel.deliveries,
        "times": 1,
        "published_at": parcel.published_at,
        "parked_at": now,
        "last_parked_at": now,
        "state": LetterState.OPEN.value,
    }


def counted(before: Mapping[str, Any], parcel: Parcel, *, now: datetime) -> Document:
    """What changes when the message of an open letter is parked again."""
    return {
        "times": before["times"] + 1,
        "deliveries": before["deliveries"] + parcel.deliveries,
        "reason": parcel.reason[:MOST_REASON],
        "last_parked_at": max(before["last_parked_at"], now),
    }


def closed(
    state: LetterState, *, by: str, remark: str | None, now: datetime, expire_at: datetime
) -> Document:
    """What changes when a letter is closed."""
    return {
        "state": state.value,
        "closed_at": now,
        "closed_by": by,
        "remark": remark,
        "expire_at": expire_at,
    }


def letter_of(letter_id: str, document: Mapping[str, Any]) -> DeadLetter:
    """The letter."""
    return DeadLetter(
        id=letter_id,
        topic=document["topic"],
        subscription=document["subscription"],
        data=document["data"],
        reason=document["reason"],
        deliveries=document["deliveries"],
        times=document["times"],
        published_at=document["published_at"],
        parked_at=document["parked_at"],
        last_parked_at=document["last_parked_at"],
        state=LetterState(document["state"]),
        closed_at=document.get("closed_at"),
        closed_by=document.get("closed_by"),
        remark=document.get("remark"),
    )
