"""The folder alone: what killed processes left is cleared away, and groups are stored durably."""

import os
import time
from pathlib import Path

import pytest

from shared.adapters.local.blobs import ABANDONED_SECONDS, FolderBlobs

HOUR_AGO = time.time() - ABANDONED_SECONDS - 60


@pytest.fixture
def durable(tmp_path: Path) -> FolderBlobs:
    return FolderBlobs(tmp_path / "objects", base_url="", keys=list, fsync=True)


def left_behind(folder: Path, name: str, *, written: float) -> Path:
    """A temporary file whose process was killed."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_bytes(b"half")
    os.utime(path, (written, written))
    return path


def test_what_a_killed_process_left_is_cleared_away_an_hour_later(durable: FolderBlobs) -> None:
    old = left_behind(durable.root / "b1", ".part-old", written=HOUR_AGO)
    young = left_behind(durable.root / "b1", ".part-young", written=time.time())
    elsewhere = left_behind(durable.root / "b2", ".part-old", written=HOUR_AGO)
    durable.put("b1/a", b"1")
    assert (old.exists(), young.exists(), elsewhere.exists()) == (False, True, True)
    durable.put_if_absent("b2/a", b"1")
    assert not elsewhere.exists()


def test_an_old_object_is_no_remains(durable: FolderBlobs) -> None:
    durable.put("b1/a", b"1")
    os.utime(durable.root / "b1" / "a", (HOUR_AGO, HOUR_AGO))
    durable.put("b1/b", b"2")
    assert durable.get("b1/a") == b"1"


def test_many_are_stored_durably_and_leave_no_remains(durable: FolderBlobs) -> None:
    stats = list(durable.put_many((f"b1/{n % 3}/{n}", bytes([n])) for n in range(200)))
    assert [durable.get(stat.key) for stat in stats] == [bytes([n]) for n in range(200)]
    files = [path for path in durable.root.rglob("*") if path.is_file()]
    assert len(files) == 200
