"""
The genuine ``chai-lab``, with a PDB that answers from a folder: ``chai_command_line.py FOLDER fold …``.

The program fetches structures of templates from one address that it has no option for.
"""

import sys
from pathlib import Path
from types import TracebackType
from typing import Self

from chai_lab.main import cli
from chai_lab.utils import paths

PDB = "https://files.rcsb.org/download/"


class Answer:
    """What the program uses of an answer to a GET."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return

    def raise_for_status(self) -> None:
        return

    def iter_content(self, chunk_size: int) -> list[bytes]:
        return [self._content]


class Pdb:
    """In place of ``requests``, where the program fetches files."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, url: str, *, stream: bool) -> Answer:
        assert url.startswith(PDB), url
        return Answer((self._folder / url.removeprefix(PDB)).read_bytes())


if __name__ == "__main__":
    paths.requests = Pdb(Path(sys.argv.pop(1)))
    cli()
