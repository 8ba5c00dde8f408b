"""``Secrets`` and ``Clock``: keys that stay the same for everyone, and time that is aware."""

import stat
from datetime import UTC, timedelta
from pathlib import Path

from shared.adapters.local.world import FolderSecrets, SystemClock
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


def test_a_key_on_disk_is_readable_by_its_owner_alone(tmp_path: Path) -> None:
    FolderSecrets(tmp_path / "secrets").keys("webhook")
    [file] = (tmp_path / "secrets").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_the_clock_is_in_utc_and_does_not_stand_still() -> None:
    clock = SystemClock()
    first, later = clock.now(), clock.now()
    assert first.tzinfo is UTC
    assert timedelta(0) <= later - first < timedelta(minutes=1)
