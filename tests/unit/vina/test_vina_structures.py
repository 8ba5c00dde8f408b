"""Several structures of one target: their boxes, their frames, their names."""

from pathlib import Path
from typing import Any

import gemmi
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modal_gpu.predictors.vina.ensemble import spread, strongest
from shared.catalogue.preparing import Target
from shared.catalogue.vina_parameters import VinaParameters
from shared.catalogue.vina_target import prepare
from shared.chemistry.box import Box
from shared.chemistry.frame import overlap
from shared.chemistry.structure import read_structure
from shared.domain.naming import structure_keys
from shared.errors import InvalidInput
from tests.support.properties import examples

LYSOZYME = Path(__file__).parents[3] / "examples" / "t4l_l99a"
PDB = (LYSOZYME / "receptor.pdb").read_bytes()
BOX = {"center": [-8.12, 6.98, -0.83], "size": [20.0, 20.0, 20.0]}
POCKET = ["A:87", "A:99", "A:102", "A:111", "A:118", "A:153"]


def moved(by: float, *, content: bytes = PDB) -> bytes:
    """The structure, shifted along x by so many Å."""
    structure = read_structure(content)
    for site in structure[0].all():
        site.atom.pos = gemmi.Position(site.atom.pos.x + by, site.atom.pos.y, site.atom.pos.z)
    return structure.make_pdb_string(gemmi.PdbWriteOptions(minimal=True)).encode()


def settle(contents: list[bytes], names: list[str], **parameters: Any) -> tuple[VinaParameters, Any]:
    keys = structure_keys(len(contents))
    given = VinaParameters.model_validate(parameters)
    target = Target(
        task_type="batch_protein_ligand_screening",
        protein_name="T4 lysozyme",
        structures=dict(zip(keys, contents, strict=True)),
        names=dict(zip(keys, names, strict=False)),
    )
    prepared = prepare(given, target)
    assert isinstance(prepared.parameters, VinaParameters)
    return prepared.parameters, prepared.notes


def test_a_box_around_residues_is_made_in_the_frame_of_each_structure() -> None:
    settled, notes = settle([PDB, moved(40)], ["apo", "holo"], box_from_residues=POCKET)

    assert settled.box is None
    assert settled.boxes is not None
    apo, holo = settled.boxes
    assert holo.center[0] - apo.center[0] == pytest.approx(40, abs=0.01)
    assert settled.receptors == ("apo", "holo")
    assert notes["box"].startswith("around the residues A:87")
    assert "2 structures, the best score counts" in notes["receptors"]


def test_one_box_serves_superposed_structures_and_the_notes_say_how_close_they_are() -> None:
    settled, notes = settle([PDB, moved(0.5)], ["apo", "holo"], box=BOX)

    assert (settled.box, settled.boxes) == (Box.model_validate(BOX), None)
    assert "to apo, as they lie: holo 0.5 Å" in notes["receptors"]


def test_settled_parameters_settle_to_themselves() -> None:
    for parameters in ({"box": BOX}, {"box_from_residues": POCKET}, {"boxes": [BOX, BOX]}):
        once, _ = settle([PDB, moved(2)], ["apo", "holo"], **parameters)
        twice, _ = settle([PDB, moved(2)], ["apo", "holo"], **once.model_dump(exclude_none=True))
        assert once == twice


@pytest.mark.parametrize(
    ("contents", "names", "parameters", "path", "reason"),
    [
        ([PDB, moved(12)], ["a", "b"], {"box": BOX}, "parameters.box", "b is not superposed on the first"),
        ([PDB, moved(90)], ["a", "b"], {"box": BOX}, "parameters.box", "b: The box does not touch"),
        ([PDB, PDB], ["a", "b"], {"boxes": [BOX]}, "parameters.boxes", "1 boxes and 2 structures"),
        ([PDB, PDB], ["a", "b"], {"boxes": [BOX] * 3}, "parameters.boxes", "3 boxes and 2 structures"),
        (
            [PDB, PDB.replace(b" A ", b" B ")],
            ["a", "b"],
            {"box_from_residues": POCKET},
            "parameters.box_from_residues",
            "Structure b: Residue A:87: there is no chain A",
        ),
        ([PDB, b"junk"], ["a", "b"], {"box": BOX}, "protein_structures.1.content", "neither PDB nor mmCIF"),
        ([b"junk"], ["a"], {"box": BOX}, "protein_structures.0.content", "neither PDB nor mmCIF"),
        ([b"junk"], [], {"box": BOX}, "protein_structure", "neither PDB nor mmCIF"),
        ([PDB], [], {"box": BOX, "receptors": ["a", "b"]}, "parameters.receptors", "give 1 different names"),
    ],
)
def test_structures_that_do_not_fit_are_refused_under_their_field(
    contents: list[bytes], names: list[str], parameters: dict[str, Any], path: str, reason: str
) -> None:
    with pytest.raises(InvalidInput, match=reason) as refusal:
        settle(contents, names, **parameters)

    assert [error.path for error in refusal.value.errors] == [path]


def test_structures_that_number_their_residues_differently_are_not_compared() -> None:
    other = read_structure(PDB)
    for residue in other[0]["A"]:
        residue.seqid.num = (residue.seqid.num or 0) + 1000
    found = overlap(read_structure(PDB), other, Box.model_validate(BOX))

    assert (found.residues, found.rmsd) == (0, None)
    assert "not comparable" in str(found)


@given(by=st.floats(0, 9))
@examples(20)
def test_the_distance_of_two_frames_is_measured_without_fitting(by: float) -> None:
    found = overlap(read_structure(PDB), read_structure(moved(by)), Box.model_validate(BOX))

    assert found.rmsd == pytest.approx(by, abs=0.002)


@given(affinities=st.lists(st.floats(-20, 20), min_size=1, max_size=8))
def test_the_lowest_score_wins_and_the_first_of_equal_ones(affinities: list[float]) -> None:
    best = strongest(affinities)

    assert affinities[best] == min(affinities)
    assert affinities.index(min(affinities)) == best
    assert spread(affinities) == (
        None if len(affinities) == 1 else pytest.approx(max(affinities) - min(affinities), abs=0.001)
    )


@given(count=st.integers(0, 20))
def test_the_keys_of_structures_are_as_many_and_all_different(count: int) -> None:
    keys = structure_keys(count)

    assert len(set(keys)) == len(keys) == count
    assert keys[:1] == ["structure"][:count]
