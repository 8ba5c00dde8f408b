"""
Our docking against Vina's own command line: same prepared files, box, seed and exhaustiveness, one core.

The reference is the program ``vina`` on the PATH, or the one that OMTX_VINA names. With version
1.2.4 or newer its affinity is compared as printed. Version 1.2.3, which Debian ships, subtracts a
wrong unbound energy (AutoDock-Vina issue 200, fixed in 1.2.4): the search and the poses are the
same, so its affinity is compared after putting the unbound energy right from the terms it prints.
"""

import csv
import json
import os
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest

from modal_gpu.predictors.vina.dock import Search, command_line_files, dock
from modal_gpu.predictors.vina.ligand import prepare_ligand
from modal_gpu.predictors.vina.receptor import Receptor, prepare_receptor
from shared.chemistry.box import Box
from shared.chemistry.structure import read_structure

LYSOZYME = Path(__file__).parents[2] / "examples" / "t4l_l99a"
SEARCH = Search(seed=42, exhaustiveness=2, n_poses=9, energy_range=3.0, min_rmsd=1.0)
UNBOUND_PUT_RIGHT = (1, 2, 4)

with (LYSOZYME / "ligands.csv").open(newline="") as table:
    LIGANDS = {row["name"]: row["smiles"] for row in csv.DictReader(table)}


@pytest.fixture(scope="module")
def vina() -> str:
    program = shutil.which(os.environ.get("OMTX_VINA", "vina"))
    if program is None and os.environ.get("OMTX_REQUIRE_TOOLS") == "1":
        pytest.fail("the program vina is not installed, and OMTX_REQUIRE_TOOLS=1 asks for it")
    if program is None:
        pytest.skip("the program vina is not installed (Debian: apt-get install autodock-vina)")
    return program


@pytest.mark.parametrize("smiles", LIGANDS.values(), ids=LIGANDS.keys())
def test_our_affinity_is_that_of_the_command_line(vina: str, smiles: str, tmp_path: Path) -> None:
    ligand = prepare_ligand(smiles, seed=SEARCH.seed)
    ours = dock(receptor().pdbqt, ligand.pdbqt, box(), SEARCH).poses[0].affinity
    for name, content in command_line_files(receptor().pdbqt, ligand.pdbqt, box(), SEARCH).items():
        (tmp_path / name).write_text(content)
    subprocess.run([vina, "--config", "vina.txt"], cwd=tmp_path, check=True, capture_output=True, timeout=120)

    theirs = affinity((tmp_path / "poses.pdbqt").read_text(), version(vina))

    assert ours == pytest.approx(theirs, abs=0.01)


@cache
def receptor() -> Receptor:
    return prepare_receptor(read_structure((LYSOZYME / "receptor.pdb").read_bytes()))


def box() -> Box:
    given = json.loads((LYSOZYME / "box.json").read_text())
    return Box(center=given["center"], size=given["size"])


@cache
def version(vina: str) -> tuple[int, ...]:
    said = subprocess.run([vina, "--version"], check=True, capture_output=True, text=True, timeout=30).stdout
    found = re.search(r"v?(\d+)\.(\d+)\.(\d+)", said)
    assert found, f"{vina} --version says no version: {said!r}"
    return tuple(map(int, found.groups()))


def affinity(poses: str, by: tuple[int, ...]) -> float:
    """The best pose's affinity in kcal/mol, with the unbound energy put right where the version errs."""
    printed = remark(poses, "VINA RESULT")
    if by >= UNBOUND_PUT_RIGHT:
        return printed
    # printed = (inter + intra - unbound) / (1 + w * torsions). Since 1.2.4 the unbound energy is the
    # intramolecular energy of the best pose, which leaves inter / (1 + w * torsions).
    return printed * remark(poses, "INTER") / (remark(poses, "INTER + INTRA") - remark(poses, "UNBOUND"))


def remark(poses: str, name: str) -> float:
    found = re.search(rf"^REMARK {re.escape(name)}:\s+(\S+)", poses, re.MULTILINE)
    assert found, f"the poses have no REMARK {name}"
    return float(found[1])
