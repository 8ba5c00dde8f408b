"""What is read from what Boltz-2 wrote: exact figures from genuine files, a reason from damaged ones."""

import io
import json
import math
import shutil
import zipfile
from pathlib import Path

import gemmi
import numpy as np
import pytest
from rdkit import Chem

from modal_gpu.predictors.base import Prediction, PredictionFailed, Question
from modal_gpu.predictors.boltz2.predictor import Boltz2Predictor
from shared.catalogue.entry import known
from shared.models.work import FailureClass
from tests.unit.boltz2.replay import ASPIRIN, IBUPROFEN, OUTPUTS, Replay, Spoil, canonical, question


def predicted(asked: Question | None = None, program: Replay | None = None) -> Prediction:
    """The answer to the usual question."""
    return Boltz2Predictor(program or Replay()).predict(asked or question())


def failure(asked: Question | None = None, program: Replay | None = None) -> tuple[FailureClass, str]:
    """Why there is no answer."""
    with pytest.raises(PredictionFailed) as caught:
        predicted(asked, program)
    return caught.value.kind, str(caught.value)


def test_the_figures_are_those_of_the_most_confident_sample() -> None:
    metrics = predicted().metrics
    assert metrics["affinity"] == metrics["ens_affinity"] == 0.7734375
    assert metrics["affinity_prob"] == metrics["ens_prob"] == 0.59375
    assert (metrics["ens_aff_1"], metrics["ens_aff_2"]) == (1.703125, -0.1552734375)
    assert (metrics["ens_prob_1"], metrics["ens_prob_2"]) == (0.99609375, 0.1923828125)
    assert metrics["confidence"] == 0.4949089586734772
    assert (metrics["ptm_score"], metrics["iptm_score"]) == (0.09084884822368622, 0.11035945266485214)
    assert metrics["ligand_iptm"] == 0.11035945266485214
    assert metrics["complex_plddt"] == metrics["plddt_score"] == 0.5910463333129883
    assert metrics["complex_iplddt"] == 0.585713267326355
    assert (metrics["complex_pde"], metrics["complex_ipde"]) == (17.49481773376465, 18.227144241333008)


def test_every_figure_is_explained_in_the_catalogue_and_none_is_missing() -> None:
    assert set(predicted().metrics) == set(known("boltz2").metrics)


def test_an_interface_that_a_complex_does_not_have_is_null_and_not_zero() -> None:
    prediction = predicted()
    assert json.loads(prediction.files["confidence.json"])["protein_iptm"] == 0.0
    assert prediction.metrics["protein_iptm"] is None


def test_chains_are_called_by_their_names() -> None:
    details = predicted().details
    assert details["chains_ptm"] == {"A": 0.0781669169664383, "B": 0.0561031736433506}
    pairs = details["pair_chains_iptm"]
    assert isinstance(pairs, dict)
    assert (pairs["A"], pairs["B"]) == (
        {"A": 0.0781669169664383, "B": 0.10837321728467941},
        {"A": 0.11035945266485214, "B": 0.0561031736433506},
    )


def test_the_files_are_those_that_the_catalogue_lists() -> None:
    prediction = predicted()
    listed = set(known("boltz2").files) - {"results.json", "logs.txt"}
    assert set(prediction.files) == listed
    original = OUTPUTS / "aspirin"
    assert prediction.files["pae.npz"] == (original / "pae_lig-aspirin_model_0.npz").read_bytes()
    assert prediction.files["affinity.json"] == (original / "affinity_lig-aspirin.json").read_bytes()


def test_further_samples_are_kept_in_an_archive_that_is_the_same_each_time() -> None:
    first, again = (predicted().files["samples.zip"] for _ in range(2))
    assert first == again
    with zipfile.ZipFile(io.BytesIO(first)) as archive:
        assert archive.namelist() == ["sample_2.cif", "sample_2_confidence.json"]
        figures = json.loads(archive.read("sample_2_confidence.json"))
    assert figures["confidence_score"] == 0.4942771792411804


def test_the_pose_has_the_bond_orders_of_the_input_and_the_coordinates_of_the_structure() -> None:
    files = predicted().files
    pose = next(iter(Chem.ForwardSDMolSupplier(io.BytesIO(files["ligand.sdf"]))))
    assert Chem.MolToSmiles(pose) == canonical(ASPIRIN)
    assert pose.GetProp("_Name") == "a ligand"
    assert json.loads(pose.GetProp("affinity")) == 0.7734375
    model = gemmi.make_structure_from_block(gemmi.cif.read_string(files["structure.cif"].decode())[0])[0]
    atoms = [atom.pos.tolist() for atom in model["B"][0]]
    assert sorted(map(tuple, np.round(atoms, 2))) == sorted(
        map(tuple, np.round(pose.GetConformer().GetPositions(), 2))
    )


