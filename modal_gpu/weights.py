"""Filling the folder from which a model loads its weights: every file checked, none half written."""

import hashlib
import os
import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path

import httpx

from modal_gpu.hosting import WeightFile, Weights

BLOCK = 1 << 20
Checked = Callable[[str], None]


class WrongWeights(Exception):
    """What was fetched is not the pinned file."""


def fill(folder: Path, weights: Weights, *, client: httpx.Client, tell: Checked = lambda text: None) -> int:
    """
    Fetch what is missing and unpack it; how many files were fetched. Safe to repeat after any interruption.

    A file that is there is hashed again: a Volume may hold what an older revision left.

    Raises:
        WrongWeights: a file has another digest than the pinned one, or is not pinned at all; nothing is
            kept of it.
        tarfile.TarError: what is to be unpacked is no archive.
        httpx.HTTPError: the source does not answer.
    """
    fetched = 0
    unpinned: list[str] = []
    for file in weights.files:
        target = folder / file.path
        if file.sha256 is None:
            unpinned.append(f"{file.path} {_digest_of(file, client)}")
            continue
        if target.exists() and _digest(target) == file.sha256:
            tell(f"{file.path}: there")
        else:
            _fetch(file, target, client)
            fetched += 1
            tell(f"{file.path}: fetched")
        if file.unpacked is not None:
            _unpack(target, file.unpacked, file.sha256)
    if unpinned:
        raise WrongWeights(
            "not pinned, so not kept; after making sure of them, put these SHA-256 into the table: "
            + ", ".join(unpinned)
        )
    return fetched


def _digest_of(file: WeightFile, client: httpx.Client) -> str:
    digest = hashlib.sha256()
    with client.stream("GET", file.url) as answer:
        answer.raise_for_status()
        for block in answer.iter_bytes(BLOCK):
            digest.update(block)
    return digest.hexdigest()


def _fetch(file: WeightFile, target: Path, client: httpx.Client) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".{target.name}.part")
    digest = hashlib.sha256()
    try:
        with client.stream("GET", file.url) as answer, partial.open("wb") as out:
            answer.raise_for_status()
            for block in answer.iter_bytes(BLOCK):
                digest.update(block)
                out.write(block)
        if digest.hexdigest() != file.sha256:
            raise WrongWeights(f"{file.path} has sha256 {digest.hexdigest()}, not the pinned {file.sha256}")
        os.replace(partial, target)
    finally:
        partial.unlink(missing_ok=True)


def _unpack(archive: Path, name: str, digest: str) -> None:
    """Lay the archive's folder beside it, whole or not at all; a note tells of which archive it is."""
    target, note = archive.with_name(name), archive.with_name(f".{name}.of")
    if target.is_dir() and note.exists() and note.read_text() == digest:
        return
    partial = archive.with_name(f".{name}.part")
    for folder in (partial, target):
        shutil.rmtree(folder, ignore_errors=True)
    with tarfile.open(archive) as content:
        content.extractall(partial, filter="data")
    os.replace(partial / name, target)
    shutil.rmtree(partial)
    note.write_text(digest)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
