"""A batch that was taken away as files, checked without the platform it came from."""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from cli.errors import Refused
from shared.domain import provenance
from shared.errors import Malformed
from shared.steps.results import listed_in

MANIFEST = "manifest.json"
PIECE = 1 << 20


class Taken:
    """
    A folder with ``manifest.json`` and its signature; whatever else lies in it should be of the batch.

    ``keys``: the public keys that are trusted, by id. ``is_signed``: see ``provenance.faults``.
    """

    def __init__(
        self, folder: Path, keys: Mapping[str, bytes], is_signed: Callable[[bytes, bytes, bytes], bool]
    ) -> None:
        self._folder, self._keys, self._is_signed = folder, keys, is_signed

    def audit(self) -> dict[str, Any]:
        """What ``/verify`` answers of a batch on the server, as far as files can tell."""
        head = self._manifest()
        others = list(self._others())
        problems = list(self._signature())
        problems += [f"{name} is not what the manifest lists" for name, is_known in others if not is_known]
        return {
            "batch_id": head["batch_id"],
            "ok": not problems,
            "status": head["status"],
            "sentence": head["accounting_sentence"],
            "artefacts_checked": len(others),
            "signed_by": self._signer(),
            "problems": problems,
            "problem_count": len(problems),
        }

    def _manifest(self) -> dict[str, Any]:
        try:
            value: dict[str, Any] = json.loads((self._folder / MANIFEST).read_bytes())
        except (OSError, ValueError) as error:
            raise Refused(f"{self._folder} has no {MANIFEST} that can be read") from error
        return value

    def _envelope(self) -> bytes:
        try:
            return (self._folder / provenance.SIGNATURE).read_bytes()
        except OSError as error:
            raise Refused(f"{self._folder} has no {provenance.SIGNATURE} that can be read") from error

    def _signature(self) -> Iterator[str]:
        digest = _digest(self._folder / MANIFEST)
        return provenance.faults(self._envelope(), digest, self._keys, self._is_signed)

    def _signer(self) -> str | None:
        try:
            _, signatures = provenance.opened(self._envelope())
        except Malformed:
            return None
        return signatures[0].key_id if signatures else None

    def _others(self) -> Iterator[tuple[str, bool]]:
        """Every other file, and whether the manifest lists one of its content: names change on the way."""
        with (self._folder / MANIFEST).open("rb") as manifest:
            known = {file.sha256 for file in listed_in(iter(lambda: manifest.read(PIECE), b""))}
        for path in sorted(self._folder.rglob("*")):
            name = path.relative_to(self._folder).as_posix()
            if path.is_file() and name not in (MANIFEST, provenance.SIGNATURE):
                yield name, _digest(path) in known


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
