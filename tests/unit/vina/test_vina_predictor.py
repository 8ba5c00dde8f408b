import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import gemmi
import pytest
import rdkit
from rdkit import Chem

from modal_gpu.predictors.base import Prediction, PredictionFailed, Predictor, Question
from modal_gpu.predictors.vina.dock import MAPS
from modal_gpu.predictors.vina.predictor import VinaPredictor, run_seeds
from modal_gpu.predictors.vina.report import confidence, pose_gap
from shared.chemistry.verdicts import failed
from shared.models.work import FailureClass

LYSOZYME = Path(__file__).parents[3] / "examples" / "t4l_l99a"
PREDICTOR: Predictor = VinaPredictor()
TOLUENE = "Cc1ccccc1"

Ask = Callable[..., Question]


def canonical(smiles: str) -> str:
    return str(Chem.MolToSmiles(Chem.MolFromSmiles(smiles)))


def told(prediction: Prediction) -> Any:
    """The details, as whoever reads results.json finds them."""
    return json.loads(json.dumps(dict(prediction.details)))


def poses_of(sdf: bytes) -> list[Chem.Mol]:
    supplier = Chem.SDMolSupplier()
    supplier.SetData(sdf.decode(), removeHs=True)
    return list(supplier)


def test_a_ligand_gets_every_figure_of_the_catalogue(ask: Ask) -> None:
    prediction = PREDICTOR.predict(ask(TOLUENE, runs=2))

    assert set(prediction.metrics) == {
        "affinity",
        "confidence",
        "ligand_efficiency",
        "pose_gap",
        "receptor",
        "receptor_spread",
        "n_poses",
        "pose_valid",
        "checks_failed",
        "failed_checks",
        "interactions",
        "pocket",
        "pocket_distance",
        "pocket_centroid_distance",
        "contacts",
        "heavy_atoms",
        "formal_charge",
        "torsions",
        "exhaustiveness",
    }
    affinity = prediction.metrics["affinity"]
    assert isinstance(affinity, float)
    assert -7 < affinity < -5
    assert prediction.metrics["ligand_efficiency"] == pytest.approx(-affinity / 7, abs=1e-4)
    assert prediction.metrics["confidence"] in (0.5, 1.0)
    assert (prediction.metrics["heavy_atoms"], prediction.metrics["torsions"]) == (7, 0)
    assert prediction.metrics["pose_valid"] is True
    assert prediction.versions["vina"] == "1.2.7"
    json.dumps(dict(prediction.details))


def test_the_same_seed_gives_the_same_answer_and_another_seed_another_search(ask: Ask) -> None:
    first, again, other = (PREDICTOR.predict(ask("CCCCc1ccccc1", seed=seed)) for seed in (7, 7, 8))

    assert first == again
    assert first.files != other.files


def test_a_ligand_docks_the_same_alone_and_after_any_neighbours_on_the_same_maps(ask: Ask) -> None:
    question = replace(ask("CCCCc1ccccc1"), search_seed=11)
    after_others = [PREDICTOR.predict(replace(ask(other), search_seed=11)) for other in (TOLUENE, "CCO")]
    in_company = PREDICTOR.predict(question)
    MAPS.clear()
    alone = PREDICTOR.predict(question)

    assert len(after_others) == 2
    assert alone == in_company
    assert alone.details["runs"] == in_company.details["runs"]


def test_the_maps_of_a_screen_are_computed_once_for_all_its_ligands(ask: Ask) -> None:
    MAPS.clear()
    for smiles in (TOLUENE, "c1ccccc1", "CCc1ccccc1"):
        PREDICTOR.predict(replace(ask(smiles, runs=2), search_seed=11))

    assert MAPS.built == 2  # one per run, none per ligand


def test_the_same_ligand_written_differently_docks_the_same(ask: Ask) -> None:
    one, other = (PREDICTOR.predict(ask(smiles)) for smiles in ("CCc1ccccc1", "c1ccc(cc1)CC"))

    assert one.metrics == other.metrics


def test_further_runs_change_the_confidence_and_nothing_else(ask: Ask) -> None:
    once, thrice = (PREDICTOR.predict(ask(TOLUENE, runs=runs)) for runs in (1, 3))

    assert once.metrics["confidence"] is None
    assert {**thrice.metrics, "confidence": None} == dict(once.metrics)
    assert thrice.files == once.files


def test_pdb_and_mmcif_of_the_receptor_give_the_same_answer(ask: Ask) -> None:
    pdb, cif = (
        PREDICTOR.predict(ask(TOLUENE, structure=(LYSOZYME / f"receptor.{kind}").read_bytes()))
        for kind in ("pdb", "cif")
    )

    assert pdb.metrics == cif.metrics
    assert pdb.files["ligand.sdf"] == cif.files["ligand.sdf"]


