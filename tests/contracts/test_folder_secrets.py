"""Keys in a folder: what the file system must not let others see."""

import stat
from pathlib import Path

from shared.adapters.local.world import FolderSecrets


def test_a_key_on_disk_is_readable_by_its_owner_alone(tmp_path: Path) -> None:
    FolderSecrets(tmp_path / "secrets").keys("webhook")
    [file] = (tmp_path / "secrets").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
