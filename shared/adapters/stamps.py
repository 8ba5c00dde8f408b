"""Times as whole microseconds, the form in which every store keeps them."""

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def stamp(instant: datetime) -> int:
    """Microseconds since 1970, UTC: exact, sortable."""
    return (instant - _EPOCH) // timedelta(microseconds=1)


def instant(stamp: int) -> datetime:
    """The time a stamp stands for, aware, in UTC."""
    return _EPOCH + timedelta(microseconds=stamp)


def stamp_or_none(moment: datetime | None) -> int | None:
    """A stamp where there is a time."""
    return None if moment is None else stamp(moment)


def instant_or_none(value: int | None) -> datetime | None:
    """A time where there is a stamp."""
    return None if value is None else instant(value)
