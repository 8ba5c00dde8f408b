"""When a request is sent again, and after how long."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from random import random
from time import monotonic, time

from omtx.calls import Flow, Lost, Pause, Reply, Request, Send, Sink
from omtx.errors import NoAnswer, OmtxError, refusal

LATER = frozenset({408, 425, 429, 500, 502, 503, 504})
PROBLEM = "application/problem+json"
UNTOUCHED = frozenset({425, 429})
"""Answers by which a request was turned away before anything was done about it."""


@dataclass(frozen=True)
class Patience:
    """
    How often, and how long apart.

    Pauses double from ``first_seconds`` to ``most_seconds``; chance takes up to half of each away, so that
    clients that failed together do not come again together. A server that asks for more than
    ``most_asked_seconds`` of patience is not waited for: its error says when to come again.
    """

    attempts: int = 5
    first_seconds: float = 0.5
    most_seconds: float = 20.0
    most_asked_seconds: float = 60.0

    def pause(self, request: Request, outcome: Reply | Lost, number: int, *, chance: float) -> float | None:
        """Seconds until the attempt after the ``number``-th, ``chance`` in [0, 1); None: there is none."""
        if number >= self.attempts or not _may_repeat(request, outcome):
            return None
        own = min(self.most_seconds, self.first_seconds * 2.0 ** (number - 1)) * (1 - chance / 2)
        asked = retry_after(outcome, now=time()) if isinstance(outcome, Reply) else None
        if asked is None:
            return own
        return max(asked, own) if asked <= self.most_asked_seconds else None


@dataclass(frozen=True)
class Terms:
    """By which requests are repeated: the patience, and where chance and time (in seconds) come from."""

    patience: Patience = field(default_factory=Patience)
    chance: Callable[[], float] = random
    clock: Callable[[], float] = monotonic


def retry_after(reply: Reply, *, now: float) -> float | None:
    """Seconds to wait, from ``Retry-After`` as a number or a date; None without one that can be read."""
    given = reply.headers.get("retry-after", "").strip()
    if given.isdecimal():
        return float(given)
    try:
        until = parsedate_to_datetime(given)
    except ValueError:
        return None
    aware = until if until.tzinfo else until.replace(tzinfo=UTC)
    return max(0.0, (aware - datetime.fromtimestamp(now, UTC)).total_seconds())


def answered(request: Request, terms: Terms, sink: Sink | None = None) -> Flow[Reply]:
    """
    The answer, after as many attempts as it takes.

    Raises:
        Refusal: the server said no.
        NoAnswer: nobody answered, or the answer was lost and the request may not be repeated.
    """
    number = 0
    while True:
        number += 1
        onward = replace(request, headers={**request.headers, **sink.onward()}) if sink else request
        outcome: Reply | Lost = yield Send(onward, sink)
        if isinstance(outcome, Reply) and not outcome.is_error:
            return outcome
        seconds = terms.patience.pause(request, outcome, number, chance=terms.chance())
        if seconds is None:
            raise failure(outcome)
        yield Pause(seconds)


def failure(outcome: Reply | Lost) -> OmtxError:
    """The error that stands for it."""
    if isinstance(outcome, Lost):
        return NoAnswer(outcome.reason, sent=outcome.sent)
    return refusal(outcome.status, outcome.body, retry_after=retry_after(outcome, now=time()))


def _may_repeat(request: Request, outcome: Reply | Lost) -> bool:
    if isinstance(outcome, Lost):
        return request.repeatable or not outcome.sent
    if outcome.status == 429 and _is_for_good(outcome):
        return False
    return outcome.status in UNTOUCHED or (request.repeatable and outcome.status in LATER)


def _is_for_good(reply: Reply) -> bool:
    """A quota that time alone does not give back; what stands before a server knows no such thing."""
    return "retry-after" not in reply.headers and reply.headers.get("content-type", "").startswith(PROBLEM)
