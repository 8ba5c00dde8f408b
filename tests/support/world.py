"""A clock that moves only when told."""

from datetime import UTC, datetime, timedelta

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


class HandClock:
    """Time as an argument of the test."""

    def __init__(self, start: datetime = NOON) -> None:
        self._now = start

    def now(self) -> datetime:
        """See ``Clock.now``."""
        return self._now

    def advance(self, span: timedelta) -> None:
        """Move on."""
        self._now += span
