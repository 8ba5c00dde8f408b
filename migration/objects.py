"""
The object tree of a source as it was in the bucket, in ``objects/`` or beside the documents:

``batches/{batch}/jobs/{job}/``, ``jobs/{job}/``, ``archive/{model}/{task}/{job}/``. Symbolic links are
not followed; what a document says never becomes a path.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FILES = ("results.json", "structure.cif", "confidence.json", "affinity.json", "metadata.json")


@dataclass(frozen=True)
class Folder:
    """A folder of a job's objects. Of several, that of the lowest ``rank`` is read first."""

    job: str
    path: Path
    rank: int
    batch: str | None = None


def job_folders(source: Path) -> Iterator[Folder]:
    """Every folder that holds objects of a job."""
    root = source / "objects" if (source / "objects").is_dir() else source
    for batch in _inside(root / "batches"):
        for folder in _inside(batch / "jobs"):
            yield from _holding(Folder(folder.name, folder, 0, batch.name))
    for folder in _inside(root / "jobs"):
        yield from _holding(Folder(folder.name, folder, 1))
    for model in _inside(root / "archive"):
        for task in _inside(model):
            for folder in _inside(task):
                yield from _holding(Folder(folder.name, folder, 2))


def _inside(folder: Path) -> Iterator[Path]:
    if not folder.is_dir():
        return
    with os.scandir(folder) as found:
        for item in found:
            if item.is_dir(follow_symlinks=False):
                yield Path(item.path)


def _holding(folder: Folder) -> Iterator[Folder]:
    if any(is_object(folder.path / name) for name in FILES):
        yield folder


def is_object(path: Path) -> bool:
    """Whether there is such an object."""
    return path.is_file() and not path.is_symlink()
