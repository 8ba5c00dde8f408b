"""Filling the folder of a model's weights."""

import hashlib
import io
import tarfile
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from modal_gpu.hosting import WeightFile, Weights
from modal_gpu.weights import WrongWeights, fill

FILES = {"model.ckpt": b"x" * 3_000_000, "ccd/components.bin": b"atoms"}


class Source:
    """Where weights come from; ``wrong`` names what it gives other bytes for, ``broken`` what it cuts off."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.wrong: set[str] = set()
        self.broken: set[str] = set()
        self.client = httpx.Client(transport=httpx.MockTransport(self._give))

    def _give(self, request: httpx.Request) -> httpx.Response:
        name = request.url.path.lstrip("/")
        self.asked.append(name)
        if name in self.broken:
            return httpx.Response(503)
        return httpx.Response(200, content=b"other" if name in self.wrong else FILES[name])


PINNED = Weights(
    "2024-01",
    tuple(
        WeightFile(name, f"https://weights.test/{name}", hashlib.sha256(content).hexdigest())
        for name, content in FILES.items()
    ),
)


def in_folder(folder: Path) -> dict[str, bytes]:
    """Every file there is."""
    return {str(it.relative_to(folder)): it.read_bytes() for it in folder.rglob("*") if it.is_file()}


def test_every_file_is_fetched_once_and_nothing_else_lies_there(tmp_path: Path) -> None:
    source = Source()
    assert fill(tmp_path, PINNED, client=source.client) == 2
    assert in_folder(tmp_path) == FILES
    assert fill(tmp_path, PINNED, client=source.client) == 0
    assert source.asked == list(FILES)


def test_a_file_with_another_digest_is_not_kept(tmp_path: Path) -> None:
    source = Source()
    source.wrong = {"ccd/components.bin"}
    with pytest.raises(WrongWeights, match="pinned"):
        fill(tmp_path, PINNED, client=source.client)
    assert in_folder(tmp_path) == {"model.ckpt": FILES["model.ckpt"]}


def test_what_an_older_revision_or_a_crash_left_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "model.ckpt").write_bytes(b"older")
    assert fill(tmp_path, PINNED, client=Source().client) == 2
    assert in_folder(tmp_path) == FILES


def test_a_source_that_fails_leaves_what_is_there_and_can_be_asked_again(tmp_path: Path) -> None:
    source = Source()
    source.broken = {"ccd/components.bin"}
    with pytest.raises(httpx.HTTPStatusError):
        fill(tmp_path, PINNED, client=source.client)
    source.broken.clear()
    assert fill(tmp_path, PINNED, client=source.client) == 1
    assert in_folder(tmp_path) == FILES


def archive(**files: bytes) -> bytes:
    """A tar archive with a folder ``mols``."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as tar:
        for name, inside in files.items():
            member = tarfile.TarInfo(f"mols/{name}.pkl")
            member.size = len(inside)
            tar.addfile(member, io.BytesIO(inside))
    return content.getvalue()


def pinned_archive(content: bytes) -> tuple[Weights, httpx.Client]:
    """Weights that are one archive, and their source."""
    digest = hashlib.sha256(content).hexdigest()
    client = httpx.Client(transport=httpx.MockTransport(lambda _: httpx.Response(200, content=content)))
    return Weights("1", (WeightFile("mols.tar", "https://weights.test/", digest, unpacked="mols"),)), client


def molecules(folder: Path) -> dict[str, bytes]:
    """What lies unpacked."""
    return {it.name: it.read_bytes() for it in (folder / "mols").iterdir()}


def test_an_archive_is_laid_out_beside_itself_and_a_newer_one_in_its_place(tmp_path: Path) -> None:
    for files in ({"ALA": b"1", "GLY": b"2"}, {"ALA": b"3"}):
        weights, client = pinned_archive(archive(**files))
        fill(tmp_path, weights, client=client)
        assert molecules(tmp_path) == {f"{name}.pkl": inside for name, inside in files.items()}


def test_an_unpacking_that_was_interrupted_is_made_good(tmp_path: Path) -> None:
    weights, client = pinned_archive(archive(ALA=b"1", GLY=b"2"))
    (tmp_path / ".mols.part" / "mols").mkdir(parents=True)
    (tmp_path / ".mols.part" / "mols" / "OLD.pkl").write_bytes(b"")
    (tmp_path / "mols").mkdir()
    fill(tmp_path, weights, client=client)
    assert molecules(tmp_path) == {"ALA.pkl": b"1", "GLY.pkl": b"2"}
    assert not (tmp_path / ".mols.part").exists()
    (tmp_path / "mols" / "ALA.pkl").write_bytes(b"kept")
    assert fill(tmp_path, weights, client=client) == 0
    assert molecules(tmp_path)["ALA.pkl"] == b"kept"  # it is not unpacked again


def test_a_file_that_nobody_pinned_is_refused_with_the_digest_to_pin(tmp_path: Path) -> None:
    first, second = PINNED.files
    unpinned = Weights("new", (replace(first, sha256=None), second))
    with pytest.raises(WrongWeights, match=f"{first.path} {first.sha256}"):
        fill(tmp_path, unpinned, client=Source().client)
    assert in_folder(tmp_path) == {second.path: FILES[second.path]}
