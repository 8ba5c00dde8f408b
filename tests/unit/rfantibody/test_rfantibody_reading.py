"""
Reading the programs' files in the form that they have.

Heads, remarks and scores are in the form, and with the figures, of reference outputs in RFantibody's
repository (``test/rfdiffusion`` and ``test/rf2``, ``reference_outputs/H100_references``); that loops without
residues have nan was reported by its users. The atoms are made up.
"""

import math
from pathlib import Path

import pytest

from modal_gpu.predictors.rfantibody.complexes import to_mmcif
from modal_gpu.predictors.rfantibody.ranking import Design
from modal_gpu.predictors.rfantibody.reader import Entry, entry, read_folder, read_quiver
from shared.catalogue.rfantibody_chain import TargetMap, TargetResidue
from shared.chemistry.structure import read_structure

BACKBONES = """\
QV_TAG samples_design_0
QV_SCORE samples_design_0 mindist=7.16|averagemin=7.27
ATOM      1  N   GLN H   1       1.000   0.500   0.000  1.00  1.00
ATOM      2  CA  GLN H   1       2.000   1.000   0.000  1.00  1.00
ATOM      3  C   GLN H   1       3.000   1.500   0.000  1.00  1.00
ATOM      4  O   GLN H   1       4.000   2.000   0.000  1.00  1.00
ATOM      5  N   GLY H   2       5.000   2.500   0.000  1.00  0.00
ATOM      6  CA  GLY H   2       6.000   3.000   0.000  1.00  0.00
ATOM      7  C   GLY H   2       7.000   3.500   0.000  1.00  0.00
ATOM      8  O   GLY H   2       8.000   4.000   0.000  1.00  0.00
ATOM      9  N   SER T   3       9.000   4.500   0.000  1.00  1.00
ATOM     10  CA  SER T   3      10.000   5.000   0.000  1.00  1.00
ATOM     11  C   SER T   3      11.000   5.500   0.000  1.00  1.00
ATOM     12  O   SER T   3      12.000   6.000   0.000  1.00  1.00
TER
REMARK PDBinfo-LABEL:    2 H1
QV_TAG samples_design_1
ATOM      1  CA  GLN H   1      13.000   6.500   0.000  1.00  1.00
"""

SCORES = """\
TER
REMARK PDBinfo-LABEL:   25 H1
REMARK PDBinfo-LABEL:  216 L3
SCORE interaction_pae: 19.38
SCORE pae: 10.64
SCORE pred_lddt: 0.89
SCORE target_aligned_antibody_rmsd: 30.82
SCORE target_aligned_cdr_rmsd: 24.64
SCORE framework_aligned_antibody_rmsd: 1.25
SCORE framework_aligned_cdr_rmsd: 2.25
SCORE framework_aligned_H1_rmsd: 0.90
SCORE framework_aligned_H2_rmsd: 0.98
SCORE framework_aligned_H3_rmsd: 3.75
SCORE framework_aligned_L1_rmsd: 2.51
SCORE framework_aligned_L2_rmsd: 0.98
SCORE framework_aligned_L3_rmsd: nan
"""


def quiver(tmp_path: Path, text: str) -> list[Entry]:
    file = tmp_path / "some.qv"
    file.write_text(text)
    return read_quiver(file)


def test_a_quiver_file_gives_entries_with_scores_sequences_and_loops(tmp_path: Path) -> None:
    first, second = quiver(tmp_path, BACKBONES)
    assert (first.tag, dict(first.scores)) == ("samples_design_0", {"mindist": 7.16, "averagemin": 7.27})
    assert (first.antibody, first.target) == ("QG", "S")
    assert dict(first.loops) == {"H1": "G"}
    assert (second.tag, dict(second.scores)) == ("samples_design_1", {})
    assert "QV_" not in first.text


def test_the_scores_at_the_end_of_a_prediction_are_read_with_what_is_not_a_number() -> None:
    best = entry("ab_proteinmpnn_output_best", SCORES.splitlines())
    assert len(best.scores) == 13
    assert (best.scores["interaction_pae"], best.scores["pred_lddt"]) == (19.38, 0.89)
    assert math.isnan(best.scores["framework_aligned_L3_rmsd"])
    design = Design("design_0_seq_0", best, mindist=7.16)
    assert design.scores["framework_aligned_L3_rmsd"] is None
    assert not design.passes


@pytest.mark.parametrize(
    ("pae", "rmsd", "passes"), [(9.99, 1.99, True), (10.0, 1.0, False), (1.0, 2.0, False), (1.42, 1.42, True)]
)
def test_the_criteria_are_strict_bounds(pae: float, rmsd: float, passes: bool) -> None:
    best = entry("a", [f"SCORE interaction_pae: {pae}", f"SCORE target_aligned_antibody_rmsd: {rmsd}"])
    assert Design("a", best, mindist=5.0).passes is passes


@pytest.mark.parametrize("text", ["", "no quiver at all\n", "ATOM      1  CA  GLN H   1\n"])
def test_a_file_without_entries_has_none(tmp_path: Path, text: str) -> None:
    assert quiver(tmp_path, text) == []


def test_a_file_or_folder_that_is_not_there_has_no_entries(tmp_path: Path) -> None:
    assert read_quiver(tmp_path / "none.qv") == read_folder(tmp_path / "none") == []


def test_of_a_folder_the_best_predictions_are_read_in_the_order_of_their_names(tmp_path: Path) -> None:
    for name in ("b_best.pdb", "a_best.pdb", "a_cycle_3.pdb", "notes.txt"):
        (tmp_path / name).write_text(SCORES)
    assert [it.tag for it in read_folder(tmp_path)] == ["a_best", "b_best"]
    assert read_folder(tmp_path)[0].scores["pae"] == 10.64


def test_a_file_that_was_cut_off_gives_what_it_has(tmp_path: Path) -> None:
    for length in range(0, len(BACKBONES), 7):
        for found in quiver(tmp_path, BACKBONES[:length]):
            assert all(isinstance(value, float) for value in found.scores.values())
            assert set(found.sequences) <= {"H", "T"}


def test_a_score_that_is_no_number_is_not_one() -> None:
    assert math.isnan(entry("a", ["SCORE pae: very"]).scores["pae"])


def test_the_atom_names_of_rf2_are_understood_and_its_hydrogens_left_out_of_the_structure() -> None:
    names = (" N  ", " CA ", " C  ", " O  ", " CB ", " OG ", " H  ", " HG ", " HA ", "1HB ", "2HB ")
    lines = [
        f"ATOM  {place:5d} {name} SER {chain}{number:4d}    {place:8.3f}{0.0:8.3f}{0.0:8.3f}  1.00  0.00"
        for number, chain in ((1, "H"), (2, "T"))
        for place, name in enumerate(names, start=1)
    ]
    best = entry("a_best", [*lines, "TER", "REMARK PDBinfo-LABEL:    1 H1", "SCORE pae: 3.00"])
    numbers = TargetMap(chain="B", residues=(TargetResidue(label="77A", name="SER", number=77),))
    structure = read_structure(to_mmcif(Design("design_1_seq_1", best, mindist=5.0), numbers))
    assert [[atom.name for atom in chain[0]] for chain in structure[0]] == [
        ["N", "CA", "C", "O", "CB", "OG"],
        ["N", "CA", "C", "O", "CB", "OG"],
    ]
    assert [atom.element.name for atom in structure[0]["B"][0]] == ["N", "C", "C", "O", "C", "O"]
    assert str(structure[0]["B"][0].seqid) == "77A"
