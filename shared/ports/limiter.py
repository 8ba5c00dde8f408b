"""Buckets of tokens that are shared by all who count together."""

from collections.abc import Sequence
from typing import Protocol

from shared.domain.bucket import Taking
from shared.models.limits import Policy


class Limiter(Protocol):
    """
    The buckets of holders, one for each policy; a bucket that nobody touched is full.

    Of more callers at once none takes what another took: in any span of time at most a full bucket and what
    came back in that time.
    """

    def take(self, holder: str, policies: Sequence[Policy], tokens: int = 1) -> Taking:
        """
        Take from all buckets, or from none of them; with ``tokens`` 0, look whether one could be taken.

        Raises:
            Unavailable: the buckets cannot be reached; it may have been taken.
        """
        ...
