"""What stands between a function and whoever calls it, and does its worst."""

import random
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Request, Response

from local.cloud.door import Proxy
from local.listening import WebServer
from local.routing import threaded

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


@dataclass(frozen=True)
class Odds:
    """
    How likely each misfortune of one delivery is.

    ``refuse``: it does not arrive. ``lose``: it is handled, and the answer lost. ``repeat``: it arrives
    twice. ``hold``: the answer comes ``held_seconds`` late, when the message has been sent again.
    """

    refuse: float = 0.0
    lose: float = 0.0
    repeat: float = 0.0
    hold: float = 0.0
    held_seconds: float = 0.0


CALM, BURST = Odds(), Odds(refuse=1.0)


class Storm:
    """A WSGI application before a function; what it did is counted in ``seen``."""

    def __init__(self, base: str, chance: random.Random) -> None:
        self.base = base
        self.odds = CALM
        self.seen: Counter[str] = Counter()
        self._proxy = Proxy(base)
        self._chance = chance
        self._lock = threading.Lock()

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Pass the delivery on, or not, or twice."""
        odds, body = self.odds, Request(environ).get_data()
        if self._happens("refused", odds.refuse):
            return Response(status=503)(environ, start_response)
        answers = [self._pass_on(environ, body) for _ in range(1 + self._happens("repeated", odds.repeat))]
        if self._happens("held", odds.hold):
            time.sleep(odds.held_seconds)
        answer = Response(status=500) if self._happens("lost", odds.lose) else answers[-1]
        return answer(environ, start_response)

    def _pass_on(self, environ: "WSGIEnvironment", body: bytes) -> Response:
        copy: Any = Request.from_values(data=body, environ_overrides=None).environ
        copy = {**environ, "wsgi.input": copy["wsgi.input"], "CONTENT_LENGTH": str(len(body))}
        return Response.from_app(self._proxy, copy, buffered=True)

    def _happens(self, what: str, odds: float) -> bool:
        with self._lock:
            happened = self._chance.random() < odds
            self.seen[what] += happened
            return happened


@contextmanager
def serving(storm: Storm) -> Iterator[str]:
    """The address of a server for it."""
    server = WebServer(0)
    server.start(threaded(storm))
    try:
        yield server.url
    finally:
        server.stop()