def test_the_sdf_holds_all_poses_best_first_with_their_scores(ask: Ask) -> None:
    prediction = PREDICTOR.predict(ask("CCCCc1ccccc1", exhaustiveness=2))
    poses = poses_of(prediction.files["ligand.sdf"])

    assert len(poses) == prediction.metrics["n_poses"]
    assert [pose.GetIntProp("pose") for pose in poses] == list(range(1, len(poses) + 1))
    energies = [float(pose.GetProp("affinity_kcal_mol")) for pose in poses]
    assert energies == sorted(energies)
    assert energies[0] == prediction.metrics["affinity"]


def test_every_pose_says_its_rank_its_run_and_its_receptor(ask: Ask) -> None:
    prediction = PREDICTOR.predict(ask("CCCCc1ccccc1", runs=2, receptors=["apo"], n_poses=2, energy_range=9))
    poses = poses_of(prediction.files["ligand.sdf"])

    assert 1 <= len(poses) <= 2
    assert {(pose.GetProp("run"), pose.GetProp("receptor")) for pose in poses} == {("1", "apo")}
    listed = told(prediction)["poses"]
    assert [item["pose"] for item in listed] == list(range(1, len(poses) + 1))
    for pose, item in zip(poses, listed, strict=True):
        assert float(pose.GetProp("affinity_kcal_mol")) == item["affinity"]
        assert float(pose.GetProp("rmsd_lb_angstrom")) == pytest.approx(item["rmsd_lb"], abs=0.001)
        assert float(pose.GetProp("rmsd_ub_angstrom")) == pytest.approx(item["rmsd_ub"], abs=0.001)
        assert item["affinity"] - listed[0]["affinity"] <= 9


@pytest.mark.parametrize(("smiles", "searches"), [("Cc1ccccc1", 4), ("CCCc1ccccc1", 8)])
def test_automatic_effort_grows_with_the_torsions_and_the_result_says_by_which_rule(
    ask: Ask, smiles: str, searches: int
) -> None:
    by_rule, by_number = (PREDICTOR.predict(ask(smiles, exhaustiveness=it)) for it in ("auto", searches))

    assert by_rule.metrics["exhaustiveness"] == searches
    assert by_rule.metrics == by_number.metrics
    assert by_rule.details["exhaustiveness"] == {
        "value": searches,
        "rule": "auto: 4 + 2 × torsions, at most 32",
    }
    assert by_number.details["exhaustiveness"] == {"value": searches, "rule": "as given"}


def test_the_interactions_of_the_best_pose_are_listed_with_distances(ask: Ask) -> None:
    prediction = PREDICTOR.predict(ask("CCCCc1ccccc1", exhaustiveness=4))
    found = told(prediction)["interactions"]
    named = [f"{item['type']} {item['residue']}" for item in found]

    assert {"Hydrophobic LEU A:84", "Hydrophobic VAL A:111"} <= set(named)
    assert all(0 < item["distance"] < 7 for item in found)
    assert sorted(str(prediction.metrics["interactions"]).split("; ")) == sorted(named)


def test_each_failed_check_of_the_pose_is_named() -> None:
    assert failed({"volume": True, "clash": False, "energy": None, "bonds": False}) == ["clash", "bonds"]


def test_a_ligand_is_docked_in_the_state_that_was_asked_for(ask: Ask) -> None:
    given = PREDICTOR.predict(ask("NCc1ccccc1"))
    at_ph = PREDICTOR.predict(ask("NCc1ccccc1", protonation="ph", ph=7.4))

    assert (given.metrics["formal_charge"], at_ph.metrics["formal_charge"]) == (0, 1)
    assert at_ph.details["docked_smiles"] == "[NH3+]Cc1ccccc1"
    assert "ligand dominant at pH 7.4, site by site" in told(at_ph)["protonation"]
    assert at_ph.details["tautomer"] == "as given in the SMILES"
    (pose, *_) = poses_of(at_ph.files["ligand.sdf"])
    assert Chem.GetFormalCharge(pose) == 1


def test_the_complex_holds_the_protein_and_the_best_pose(ask: Ask) -> None:
    prediction = PREDICTOR.predict(ask(TOLUENE))
    block = gemmi.cif.read_string(prediction.files["structure.cif"].decode()).sole_block()
    model = gemmi.make_structure_from_block(block)[0]
    best = poses_of(prediction.files["ligand.sdf"])[0]
    (ligand,) = model["L"]

    assert [chain.name for chain in model] == ["A", "L"]
    assert len(model["A"].get_polymer()) == 162
    assert ligand.entity_type == gemmi.EntityType.NonPolymer
    assert len({atom.name for atom in ligand}) == len(ligand) == 15
    assert [residue.label_seq for residue in model["A"]] == list(range(1, 163))
    heavy = [atom.pos.tolist() for atom in ligand if not atom.is_hydrogen()]
    assert heavy == [pytest.approx(list(point), abs=0.001) for point in best.GetConformer().GetPositions()]
    assert len(block.find(["_chem_comp_bond.value_order"])) == 15


