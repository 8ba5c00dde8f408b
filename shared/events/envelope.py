"""
The Pub/Sub push envelope, both ways.

Shape measured on Google's emulator: ``{"message": {"data": base64, "messageId", "publishTime",
"attributes"}, "subscription", "deliveryAttempt"}``. functions-framework turns the raw body into a
CloudEvent whose data holds ``message``; Eventarc passes the whole envelope through. Both are read.
"""

import base64
import binascii
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, TypeVar

from pydantic import ValidationError

from shared.errors import Malformed
from shared.events.messages import Event

E = TypeVar("E", bound=Event)


def payload(event: Event) -> bytes:
    """The message body: UTF-8 JSON."""
    return event.model_dump_json(exclude_none=True).encode()


def push_body(
    data: bytes,
    *,
    message_id: str,
    published_at: str,
    subscription: str,
    delivery: int,
    attributes: Mapping[str, str] = MappingProxyType({}),
    ordering_key: str = "",
) -> dict[str, Any]:
    """The JSON body of one push delivery; ``published_at`` is RFC 3339."""
    message: dict[str, Any] = {
        "data": base64.b64encode(data).decode(),
        "messageId": message_id,
        "message_id": message_id,
        "publishTime": published_at,
        "publish_time": published_at,
        "attributes": dict(attributes),
    }
    if ordering_key:
        message["orderingKey"] = ordering_key
    return {"message": message, "subscription": subscription, "deliveryAttempt": delivery}


def decode(cloud_event_data: Any, kind: type[E]) -> E:
    """
    The event inside a delivery.

    Raises:
        Malformed: no data, bad base64, bad JSON or another schema. Redelivery cannot help.
    """
    try:
        return kind.model_validate_json(raw(cloud_event_data))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"])) or "body"
        raise Malformed(f"not a {kind.topic} message: {where}: {first['msg']}") from error


def raw(cloud_event_data: Any) -> bytes:
    """The message's bytes out of a delivery; Malformed if there are none."""
    if not isinstance(cloud_event_data, Mapping) or not isinstance(cloud_event_data.get("message"), Mapping):
        raise Malformed("no push envelope: 'message' is missing")
    data = cloud_event_data["message"].get("data")
    if not isinstance(data, str | bytes) or not data:
        raise Malformed("the message carries no data")
    try:
        return base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Malformed("the data is not base64") from error
