"""In a pocket or not, and what is touched: distances that can be checked by hand."""

import time

import numpy as np
import pytest

from shared.chemistry.box import Box
from shared.chemistry.pocket import Residues, by_box, by_residues, contacts

LIGAND = np.array([[0.0, 0, 0], [1.5, 0, 0], [3.0, 0, 0]])
POCKET = Residues.of([("LEU A:99", [[0, 0, 6], [0, 0, 9]]), ("VAL A:87", [[3, 4, 0]])])


def test_a_ligand_is_in_the_pocket_if_an_atom_is_within_five_of_a_residue_that_was_asked_for() -> None:
    verdict = by_residues(LIGAND, POCKET)
    assert verdict is not None
    assert (verdict.word, verdict.shortest, verdict.nearest) == ("in", 4.0, "VAL A:87")
    assert verdict.centroid == pytest.approx(np.linalg.norm([-0.5, 4 / 3, 5]), abs=0.01)


@pytest.mark.parametrize(("away", "word"), [(0.99, "in"), (1.0, "in"), (1.01, "out")])
def test_the_threshold_is_five_angstrom_and_belongs_to_the_pocket(away: float, word: str) -> None:
    verdict = by_residues(LIGAND - [0, away, 0], POCKET)
    assert verdict is not None
    assert verdict.word == word


def test_a_pocket_of_residues_without_atoms_gives_no_verdict() -> None:
    assert by_residues(LIGAND, Residues.of([("GLY A:1", [])])) is None


@pytest.mark.parametrize(
    ("x", "word", "shortest"), [(0.0, "in", 0.0), (9.0, "out", 0.0), (20.0, "out", 10.0)]
)
def test_of_a_box_the_centroid_decides(x: float, word: str, shortest: float) -> None:
    box = Box(center=(1.5, 0, 0), size=(20, 20, 20))
    verdict = by_box(LIGAND + np.array([x + (x > 0) * 1.5, 0, 0]), box)
    assert (verdict.word, verdict.nearest) == (word, None)
    assert verdict.shortest == pytest.approx(shortest, abs=1.6)


def test_residues_within_four_angstrom_are_contacts_with_the_shortest_distance() -> None:
    near = Residues.of([("LEU A:99", [[0, 0, 4.01]]), ("VAL A:87", [[3, 4, 0], [3, 0, 3.5]])])
    assert [(it.residue, it.distance) for it in contacts(LIGAND, near)] == [("VAL A:87", 3.5)]


def test_a_verdict_on_a_large_protein_takes_milliseconds() -> None:
    rng = np.random.default_rng(1)
    protein = Residues.of((f"ALA A:{n}", rng.uniform(-60, 60, (8, 3)).tolist()) for n in range(2000))
    started = time.process_time()
    for _ in range(20):
        contacts(LIGAND, protein)
        by_residues(LIGAND, POCKET)
    assert (time.process_time() - started) / 20 < 0.01
