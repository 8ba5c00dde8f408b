"""A connection to one server, as flows use it."""

from dataclasses import dataclass
from typing import Any

from omtx.calls import Flow, Reply, Request, Sink
from omtx.errors import NoAnswer
from omtx.retrying import Terms, answered
from omtx.wires import AsyncWire, Wire


@dataclass(frozen=True)
class Session:
    """A wire to a server, and the terms on which requests are repeated."""

    wire: Wire | AsyncWire
    terms: Terms

    @property
    def url(self) -> str:
        """Where the server is."""
        return self.wire.address.url

    def reply(self, request: Request, sink: Sink | None = None) -> Flow[Reply]:
        """The answer to a request; see ``answered``."""
        return answered(request, self.terms, sink)

    def ask(self, request: Request) -> Flow[Any]:
        """The document that a request is answered with."""
        reply = yield from self.reply(request)
        try:
            return reply.json()
        except ValueError as error:
            raise NoAnswer(f"what answers at {self.url} does not speak as this platform does") from error
