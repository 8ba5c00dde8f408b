"""One ligand on several structures of its target."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import gemmi
import pytest

from modal_gpu.predictors.base import PredictionFailed, Question
from modal_gpu.predictors.vina import dock as docking
from modal_gpu.predictors.vina.maps import Grid, Maps
from modal_gpu.predictors.vina.predictor import VinaPredictor
from shared.chemistry.box import Box
from shared.chemistry.structure import read_structure

LYSOZYME = Path(__file__).parents[3] / "examples" / "t4l_l99a"
PDB = (LYSOZYME / "receptor.pdb").read_bytes()
TOLUENE = "Cc1ccccc1"
PREDICTOR = VinaPredictor()

Ask = Callable[..., Question]


def with_wall(residue: str) -> bytes:
    """Lysozyme with one residue of the pocket's wall cut back to alanine, without hydrogens."""
    structure = read_structure(PDB)
    wall = structure[0]["A"][residue][0]
    for index in reversed(range(len(wall))):
        if wall[index].name not in {"N", "CA", "C", "O", "CB"}:
            del wall[index]
    wall.name = "ALA"
    structure.remove_hydrogens()
    return structure.make_pdb_string(gemmi.PdbWriteOptions(minimal=True)).encode()


OPENED = with_wall("153")


@pytest.fixture
def ensemble(ask: Ask) -> Callable[..., Question]:
    def question(smiles: str, structures: list[bytes], **parameters: Any) -> Question:
        inputs = {"structure": structures[0]}
        inputs |= {f"structure_{number}": text for number, text in enumerate(structures[1:], start=2)}
        return replace(ask(smiles, **parameters), inputs=inputs, search_seed=11)

    return question


@pytest.fixture
def small_memory(monkeypatch: pytest.MonkeyPatch) -> Iterator[Maps]:
    """Room for one Vina object at a time."""
    docking.MAPS.clear()
    monkeypatch.setattr(docking, "MAPS", maps := Maps(most_mb=200))
    monkeypatch.setattr("modal_gpu.predictors.vina.ensemble.MAPS", maps)
    yield maps
    maps.clear()


def asked(question: Question) -> Any:
    """The answer, as whoever reads results.json finds it."""
    prediction = PREDICTOR.predict(question)
    told = {"metrics": dict(prediction.metrics), **prediction.details}
    return {**json.loads(json.dumps(told)), "files": prediction.files}


def test_the_structure_with_the_best_score_gives_affinity_pose_and_name(ensemble: Ask) -> None:
    names = ["closed", "open"]
    together = asked(ensemble(TOLUENE, [PDB, OPENED], receptors=names))
    alone = [asked(ensemble(TOLUENE, [one])) for one in (PDB, OPENED)]
    scores = [one["metrics"]["affinity"] for one in alone]
    best = scores.index(min(scores))

    assert together["metrics"]["affinity"] == min(scores)
    assert together["metrics"]["receptor"] == names[best]
    assert together["receptor"] == {"number": best + 1, "name": names[best]}
    assert [(item["name"], item["affinity"]) for item in together["by_receptor"]] == list(
        zip(names, scores, strict=True)
    )
    assert together["metrics"]["receptor_spread"] == pytest.approx(max(scores) - min(scores), abs=0.001)
    for field in ("poses", "interactions", "box", "protonation", "receptor_changes"):
        assert together[field] == alone[best][field]
    assert together["files"]["structure.cif"] == alone[best]["files"]["structure.cif"]


def test_with_one_structure_there_is_no_spread_and_a_plain_name(ensemble: Ask) -> None:
    answer = asked(ensemble(TOLUENE, [PDB]))

    assert (answer["metrics"]["receptor"], answer["metrics"]["receptor_spread"]) == ("structure", None)
    assert len(answer["by_receptor"]) == 1


def test_further_runs_are_done_on_the_structure_that_won(ensemble: Ask) -> None:
    docking.MAPS.clear()
    once, twice = (asked(ensemble(TOLUENE, [PDB, OPENED], runs=runs)) for runs in (1, 2))

    assert docking.MAPS.built == 3  # two structures, then the second run on one of them
    assert len(twice["runs"]) == 2
    assert {**twice["metrics"], "confidence": None} == once["metrics"]


def test_a_ligand_scores_the_same_whichever_maps_were_at_hand(ensemble: Ask, small_memory: Maps) -> None:
    fresh, neighbour, again = (asked(ensemble(it, [PDB, OPENED])) for it in (TOLUENE, "CCO", TOLUENE))

    assert again == fresh != neighbour
    assert small_memory.megabytes <= 200
    # The next ligand begins where the maps are at hand; in one fixed order it would have been six.
    assert small_memory.built == 4


def test_the_memory_of_an_object_follows_from_its_box() -> None:
    small, large = (Grid("", Box(center=(0, 0, 0), size=(size,) * 3), 1) for size in (20, 60))

    assert small.megabytes == pytest.approx(180, rel=0.05)
    assert large.megabytes == pytest.approx(880, rel=0.05)


def test_names_that_do_not_fit_the_structures_are_refused(ensemble: Ask) -> None:
    with pytest.raises(PredictionFailed, match="3 names for 2 structures"):
        PREDICTOR.predict(ensemble(TOLUENE, [PDB, OPENED], receptors=["a", "b", "c"]))
