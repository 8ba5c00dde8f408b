"""Bringing a library to the platform: in the request while it is small, by an upload otherwise."""

from pathlib import Path
from typing import Any

from cli.connection import Connection
from cli.errors import Refused
from cli.files import read_text
from services.submit.forms import SUFFIXES, form_of_name

LARGEST = 256 * 1024 * 1024
INLINE = 1024 * 1024
PLAIN = frozenset({".txt", ""})
UPLOAD_SECONDS = 600.0


def checked(path: Path) -> Path:
    """The path; Refused if there is no file, or none that can be a library."""
    kind = path.with_suffix("").suffix if path.suffix.lower() == ".gz" else path.suffix
    if form_of_name(path.name) is None and kind.lower() not in PLAIN:
        given = ", ".join((*SUFFIXES, ".txt"))
        raise Refused(f"library {path}: {kind} files are not read; give {given}, or one of these with .gz")
    try:
        size = path.stat().st_size
    except OSError as error:
        raise Refused(f"library {path} cannot be read: {error.strerror}") from error
    if size == 0:
        raise Refused(f"library {path} is empty")
    if size > LARGEST:
        raise Refused(f"library {path} has more than {LARGEST // 1024**2} MiB")
    return path


def in_request(path: Path) -> dict[str, Any]:
    """The library as part of an order."""
    form = form_of_name(path.name)
    return {"content": read_text(path, "library")} | ({"format": form} if form else {})


def brought(connection: Connection, path: Path) -> dict[str, Any]:
    """The library as an order names it; a large or compressed one is uploaded first."""
    checked(path)
    if path.suffix.lower() != ".gz" and path.stat().st_size <= INLINE:
        return in_request(path)
    offer = connection.post("/api/v3/libraries", {"file_name": path.name, "size": path.stat().st_size})
    with path.open("rb") as file:
        connection.put(offer["upload_url"], file, timeout=UPLOAD_SECONDS)
    return {"uri": offer["library_uri"]}
