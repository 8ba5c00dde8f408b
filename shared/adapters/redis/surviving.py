"""A limiter that goes on where the shared one is out of reach."""

from collections.abc import Sequence

from shared.domain.bucket import Taking
from shared.errors import Unavailable
from shared.models.limits import Policy
from shared.ports.limiter import Limiter


class SurvivingLimiter:
    """
    Asks ``shared``, and ``own`` where that cannot be reached: each process counts for itself then.

    Nobody is let in uncounted. The connection behind ``shared`` logs when that begins and ends.
    """

    def __init__(self, shared: Limiter, own: Limiter) -> None:
        self._shared = shared
        self._own = own
        self.survived = 0
        """Requests that were counted by this process alone."""

    def take(self, holder: str, policies: Sequence[Policy], tokens: int = 1) -> Taking:
        """See ``Limiter.take``; never Unavailable."""
        try:
            return self._shared.take(holder, policies, tokens)
        except Unavailable:
            self.survived += 1
            return self._own.take(holder, policies, tokens)
