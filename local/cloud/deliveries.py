"""A pulled message in the shapes in which a function gets it in production."""

from enum import Enum
from typing import Any

from google.pubsub_v1.types import ReceivedMessage

from shared.events.envelope import push_body

PUBLISHED = "google.cloud.pubsub.topic.v1.messagePublished"


class Shape(Enum):
    """Pushed by a subscription, or handed on by Eventarc, which adds the headers of a CloudEvent."""

    PUSH = "push"
    EVENTARC = "eventarc"


def body(received: ReceivedMessage, subscription: str) -> dict[str, Any]:
    """The JSON body, the same in every shape."""
    message = received.message
    return push_body(
        message.data,
        message_id=message.message_id,
        published_at=_published_at(received),
        subscription=subscription,
        delivery=received.delivery_attempt,
        attributes=dict(message.attributes),
        ordering_key=message.ordering_key,
    )


def headers(received: ReceivedMessage, topic: str, shape: Shape) -> dict[str, str]:
    """The headers; ``topic`` is a path."""
    plain = {"Content-Type": "application/json"}
    if shape is Shape.PUSH:
        return plain
    return plain | {
        "ce-specversion": "1.0",
        "ce-id": received.message.message_id,
        "ce-type": PUBLISHED,
        "ce-source": f"//pubsub.googleapis.com/{topic}",
        "ce-time": _published_at(received),
    }


def _published_at(received: ReceivedMessage) -> str:
    text: str = received.message.publish_time.isoformat()
    return text.replace("+00:00", "Z")
