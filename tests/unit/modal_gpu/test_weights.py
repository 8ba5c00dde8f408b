"""Filling the folder of a model's weights."""

import hashlib
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


def test_a_file_that_nobody_pinned_is_refused_with_the_digest_to_pin(tmp_path: Path) -> None:
    first, second = PINNED.files
    unpinned = Weights("new", (replace(first, sha256=None), second))
    with pytest.raises(WrongWeights, match=f"{first.path} {first.sha256}"):
        fill(tmp_path, unpinned, client=Source().client)
    assert in_folder(tmp_path) == {second.path: FILES[second.path]}
