"""The machine's clock, its callers, and signing keys in the state folder, readable by their owner only."""

import os
import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from shared.ports.world import Key


class SystemClock:
    """UTC of this machine."""

    def now(self) -> datetime:
        """See ``Clock.now``."""
        return datetime.now(UTC)


class AnyCaller:
    """Within one process there is nobody to keep out."""

    def check(self, headers: Mapping[str, str]) -> None:
        """See ``Callers.check``."""


class FolderSecrets:
    """One key file per purpose, made at first use; the first of several processes wins."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read: dict[str, Key] = {}

    def keys(self, purpose: str) -> Sequence[Key]:
        """See ``Secrets.keys``; a key is read once per process."""
        if purpose not in self._read:
            path = self._folder / purpose
            if not path.exists():
                self._make(path)
            self._read[purpose] = Key(id="local", secret=path.read_bytes())
        return [self._read[purpose]]

    def _make(self, path: Path) -> None:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        temporary = path.with_name(f".{path.name}-{secrets.token_hex(8)}")
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as target:
            target.write(secrets.token_hex(32).encode())
        try:
            os.link(temporary, path)
        except FileExistsError:
            pass  # another process made it first; its key is the key
        finally:
            temporary.unlink()
