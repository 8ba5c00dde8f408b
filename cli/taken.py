"""A batch that was taken away as files, checked without the platform it came from."""

import csv
import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from cli.errors import Refused
from shared.domain import provenance
from shared.errors import Malformed
from shared.steps.results import listed_in

MANIFEST, INDEX = "manifest.json", "index.csv"
MADE = ".pdb"
"""The ending of what is converted on its way out."""

JOB = re.compile(r"/jobs/(job_[0-9a-f_]+)/")
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
        """
        What ``/verify`` answers of a batch on the server, as far as files can tell.

        ``not_covered``: files that were made for the download, of which no signature can speak.
        """
        head, files = self._manifest(), self._files()
        listed = self._listed()
        made = [name for name in files if name.endswith(MADE) and files[name] not in listed]
        problems = list(self._signature())
        for name in sorted(files.keys() - set(made) - {INDEX}):
            if files[name] not in listed:
                problems.append(f"{name} is not what the manifest lists")
        problems += self._misplaced(files, listed) if INDEX in files else ()
        return {
            "batch_id": head["batch_id"],
            "ok": not problems,
            "status": head["status"],
            "sentence": head["accounting_sentence"],
            "artefacts_checked": len(files) - len(made),
            "not_covered": made,
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

    def _files(self) -> dict[str, str]:
        """The digest of every file but manifest and signature."""
        names = {path.relative_to(self._folder).as_posix(): path for path in self._folder.rglob("*")}
        left = sorted(names.keys() - {MANIFEST, provenance.SIGNATURE})
        return {name: _digest(names[name]) for name in left if names[name].is_file()}

    def _listed(self) -> dict[str, set[str]]:
        """The jobs that left a file of a digest, none if it is the batch's own: names change on the way."""
        found = defaultdict[str, set[str]](set)
        with (self._folder / MANIFEST).open("rb") as manifest:
            for file in listed_in(iter(lambda: manifest.read(PIECE), b"")):
                match = JOB.search(file.key)
                found[file.sha256] |= {match[1]} if match else set()
        return found

    def _misplaced(self, files: Mapping[str, str], listed: Mapping[str, set[str]]) -> Iterator[str]:
        """What ``index.csv``, which no manifest lists, says wrongly: whose each structure is."""
        with (self._folder / INDEX).open(newline="", encoding="utf-8") as text:
            for row in csv.DictReader(text):
                name, job = row.get("file"), row.get("job_id")
                if not name or name.endswith(MADE):
                    continue
                if name not in files:
                    yield f"{INDEX} names {name}, which is not here"
                elif job not in listed.get(files[name], ()):
                    yield f"{INDEX} calls {name} that of {job}, which it is not"


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
