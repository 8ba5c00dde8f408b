"""The sample screen on both backends, by the same command: nothing differs but times and ids."""

import re
from pathlib import Path

import pytest

from local.cloud.platform import Cloud
from shared import wiring
from shared.adapters.local.blobs import FolderBlobs
from tests.cli.program import spawn
from tests.platform.artefacts import everything

pytestmark = [pytest.mark.gcp, pytest.mark.slow]
QUICK = ("--param", "exhaustiveness=1", "--param", "runs=1")
VERIFIED = re.compile(r"verified: (\d+) artefacts hashed again")


def embedded(home: Path) -> FolderBlobs:
    """The objects of the embedded platform, where it runs no more."""
    return FolderBlobs(home / "objects", base_url="", keys=list, fsync=False)


@pytest.mark.usefixtures("inside")
def test_the_sample_screen_gives_the_same_files_field_by_field(cloud: Cloud, tmp_path: Path) -> None:
    here = spawn(tmp_path / "home", "demo", *QUICK)
    there = spawn(tmp_path / "elsewhere", "demo", *QUICK, OMTX_URL=cloud.url)
    assert (here.code, there.code) == (0, 0), here.err + there.err

    expected = everything(embedded(tmp_path / "home"), submitted(here.err))
    found = everything(wiring.blobs(), submitted(there.err))

    assert sorted(found) == sorted(expected)
    assert {name: found[name] for name in expected if found[name] != expected[name]} == {}
    assert VERIFIED.findall(there.out) == VERIFIED.findall(here.out) != []
    assert table(there.out) == table(here.out)


def submitted(said: str) -> str:
    """The batch that the demo names first."""
    return said.partition(":")[0]


def table(said: str) -> list[str]:
    """The ranking as it is printed."""
    rows = [line for line in said.splitlines() if line.startswith("│")]
    assert len(rows) == 12
    return rows