def test_viewers_find_the_plddt_of_each_residue_between_0_and_100() -> None:
    block = gemmi.cif.read_string(predicted().files["structure.cif"].decode()).sole_block()
    values = [float(value) for value in block.find_values("_ma_qa_metric_local.metric_value")]
    assert len(values) == 21
    assert all(0 <= value <= 100 for value in values)
    assert max(values) > 1
    assert list(block.find_values("_ma_qa_metric.name")) == ["pLDDT"]
    orders = list(block.find_values("_chem_comp_bond.value_order"))
    assert (len(orders), orders.count("DOUB")) == (13, 5)


def test_residues_near_the_ligand_are_told_with_their_distance() -> None:
    contacts = predicted().details["contacts"]
    assert isinstance(contacts, list)
    assert contacts[0] == {"chain": "A", "residue": 5, "name": "TYR", "distance": 4.41}
    assert all(isinstance(it, dict) and float(str(it["distance"])) <= 5 for it in contacts)


def test_a_plddt_that_the_file_does_not_tell_is_added_from_its_atoms() -> None:
    def without_quality(folder: Path, name: str) -> None:
        path = folder / f"{name}_model_0.cif"
        text = path.read_text()
        start, end = text.index("loop_\n_ma_qa_metric.id"), text.rindex("#")
        path.write_text(text[:start] + text[end:])

    told = predicted(program=Replay(spoil=without_quality)).files["structure.cif"].decode()
    block = gemmi.cif.read_string(told).sole_block()
    usual = gemmi.cif.read_string(predicted().files["structure.cif"].decode()).sole_block()
    found, genuine = (
        [float(value) for value in it.find_values("_ma_qa_metric_local.metric_value")]
        for it in (block, usual)
    )
    assert np.allclose(found, genuine, atol=0.05)


def changed(file: str, change: str, to: str) -> Spoil:
    """A text in a file replaced; ``*`` in the file's name is the record's."""

    def spoil(folder: Path, name: str) -> None:
        path = folder / file.replace("*", name)
        text = path.read_text()
        assert change in text
        path.write_text(text.replace(change, to, 1))

    return spoil


def cut(file: str) -> Spoil:
    """Only the first half of a file."""

    def spoil(folder: Path, name: str) -> None:
        path = folder / file.replace("*", name)
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])

    return spoil


def removed(file: str) -> Spoil:
    """A file that was not written."""
    return lambda folder, name: (folder / file.replace("*", name)).unlink()


def two_models(folder: Path, name: str) -> None:
    """The atoms a second time, as model 2."""
    path = folder / f"{name}_model_0.cif"
    lines = path.read_text().splitlines()
    atoms = [line for line in lines if line.startswith(("ATOM", "HETATM"))]
    last = lines.index(atoms[-1])
    path.write_text("\n".join(lines[: last + 1] + [f"{it[:-1]}2" for it in atoms] + lines[last + 1 :]))


def nothing(folder: Path, name: str) -> None:
    """The program ended well and left nothing."""
    shutil.rmtree(folder)


def not_finite(folder: Path, name: str) -> None:
    """A table of errors in which one is no number."""
    np.savez_compressed(folder / f"pae_{name}_model_0.npz", pae=np.full((33, 33), math.nan))


