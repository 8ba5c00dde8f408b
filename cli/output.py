"""Where a command's answer goes: a person gets text, a program gets JSON."""

import io
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, TextIO

from rich.console import Console, RenderableType

from cli.errors import Refused

PIPED_WIDTH = 140


def wants_json(asked: bool) -> bool:
    """Whether to print JSON: on request, and whenever stdout is no terminal."""
    return asked or not sys.stdout.isatty()


def print_json(document: Any) -> None:
    """One JSON document on stdout."""
    print(json.dumps(document, indent=2, ensure_ascii=False))


def console(file: TextIO | None = None) -> Console:
    """Rich text on stdout or ``file``; wide enough for a table where there is no terminal."""
    file = file or sys.stdout
    return Console(file=file, width=None if file.isatty() else PIPED_WIDTH, highlight=False)


def show(*pieces: RenderableType, file: TextIO | None = None) -> None:
    """Print for a person."""
    for piece in pieces:
        console(file).print(piece, markup=False)


def note(message: str) -> None:
    """A remark beside the answer, on stderr."""
    print(message, file=sys.stderr)


@contextmanager
def opened(path: Path | None) -> Iterator[TextIO]:
    """The text file an answer goes to, stdout if None; see ``saved``."""
    if path is None:
        yield sys.stdout
        return
    with saved(path) as file, io.TextIOWrapper(file, encoding="utf-8", newline="") as text:
        yield text


@contextmanager
def opened_binary(path: Path | None) -> Iterator[BinaryIO]:
    """The file that bytes go to, stdout if None; a terminal is none to send them to."""
    if path is not None:
        with saved(path) as file:
            yield file
        return
    if sys.stdout.isatty():
        raise Refused("this is no text for a terminal; give --output FILE, or send it to a program")
    yield sys.stdout.buffer
    sys.stdout.buffer.flush()


@contextmanager
def saved(path: Path) -> Iterator[BinaryIO]:
    """A file that appears under its name only when it is complete."""
    part = path.with_name(f".{path.name}.part")
    try:
        with part.open("wb") as file:
            yield file
        part.replace(path)
    except OSError as error:
        raise Refused(f"{path} cannot be written: {error.strerror}") from error
    finally:
        part.unlink(missing_ok=True)
    note(f"wrote {path}")
