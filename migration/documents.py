"""
The exported documents of a source, one after the other, in any of these forms:

* ``jobs.jsonl`` (or ``.ndjson``): a JSON document per line;
* ``jobs.json``: one array of documents, or one object of documents by their ids;
* ``documents/jobs/{id}.json``: a file per document.

The first two may also lie in ``documents/``; ``my_results`` is read in the same way. A document that
cannot be read is yielded with the reason, and the reader goes on with the next one.
"""

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

COLLECTIONS = ("jobs", "my_results")
LONGEST = 16 * 1024 * 1024
_PIECE = 1 << 16
_BLANK = " \t\r\n"


@dataclass(frozen=True)
class Document:
    """
    One document, or the ``problem`` that kept it from being read.

    ``place`` says where it stands; ``key`` is the name it was stored under, where the form has one.
    """

    collection: str
    place: str
    key: str | None = None
    body: Mapping[str, Any] | None = None
    problem: str | None = None


def documents(source: Path) -> Iterator[Document]:
    """Every document of the source, ``jobs`` first; memory holds one at a time."""
    for collection in COLLECTIONS:
        for folder in (source, source / "documents"):
            for suffix in ("jsonl", "ndjson"):
                yield from _lines(source, folder / f"{collection}.{suffix}", collection)
            yield from _values(source, folder / f"{collection}.json", collection)
        yield from _files(source, source / "documents" / collection, collection)


def _lines(source: Path, path: Path, collection: str) -> Iterator[Document]:
    if not path.is_file():
        return
    with path.open("rb") as file:
        number = 0
        while line := file.readline(LONGEST + 1):
            number += 1
            place = f"{path.relative_to(source)} line {number}"
            if len(line) > LONGEST:
                while line and not line.endswith(b"\n"):
                    line = file.readline(LONGEST)
                yield Document(collection, place, problem=_too_long())
            elif line.strip():
                yield _read(line, collection, place)


def _files(source: Path, folder: Path, collection: str) -> Iterator[Document]:
    if not folder.is_dir():
        return
    with os.scandir(folder) as found:
        for item in found:
            if not item.name.endswith(".json") or not item.is_file(follow_symlinks=False):
                continue
            path = Path(item.path)
            place = str(path.relative_to(source))
            if item.stat().st_size > LONGEST:
                yield Document(collection, place, problem=_too_long())
            else:
                yield _read(path.read_bytes(), collection, place, key=path.stem)


def _values(source: Path, path: Path, collection: str) -> Iterator[Document]:
    if not path.is_file():
        return
    place = str(path.relative_to(source))
    number = 0
    try:
        with path.open(encoding="utf-8-sig") as file:
            for key, value in json_values(file):
                number += 1
                yield _document(value, collection, f"{place} document {number}", key)
    except ValueError as error:  # nothing behind this point can be told apart
        said = f"is not JSON behind document {number}: {error}"
        yield Document(collection, place, problem=said)


def json_values(file: IO[str]) -> Iterator[tuple[str | None, Any]]:
    """
    The items of a JSON array, or the values of a JSON object with their keys, as they are read.

    Raises:
        ValueError: the text is neither, is cut short, or holds a value of more than ``LONGEST`` characters.
    """
    reader = _Reader(file)
    opening = reader.mark()
    closing = {"[": "]", "{": "}"}.get(opening)
    if closing is None:
        raise ValueError("neither an array nor an object")
    if reader.peek() == closing:
        return
    while True:
        key = None
        if opening == "{":
            key = str(reader.value())
            reader.expect(":")
        yield key, reader.value()
        if reader.expect("," + closing) == closing:
            return


class _Reader:
    """Takes marks and values off a stream; holds little more than the value at hand."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file
        self._text = ""
        self._decoder = json.JSONDecoder()

    def peek(self) -> str:
        """The next character that is not blank; empty at the end."""
        self._text = self._text.lstrip(_BLANK)
        while not self._text and (more := self._file.read(_PIECE)):
            self._text = more.lstrip(_BLANK)
        return self._text[:1]

    def mark(self) -> str:
        found = self.peek()
        self._text = self._text[1:]
        return found

    def expect(self, marks: str) -> str:
        found = self.mark()
        if not found or found not in marks:
            raise ValueError(f"{found!r} stands where one of {marks!r} has to")
        return found

    def value(self) -> Any:
        self.peek()
        while True:
            try:
                value, end = self._decoder.raw_decode(self._text)
                break
            except RecursionError:
                raise ValueError("is nested too deeply") from None
            except ValueError:
                more = self._file.read(max(_PIECE, len(self._text)))
                if not more or len(self._text) > LONGEST:
                    raise
                self._text += more
        self._text = self._text[end:]
        return value


def _read(content: bytes, collection: str, place: str, key: str | None = None) -> Document:
    try:
        return _document(json.loads(content), collection, place, key)
    except (ValueError, RecursionError) as error:
        return Document(collection, place, key, problem=f"is not JSON: {error}")


def _document(value: Any, collection: str, place: str, key: str | None) -> Document:
    if not isinstance(value, Mapping):
        return Document(collection, place, key, problem="is not a JSON object")
    return Document(collection, place, key, body=value)


def _too_long() -> str:
    return f"is longer than {LONGEST // 1024**2} MiB, which no document of the older system was"
