"""Endpoints and deliveries that nobody registered, and a receiver that listens on this machine."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from standardwebhooks import Webhook

from shared.models.hooks import Delivery, Endpoint, Sealed, Told
from tests.support.loopback import Handler, served
from tests.support.world import NOON


def an_endpoint(owner: str = "ada", **changes: Any) -> Endpoint:
    """An endpoint that is told of every end."""
    fields: dict[str, Any] = {
        "id": f"hook_{uuid4().hex[:24]}",
        "owner": owner,
        "url": "https://hooks.example.org/omtx",
        "events": (Told.BATCH_COMPLETED, Told.BATCH_FAILED, Told.BATCH_CANCELLED),
        "secrets": (Sealed(key_id="k", text="c2VhbGVk"),),
        "created_at": NOON,
        "since": NOON,
    }
    return Endpoint(**fields | changes)


def a_delivery(endpoint: Endpoint, *, at: datetime = NOON, **changes: Any) -> Delivery:
    """A delivery that is due after a minute."""
    fields: dict[str, Any] = {
        "id": f"msg_{uuid4().hex[:24]}",
        "endpoint_id": endpoint.id,
        "owner": endpoint.owner,
        "type": "test.ping.v1",
        "body": "{}",
        "created_at": at,
        "next_at": at,
        "due_at": at + timedelta(minutes=1),
    }
    return Delivery(**fields | changes)


@dataclass
class Received:
    """One request, as it came."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        """The id of the message."""
        return self.headers["webhook-id"]

    def verified(self, secret: str) -> Any:
        """What it says, once the reference implementation of the convention has checked it."""
        return Webhook(secret).verify(self.body, self.headers)

    def is_signed(self, secret: str) -> bool:
        """Whether the reference implementation signs it the same, at whatever time its clock has shown."""
        at = datetime.fromtimestamp(int(self.headers["webhook-timestamp"]), UTC)
        signature = Webhook(secret).sign(self.id, at, self.body.decode())
        return signature in self.headers["webhook-signature"].split()

    @property
    def content(self) -> Any:
        """What it says."""
        return json.loads(self.body)


@dataclass
class Receiver:
    """
    An HTTP server that keeps what it is sent.

    ``answers`` are given in turn, then 200; ``location`` and ``text`` go with each.
    """

    answers: list[int] = field(default_factory=list)
    location: str | None = None
    text: bytes = b"taken"
    received: list[Received] = field(default_factory=list)

    def __enter__(self) -> "Receiver":
        self._serving = served(_handler(self))
        self._address = self._serving.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        self._serving.__exit__(*error)

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._address.rpartition(":")[2])

    @property
    def url(self) -> str:
        """Its address."""
        return f"{self._address}/hook"

    def types(self) -> list[str]:
        """What came, by type; a message that came again is told once."""
        return [it.content["type"] for it in {it.id: it for it in self.received}.values()]


def _handler(receiver: Receiver) -> type[Handler]:
    class Taking(Handler):
        def asked(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            receiver.received.append(Received(self.path, headers, self.sent))
            status = receiver.answers.pop(0) if receiver.answers else 200
            self.answer(status, receiver.text, Location=receiver.location)

    return Taking
