"""
A circuit breaker: whether something that failed may be asked again. Pure; times in seconds of any one clock.

Closed, failures are counted, and each success takes one of them back. At FAILURES it opens: nothing is asked
for OPEN_SECONDS. Then it is half open: one call may try, and its answer closes or opens it again.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

FAILURES = 5
OPEN_SECONDS = 60.0


class BreakerState(StrEnum):
    """How a breaker stands."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"


@dataclass(frozen=True)
class Breaker:
    """``since``: when it opened, or when the try of a half-open one began."""

    state: BreakerState = BreakerState.CLOSED
    failures: int = 0
    since: float = 0.0

    def asked(self, now: float, *, open_seconds: float = OPEN_SECONDS) -> "Breaker | None":
        """
        The breaker with a call under way, or None if there may be none.

        A try that never tells its end stands in the way of the next no longer than an open breaker does.
        """
        if self.state is BreakerState.CLOSED:
            return self
        # A clock that was set back would keep it open for as long as it was set back.
        if 0 <= now - self.since < open_seconds:
            return None
        return replace(self, state=BreakerState.HALF_OPEN, since=now)

    def succeeded(self) -> "Breaker":
        """A call was answered. One that began before it opened, and ended after, says nothing."""
        if self.state is BreakerState.OPEN:
            return self
        if self.state is BreakerState.HALF_OPEN:
            return Breaker()
        return replace(self, failures=max(0, self.failures - 1))

    def failed(self, now: float) -> "Breaker":
        """A call was not answered."""
        if self.state is BreakerState.OPEN:
            return self
        failures = self.failures + 1
        if self.state is BreakerState.HALF_OPEN or failures >= FAILURES:
            return Breaker(BreakerState.OPEN, FAILURES, now)
        return replace(self, failures=failures)