@pytest.mark.parametrize(
    "smiles",
    [
        "C[C@H]([NH3+])C(=O)[O-]",
        "C[C@@H]([NH3+])C(=O)[O-]",
        "C/C=C/c1ccccc1",
        "C/C=C\\c1ccccc1",
        "C[C@H]1CC[C@@H](O)CC1",
    ],
)
def test_charges_and_stereo_of_the_input_are_those_of_the_pose(ask: Ask, smiles: str) -> None:
    prediction = PREDICTOR.predict(ask(smiles))
    pose = poses_of(prediction.files["ligand.sdf"])[0]
    Chem.AssignStereochemistryFrom3D(pose)

    assert Chem.MolToSmiles(pose) == canonical(smiles)
    assert prediction.details["docked_smiles"] == canonical(smiles)


def test_of_a_salt_the_largest_fragment_is_docked_and_the_rest_is_named(ask: Ask) -> None:
    salt, base = (PREDICTOR.predict(ask(smiles)) for smiles in ("Cl.NCc1ccccc1", "NCc1ccccc1"))

    assert salt.details["fragments_removed"] == ["Cl"]
    assert salt.metrics == base.metrics


def test_the_protonation_that_was_used_is_stated(ask: Ask) -> None:
    prediction = PREDICTOR.predict(ask("C[NH3+]"))

    assert prediction.details["protonation"] == (
        "ligand as given in the SMILES (formal charge +1); receptor hydrogens as in the input;"
        " histidines: A:31 HIP"
    )


@pytest.mark.parametrize(
    ("smiles", "parameters", "reason"),
    [
        ("C1CC", {}, "Not a valid SMILES"),
        ("C[C@]12C[C@@]1(C)C2", {}, "No 3D shape"),
        ("OB(O)c1ccccc1", {}, "Vina has no parameters for atoms of type B"),
        (TOLUENE, {"structure": b"HEADER only"}, "neither PDB nor mmCIF"),
        (TOLUENE, {"box": {"center": [99, 99, 99], "size": [20, 20, 20]}}, "does not touch the protein"),
        (TOLUENE, {"box_from_residues": ["B:1"]}, "there is no chain B"),
        (TOLUENE, {"exhaustiveness": 0}, "exhaustiveness"),
        (TOLUENE, {"seed": 0}, "seed"),
    ],
)
def test_what_cannot_be_docked_is_refused_with_the_reason(
    ask: Ask, smiles: str, parameters: dict[str, object], reason: str
) -> None:
    with pytest.raises(PredictionFailed, match=reason) as failure:
        PREDICTOR.predict(ask(smiles, **parameters))
    assert failure.value.kind is FailureClass.INVALID_INPUT


def test_docking_prints_what_vina_says_and_nothing_else(
    ask: Ask, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # PoseBusters points RDKit's log at the current stderr, and this one is closed after the test.
    monkeypatch.setattr(rdkit.log_handler, "stream", sys.stderr)

    PREDICTOR.predict(ask(TOLUENE))

    printed = capfd.readouterr()
    assert "Performing docking (random seed: 7)" in printed.out
    assert "mode |   affinity" in printed.out
    assert printed.err == ""


def test_the_first_run_has_the_ligands_own_seed_and_the_others_differ() -> None:
    seeds = run_seeds(2**31 - 1, 10)

    assert seeds[0] == 2**31 - 1
    assert len(set(seeds)) == 10
    assert all(1 <= seed < 2**31 for seed in seeds)
    assert run_seeds(2**31 - 1, 3) == seeds[:3]


def test_confidence_is_the_share_of_runs_that_end_at_the_reported_pose() -> None:
    assert confidence([0.0]) is None
    assert confidence([0.0, 2.0, 2.1]) == pytest.approx(2 / 3, abs=1e-4)
    assert confidence([0.0, 5.0]) == 0.5


def test_the_gap_is_to_the_best_pose_of_another_binding_mode() -> None:
    assert pose_gap([-7.0, -6.9, -6.0, -5.0], [0.0, 1.5, 3.0, 8.0]) == 1.0
    assert pose_gap([-7.0, -6.9], [0.0, 1.5]) is None


def test_a_pose_is_judged_by_the_residues_of_its_box_and_by_the_box_itself(ask: Ask) -> None:
    around = PREDICTOR.predict(ask(TOLUENE, box_from_residues=["A:99", "A:102"]))
    boxed = PREDICTOR.predict(ask(TOLUENE))

    assert told(around)["pocket"]["residues"] == ["A:99", "A:102"]
    assert around.metrics["pocket"] == ("in" if float(str(around.metrics["pocket_distance"])) <= 5 else "out")
    assert (boxed.metrics["pocket"], boxed.metrics["pocket_distance"]) == ("in", 0.0)
    assert "A:99" in str(boxed.metrics["contacts"])
    assert "author" in told(boxed)["pocket"]["numbering"]
