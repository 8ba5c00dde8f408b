"""A library of ligands, as users have it, made what is sent: in the order if it is small, else uploaded."""

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, TypeAlias

from omtx.calls import Flow, Request, post
from omtx.errors import Unusable
from omtx.files import read_text
from omtx.session import Session

Library: TypeAlias = str | Path | Mapping[str, str] | Iterable[str] | Iterable[Mapping[str, Any]]
"""A file; SMILES; rows with ``smiles`` and more; SMILES by name; or a pandas DataFrame."""

LARGEST = 256 * 1024 * 1024
INLINE = 1024 * 1024
UPLOAD_SECONDS = 600.0
PLAIN = frozenset({".txt", ""})
SUFFIXES = {
    **{".csv": "csv", ".tsv": "tsv", ".smi": "smi", ".smiles": "smi", ".ism": "smi"},
    **{".sdf": "sdf", ".sd": "sdf", ".mol": "sdf"},
}


@dataclass(frozen=True)
class Bundle:
    """What is sent: a file, or a table that was made of what is in memory."""

    name: str
    content: Path | bytes

    @property
    def size(self) -> int:
        """In bytes."""
        return self.content.stat().st_size if isinstance(self.content, Path) else len(self.content)

    @property
    def is_inline(self) -> bool:
        """Whether it goes along with the order."""
        return not self.name.lower().endswith(".gz") and self.size <= INLINE

    @property
    def title(self) -> str | None:
        """What an order is called after it; None where it was no file."""
        return self.content.stem if isinstance(self.content, Path) else None


def bundled(library: Library) -> Bundle:
    """
    What is sent of a library.

    Raises:
        Unusable: there is no such file, it is none that can be read, or nothing is in it.
    """
    if isinstance(library, str | Path):
        path = checked(Path(library))
        return Bundle(path.name, path)
    table = _table(library).encode()
    if len(table) > LARGEST:
        raise Unusable(f"the library has more than {LARGEST // 1024**2} MiB")
    return Bundle("library.csv", table)


def checked(path: Path) -> Path:
    """The path; Unusable if there is no file, or none that can be a library."""
    kind = path.with_suffix("").suffix if path.suffix.lower() == ".gz" else path.suffix
    if form_of(path.name) is None and kind.lower() not in PLAIN:
        given = ", ".join((*SUFFIXES, ".txt"))
        raise Unusable(f"library {path}: {kind} files are not read; give {given}, or one of these with .gz")
    try:
        size = path.stat().st_size
    except OSError as error:
        raise Unusable(f"library {path} cannot be read: {error.strerror}") from error
    if size == 0:
        raise Unusable(f"library {path} is empty")
    if size > LARGEST:
        raise Unusable(f"library {path} has more than {LARGEST // 1024**2} MiB")
    return path


def form_of(name: str) -> str | None:
    """The form that a file's name tells; None if it tells none, and the text has to."""
    return SUFFIXES.get(PurePosixPath(name.lower().removesuffix(".gz")).suffix)


def in_order(bundle: Bundle) -> dict[str, Any]:
    """A library as part of an order."""
    content, form = bundle.content, form_of(bundle.name)
    text = content.decode() if isinstance(content, bytes) else read_text(content, "library")
    return {"content": text} | ({"format": form} if form else {})


def brought(session: Session, bundle: Bundle) -> Flow[dict[str, Any]]:
    """The library as an order names it; a large or compressed one is uploaded first."""
    if bundle.is_inline:
        return in_order(bundle)
    # An offer that nobody takes up is swept away, so that asking twice does no harm.
    wanted = {"file_name": bundle.name, "size": bundle.size}
    offer = yield from session.ask(post("/api/v3/libraries", wanted, repeatable=True))
    there, content = offer["upload_url"], bundle.content
    upload = Request("PUT", there, content=content, repeatable=True, seconds=UPLOAD_SECONDS)
    yield from session.reply(upload)
    return {"uri": offer["library_uri"]}


def _table(library: Any) -> str:
    if hasattr(library, "to_csv"):  # a DataFrame, of pandas or of what looks like it
        return str(library.to_csv(index=False))
    if isinstance(library, Mapping):
        rows: list[Mapping[str, Any]] = [{"name": name, "smiles": it} for name, it in library.items()]
    else:
        rows = [{"smiles": it} if isinstance(it, str) else it for it in library]
    if not rows:
        raise Unusable("the library is empty")
    if not all(isinstance(row, Mapping) for row in rows):
        raise Unusable(
            "a library is a file, a list of SMILES, SMILES by name, rows by column, or a DataFrame"
        )
    columns = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