DAMAGED: dict[str, tuple[Spoil, str]] = {
    "no structure": (removed("*_model_0.cif"), "left no"),
    "no confidence": (removed("confidence_*_model_1.json"), "left no"),
    "no affinity": (removed("affinity_*.json"), "left no"),
    "no pae": (removed("pae_*_model_0.npz"), "left no"),
    "no prediction at all": (nothing, "wrote no prediction"),
    "truncated confidence": (cut("confidence_*_model_0.json"), "no JSON"),
    "truncated affinity": (cut("affinity_*.json"), "no JSON"),
    "truncated structure": (cut("*_model_0.cif"), "structure"),
    "truncated table": (cut("pde_*_model_0.npz"), "pde file cannot be read"),
    "NaN": (changed("confidence_*_model_0.json", "0.4949089586734772", "NaN"), "confidence_score is nan"),
    "infinite": (changed("affinity_*.json", "0.7734375", "Infinity"), "affinity_pred_value is inf"),
    "no probability": (changed("affinity_*.json", "0.59375", "1.5"), "outside 0 to 1"),
    "a key less": (changed("confidence_*_model_0.json", '"ptm"', '"pt"'), "ptm is None"),
    "text for a figure": (changed("affinity_*.json", "0.59375", '"high"'), "'high', which is no figure"),
    "NaN in a table": (not_finite, "holds no table of figures"),
    "two models": (two_models, "has 2 models"),
    "pLDDT of another scale": (changed("*_model_0.cif", " 56.71", " 156.71"), "not between 0 and 100"),
    "chains less": (changed("confidence_*_model_0.json", '"1": 0.0561031736433506', '"2": 0.05'), "chains"),
    "a sample more": (
        lambda folder, name: shutil.copy(folder / f"{name}_model_0.cif", folder / f"{name}_model_2.cif"),
        "more structures were written",
    ),
}


@pytest.mark.parametrize(("spoil", "reason"), DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_answer_is_a_failure_that_says_what_is_wrong(spoil: Spoil, reason: str) -> None:
    kind, message = failure(program=Replay(spoil=spoil))
    assert kind is FailureClass.MODEL_ERROR
    assert reason in message
    assert "model_substituted_record" not in message


def without_ligand(folder: Path, name: str) -> None:
    """The ligand is not in the structure."""
    path = folder / f"{name}_model_0.cif"
    kept = [line for line in path.read_text().splitlines() if not line.startswith("HETATM")]
    path.write_text("\n".join(kept) + "\n")


def another_record(folder: Path, name: str) -> None:
    """An answer that an earlier run left behind."""
    shutil.copytree(folder, folder.with_name("lig-before"))


def another_residue(folder: Path, name: str) -> None:
    """The second residue is an arginine."""
    path = folder / f"{name}_model_0.cif"
    lines = path.read_text().splitlines()
    path.write_text("\n".join(it.replace("LYS", "ARG") if ". LYS 2 2 " in it else it for it in lines) + "\n")


OTHERS: dict[str, tuple[Question, Replay, str]] = {
    "another ligand": (question(IBUPROFEN), Replay(), "13 heavy atoms"),
    "another ligand in its place": (question(), Replay("ibuprofen"), "15 heavy atoms"),
    "an isomer": (question("COC(=O)c1ccccc1C(=O)O"), Replay(), "not those of"),
    "an isomer of the same elements": (question("CC(=O)Oc1cccc(c1)C(=O)O"), Replay(), "not those of"),
    "no ligand": (question(), Replay(spoil=without_ligand), "asked was A, B"),
    "an earlier answer": (question(), Replay(spoil=another_record), "lig-before"),
    "a ligand nobody asked for": (question("", task="protein_structure"), Replay(), "asked was A"),
    "another protein": (
        question(),
        Replay(spoil=another_residue),
        "residue 2 of chain A",
    ),
    "a chain too few": (
        question(chains=[{"kind": "protein", "sequence": "GGGGGGGGGGGG"}]),
        Replay(),
        "chains",
    ),
}


@pytest.mark.parametrize(("asked", "program", "reason"), OTHERS.values(), ids=OTHERS)
def test_an_answer_about_something_else_is_never_a_score(
    asked: Question, program: Replay, reason: str
) -> None:
    kind, message = failure(asked, program)
    assert kind is FailureClass.MODEL_ERROR
    assert reason in message


def test_the_pocket_that_was_asked_for_is_judged_by_its_residues_in_the_numbering_of_the_sequence() -> None:
    asked = predicted(question(pocket={"contacts": ["A:5"], "max_distance": 6}))
    told = json.loads(json.dumps(asked.details["pocket"]))
    assert (asked.metrics["pocket"], asked.metrics["pocket_distance"]) == ("in", 4.41)
    assert (told["residues"], told["nearest"]) == (["TYR A:5"], "TYR A:5")
    assert "count from 1" in told["numbering"]


def test_without_a_pocket_there_is_no_verdict_and_the_pose_is_checked_all_the_same() -> None:
    prediction = predicted()
    assert (prediction.metrics["pocket"], prediction.metrics["pocket_distance"]) == (None, None)
    checks = json.loads(json.dumps(prediction.details["pose_checks"]))
    assert checks["molecular_bonds"] == checks["stereochemistry"] is True or checks["stereochemistry"] is None
    assert prediction.metrics["checks_failed"] == sum(it is False for it in checks.values())
