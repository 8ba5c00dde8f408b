"""The archives that the cloud builds functions from."""

import hashlib
import io
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from infra.package import archive
from shared.topology import topology

ROOT = Path(__file__).resolve().parents[2]
FUNCTIONS = list(topology().functions)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of the sources, to change."""
    for package in ("shared", "services", "infra"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / package, tmp_path / package, ignore=ignored)
    return tmp_path


def hashes(root: Path) -> dict[str, str]:
    """The hash of each function's archive."""
    return {name: hashlib.sha256(archive(name, root)).hexdigest() for name in FUNCTIONS}


def touch(path: Path) -> None:
    """Change a source, though not what it says."""
    path.write_text(f"{path.read_text()}\n")


def packed(checkout: Path, folder: Path) -> dict[str, bytes]:
    """What the command wrote for a checkout, in a process of its own."""
    command = [sys.executable, "-m", "infra.package", "--out", str(folder)]
    subprocess.run(command, cwd=checkout, env=os.environ | {"PYTHONPATH": str(checkout)}, check=True)
    return {path.stem: path.read_bytes() for path in folder.iterdir()}


def test_the_same_sources_give_the_same_bytes_wherever_and_whenever_they_are_packed(
    checkout: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    for path in checkout.rglob("*.py"):
        os.utime(path, (0, 0))
        path.chmod(0o600)
    there = packed(checkout, tmp_path_factory.mktemp("there"))
    here = packed(ROOT, tmp_path_factory.mktemp("here"))
    assert set(here) == set(FUNCTIONS)
    assert here == there


def test_a_changed_source_changes_the_hash_of_the_functions_that_hold_it(checkout: Path) -> None:
    before = hashes(checkout)
    touch(checkout / "services" / "submit" / "plan.py")
    own = hashes(checkout)
    assert [name for name in FUNCTIONS if own[name] != before[name]] == ["submit"]

    touch(checkout / "services" / "webhook" / "requirements.txt")
    pinned = hashes(checkout)
    assert [name for name in FUNCTIONS if pinned[name] != own[name]] == ["webhook"]

    touch(checkout / "shared" / "catalogue" / "vina.yaml")
    shared = hashes(checkout)
    assert [name for name in FUNCTIONS if shared[name] == pinned[name]] == []


@pytest.mark.parametrize("name", FUNCTIONS)
def test_an_archive_holds_the_function_and_what_all_share_and_nothing_else(name: str) -> None:
    with zipfile.ZipFile(io.BytesIO(archive(name))) as held:
        paths = held.namelist()
        entry = held.read("main.py").decode()
    assert paths == sorted(set(paths))
    imported = f"from services.{name}.main import {topology().functions[name].entry_point}"
    ours = [re.split("  #| as ", line)[0] for line in entry.splitlines() if "services" in line]
    assert ours == [imported]
    above = {path.split("/")[0] for path in paths}
    assert above == {"main.py", "requirements.txt", "services", "shared"}
    folders = {path.split("/")[1] for path in paths if path.startswith("services/")}
    assert folders == {"__init__.py", "topology.json", name}
    assert "shared/catalogue/vina.yaml" in paths
    assert {Path(path).suffix for path in paths} == {".py", ".yaml", ".json", ".txt"}
