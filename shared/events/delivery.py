"""
What a push endpoint is sent, in each shape that a message can arrive in.

Pub/Sub posts its envelope (see ``envelope``) as JSON. Eventarc posts the same envelope as the data of a
CloudEvent, either with the attributes as ``ce-*`` headers, which say nothing that we need, or all
in one JSON document.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

from cloudevents.http import from_http

from shared.errors import Malformed
from shared.events.envelope import decode
from shared.events.messages import Event
from shared.events.parked import Parked, Subject, opened, shortened, subject

E = TypeVar("E", bound=Event)
STRUCTURED = "application/cloudevents+json"
MOST_BYTES = 256 * 1024


@dataclass(frozen=True)
class Delivery:
    """
    A delivery, readable or not: ``envelope`` is any JSON value, and ``flaw`` says why there is none.

    ``data`` is what a dead letter keeps: the envelope as JSON, or what came if it holds none, ``shortened``
    if that is too large.
    """

    data: bytes
    envelope: Any = None
    flaw: str | None = None

    @classmethod
    def of(cls, content_type: str, body: bytes) -> "Delivery":
        """Read any body whatsoever; of one that is too large the beginning is kept."""
        if len(body) > MOST_BYTES:
            flaw = f"a delivery has at most {MOST_BYTES:,} bytes; only the beginning of this one is kept"
            return cls(shortened(body), flaw=flaw)
        if not body:
            return cls(body, flaw="the body is empty")
        try:
            if content_type.strip().lower().startswith(STRUCTURED):
                envelope = _inside(body)
                is_one = isinstance(envelope, Mapping)
                return cls(json.dumps(envelope).encode() if is_one else body, envelope)
            return cls(body, json.loads(body))
        except Malformed as error:
            return cls(body, flaw=str(error))
        except (ValueError, RecursionError):  # UnicodeDecodeError is a ValueError, too
            return cls(body, flaw="the body is not JSON")

    def event(self, kind: type[E]) -> E:
        """The message inside; Malformed, with the reason, if there is none of this kind."""
        if self.flaw is not None:
            raise Malformed(self.flaw)
        return decode(self.envelope, kind)

    def subject(self) -> Subject:
        """What the message is about, as far as it says so."""
        message = self._unwrapped.message
        return Subject() if message is None else subject(message)

    @property
    def subscription(self) -> str | None:
        """The one that it came by, without the path before it."""
        return self._unwrapped.subscription

    @cached_property
    def _unwrapped(self) -> Parked:
        return Parked(None) if self.flaw is not None else opened(self.envelope, self.data)

    @property
    def number(self) -> int | None:
        """Which delivery of the message this is, from 1, if that is counted."""
        found = self.envelope.get("deliveryAttempt") if isinstance(self.envelope, Mapping) else None
        return found if isinstance(found, int) else None

    @property
    def attributes(self) -> dict[str, str]:
        """What the message carries beside its body."""
        message = self.envelope.get("message") if isinstance(self.envelope, Mapping) else None
        found = message.get("attributes") if isinstance(message, Mapping) else None
        return dict(found) if isinstance(found, Mapping) and _are_texts(found) else {}

    @property
    def message_id(self) -> str | None:
        """The id that the topic gave to the message."""
        message = self.envelope.get("message") if isinstance(self.envelope, Mapping) else None
        found = message.get("messageId") if isinstance(message, Mapping) else None
        return found if isinstance(found, str) else None


def _are_texts(found: Mapping[Any, Any]) -> bool:
    return all(isinstance(name, str) and isinstance(value, str) for name, value in found.items())


def _inside(body: bytes) -> Any:
    try:
        return from_http({"content-type": STRUCTURED}, body).data
    except Exception as error:  # the library raises what its parser happens to stumble over
        raise Malformed(f"the CloudEvent cannot be read: {type(error).__name__}") from error
