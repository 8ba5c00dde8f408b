"""``Secrets`` and ``Clock``: keys that stay the same for everyone, and time that is aware."""

from datetime import UTC, timedelta

from shared.adapters.local.world import SystemClock
from tests.contracts.backends import Backend
from tests.support.crowd import at_once


def test_a_purpose_has_a_key_and_keeps_it(backend: Backend) -> None:
    [first, *_] = backend.secrets.keys("webhook")
    assert len(first.secret) >= 32
    assert first.id
    assert backend.secrets.keys("webhook")[0] == first


def test_each_purpose_has_a_key_of_its_own(backend: Backend) -> None:
    assert backend.secrets.keys("webhook")[0].secret != backend.secrets.keys("urls")[0].secret


def test_sixteen_callers_at_the_first_use_get_the_same_key(backend: Backend) -> None:
    keys = at_once(lambda _: tuple(backend.secrets.keys("urls")), range(16))
    assert len(set(keys)) == 1


def test_the_clock_is_in_utc_and_does_not_stand_still() -> None:
    clock = SystemClock()
    first, later = clock.now(), clock.now()
    assert first.tzinfo is UTC
    assert timedelta(0) <= later - first < timedelta(minutes=1)
