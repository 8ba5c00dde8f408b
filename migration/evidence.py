"""What is left of a job's result: its figures, its files, and what speaks against them."""

import base64
import binascii
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from migration import spelling
from migration.figures import Figures, Range, read_figures
from migration.objects import is_object
from migration.spelling import OldStatus
from shared.chemistry.structure import read_structure

LARGEST_JSON = 64 * 1024 * 1024
LARGEST_STRUCTURE = 64 * 1024 * 1024
_PIECE = 1 << 20
KEPT = {
    "results.json": "source_results.json",
    "metadata.json": "source_metadata.json",
    "affinity.json": "affinity.json",
    "confidence.json": "confidence.json",
}
STRUCTURE = "structure.cif"


@dataclass(frozen=True)
class SourceFile:
    """A file to be kept: its name here, and how to read its bytes anew each time."""

    name: str
    read: Callable[[], Iterable[bytes]]


@dataclass(frozen=True)
class Evidence:
    """
    A job's stored result.

    ``failure`` is what the result itself says of a failed run; ``problem`` why it could not be read.
    ``seconds`` is the wall time of the run.
    """

    figures: Figures = field(default_factory=lambda: Figures({}))
    failure: str | None = None
    problem: str | None = None
    files: tuple[SourceFile, ...] = ()
    seconds: float | None = None
    finished_at: datetime | None = None
    call_id: str | None = None
    remarks: tuple[str, ...] = ()

    @property
    def is_result(self) -> bool:
        """Whether there is a result: figures, and no word of a failure."""
        return bool(self.figures.values) and self.failure is None and self.problem is None


Load = Callable[[], Mapping[str, Any]]


def gather(folders: Sequence[Path], inline: Sequence[Load], ranges: Mapping[str, Range]) -> Evidence:
    """
    The first that is a result, of the job's folders and then of what documents hold of it.

    Where none is: what can be said about the best of them. No content is kept: files and documents
    are read again when they are copied.
    """
    best: Evidence | None = None
    for found in _each(folders, inline, ranges):
        if found.is_result:
            return found
        if best is None or (found.failure and not best.failure):
            best = found
    return best or Evidence()


def _each(folders: Sequence[Path], inline: Sequence[Load], ranges: Mapping[str, Range]) -> Iterator[Evidence]:
    for folder in folders:
        yield _in_folder(folder, ranges)
    for load in inline:
        yield _described(
            {"results.json": load()}, [SourceFile(KEPT["results.json"], _encoder(load))], ranges, load
        )


def _in_folder(folder: Path, ranges: Mapping[str, Range]) -> Evidence:
    documents: dict[str, Mapping[str, Any]] = {}
    for name in KEPT:
        if is_object(folder / name):
            try:
                documents[name] = _json(folder / name)
            except (ValueError, RecursionError) as error:
                return Evidence(problem=f"{name} in {folder.parent.name}/{folder.name} {error}")
    files = [SourceFile(KEPT[name], _reader(folder / name)) for name in documents]
    problem = _structure_problem(folder / STRUCTURE) if is_object(folder / STRUCTURE) else None
    if problem is None and is_object(folder / STRUCTURE):
        files.append(SourceFile(STRUCTURE, _reader(folder / STRUCTURE)))
    remarks = () if problem is None else (problem,)
    return _described(documents, files, ranges, lambda: _json(folder / "results.json"), remarks)


def _described(
    documents: Mapping[str, Mapping[str, Any]],
    files: list[SourceFile],
    ranges: Mapping[str, Range],
    load: Load,
    remarks: tuple[str, ...] = (),
) -> Evidence:
    results, metadata = documents.get("results.json", {}), documents.get("metadata.json", {})
    # metadata.json is the older system's copy of the figures; the model's own files come first.
    order = ("affinity.json", "confidence.json", "results.json", "metadata.json")
    figures = read_figures([documents[name] for name in order if name in documents], ranges)
    if not any(file.name == STRUCTURE for file in files) and _inner_structure(results):
        files.append(SourceFile(STRUCTURE, lambda: (_inner_structure(load()),)))
    return Evidence(
        figures=figures,
        failure=_failure(results, figures),
        files=tuple(files),
        seconds=_seconds(results, metadata),
        finished_at=spelling.instant(results.get("execution_timestamp"))
        or spelling.instant(metadata.get("stored_at")),
        call_id=spelling.text(results.get("modal_call_id")) or spelling.text(metadata.get("modal_call_id")),
        remarks=remarks,
    )


def _failure(results: Mapping[str, Any], figures: Figures) -> str | None:
    """A result that calls itself failed is a failure, whatever numbers it holds."""
    said = next(
        (
            found
            for name in ("error", "error_message", "boltz_error")
            if (found := spelling.text(results.get(name)))
        ),
        None,
    )
    if spelling.status(results.get("status")) is OldStatus.FAILED:
        return said or "the stored result says that the run failed"
    return said if not figures.values else None


def _seconds(*documents: Mapping[str, Any]) -> float | None:
    found = (spelling.number(document.get("execution_time")) for document in documents)
    return next((seconds for seconds in found if seconds is not None and 0 < seconds < 10**7), None)


def _inner_structure(results: Mapping[str, Any]) -> bytes:
    """The structure that stands within a result, as text or base64; nothing if there is none."""
    plain = spelling.text(results.get("structure_file_content"))
    encoded = spelling.text(results.get("structure_file_base64"))
    try:
        content = plain.encode() if plain else base64.b64decode(encoded or "", validate=True)
        read_structure(content)
    except (ValueError, binascii.Error):
        return b""
    return content


def _structure_problem(path: Path) -> str | None:
    if path.stat().st_size > LARGEST_STRUCTURE:
        return f"{path.name} has more than {LARGEST_STRUCTURE // 1024**2} MiB and is left behind"
    try:
        read_structure(path.read_bytes())
    except ValueError as error:
        return f"{path.name} is left behind: {error}"
    return None


def _json(path: Path) -> Mapping[str, Any]:
    if path.stat().st_size > LARGEST_JSON:
        raise ValueError(f"has more than {LARGEST_JSON // 1024**2} MiB")
    try:
        found = json.loads(path.read_bytes())
    except ValueError as error:
        raise ValueError(f"is not JSON: {error}") from error
    if not isinstance(found, Mapping):
        raise ValueError("is not a JSON object")
    return found


def _encoder(load: Load) -> Callable[[], Iterable[bytes]]:
    return lambda: (json.dumps(load(), sort_keys=True).encode(),)


def _reader(path: Path) -> Callable[[], Iterable[bytes]]:
    def read() -> Iterator[bytes]:
        with path.open("rb") as file:
            yield from iter(lambda: file.read(_PIECE), b"")

    return read
