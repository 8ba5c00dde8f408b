"""
The one connection to Redis, behind a circuit breaker.

What stands in Redis can be done without: whoever asks is told Unavailable within a fraction of a second, and
does it in its own way. While the breaker is open that costs no wait at all.
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError, RedisError
from redis.retry import Retry

from shared.adapters.redis.door import ways_in
from shared.domain.breaker import OPEN_SECONDS, Breaker, BreakerState
from shared.errors import Unavailable

log = logging.getLogger("omtx.redis")
ANSWER_SECONDS = 0.25
CONNECTIONS = 64
T = TypeVar("T")


@dataclass(frozen=True)
class RedisHealth:
    """For whoever measures: how the breaker stands, and what was counted since the process began."""

    state: BreakerState
    calls: int
    failures: int
    refused: int
    """Calls that were not made, as the breaker was open."""
    opened: int


class RedisConnection:
    """
    Safe to share between threads; it connects when it is first asked.

    ``ca``: the authority that alone may vouch for the server, in PEM. ``password`` is asked for at each
    new connection, in place of one in the ``url``.
    """

    def __init__(
        self,
        url: str,
        *,
        ca: str = "",
        password: Callable[[], str] | None = None,
        answer_seconds: float = ANSWER_SECONDS,
        open_seconds: float = OPEN_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        # A connection that idled through a restart of the server is made anew once; nothing waits longer.
        self._client: Redis = Redis.from_url(
            url,
            socket_timeout=answer_seconds,
            socket_connect_timeout=answer_seconds,
            max_connections=CONNECTIONS,
            retry=Retry(NoBackoff(), 1, supported_errors=(ConnectionError,)),
            **ways_in(ca=ca, password=password),
        )
        self._open_seconds = open_seconds
        self._clock = clock
        self._turn = threading.Lock()
        self._breaker = Breaker()
        self._calls = self._failures = self._refused = self._opened = 0

    def ask(self, call: Callable[[Any], T]) -> T:
        """
        What ``call`` makes of the client; it may be made twice.

        Raises:
            Unavailable: it was not answered, or not asked. It may have taken effect nevertheless.
        """
        self._begin()
        try:
            answer = call(self._client)
        except RedisError as error:
            self._end(why=type(error).__name__)
            raise Unavailable(f"Redis: {type(error).__name__}") from error
        self._end()
        return answer

    def state(self) -> RedisHealth:
        """How it stands now."""
        with self._turn:
            return RedisHealth(self._breaker.state, self._calls, self._failures, self._refused, self._opened)

    def close(self) -> None:
        """Close what is open."""
        self._client.close()

    def _begin(self) -> None:
        with self._turn:
            asked = self._breaker.asked(self._clock(), open_seconds=self._open_seconds)
            if asked is None:
                self._refused += 1
                raise Unavailable("Redis did not answer lately")
            self._calls += 1
            self._become(asked)

    def _end(self, *, why: str | None = None) -> None:
        with self._turn:
            self._failures += why is not None
            self._become(self._breaker.failed(self._clock()) if why else self._breaker.succeeded(), why=why)

    def _become(self, breaker: Breaker, *, why: str | None = None) -> None:
        """One line in the log for each change of the state, and none for each call."""
        before, self._breaker = self._breaker.state, breaker
        if breaker.state is before:
            return
        if breaker.state is BreakerState.OPEN:
            self._opened += 1
            about = {"fields": {"why": why}}
            log.warning("Redis does not answer; for %g s nobody asks it", self._open_seconds, extra=about)
        elif breaker.state is BreakerState.CLOSED:
            log.warning("Redis answers again")
