"""Chai-1's genuine output files, whole and broken, through all of the predictor but the program itself."""

import hashlib
import io
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import gemmi
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from rdkit import Chem
from rdkit.Chem import rdDistGeom

from modal_gpu.predictors.base import Prediction, PredictionFailed, Question
from modal_gpu.predictors.chai1.answering import answer
from modal_gpu.predictors.chai1.files import Layout, job
from modal_gpu.predictors.chai1.reader import Errors
from modal_gpu.predictors.folded.identity import SOUND, UNSOUND
from shared.catalogue.chai1_parameters import Chai1Parameters
from shared.catalogue.chai1_target import prepare
from shared.catalogue.entry import known
from shared.catalogue.preparing import Target
from shared.models.work import FailureClass

OUTPUTS = Path(__file__).with_name("outputs")
SEQUENCE, ASPIRIN = "MKTAYIAKQRQISFVKSHFS", "CC(=O)Oc1ccccc1C(=O)O"
CIF, SCORES = "pred.model_idx_{}.cif", "scores.model_idx_{}.npz"

Spoil = Callable[[Path], None]


def canonical(smiles: str) -> str:
    return str(Chem.MolToSmiles(Chem.MolFromSmiles(smiles)))


@dataclass
class Folding:
    """Plays the program: it writes the genuine files of a folder, then whatever ``spoil`` makes of them."""

    folder: str = "chai"
    spoil: Spoil = lambda output: None
    seen: list[tuple[str, int]] = field(default_factory=list)

    def __call__(self, layout: Layout, parameters: Chai1Parameters, seed: int) -> Errors:
        assert not layout.output.exists()
        self.seen.append((layout.fasta.read_text(), seed))
        shutil.copytree(OUTPUTS / self.folder, layout.output)
        self.spoil(layout.output)
        square = np.arange(parameters.num_samples * 33 * 33, dtype=np.float32)
        pairs = square.reshape(parameters.num_samples, 33, 33)
        return Errors(pairs, pairs + 1, pairs[:, 0])


def ask(
    smiles: str | None = ASPIRIN, *, samples: int = 2, sequence: str = SEQUENCE, **given: Any
) -> Question:
    target = Target("protein_ligand_binding", "p", sequence=sequence)
    found = prepare(Chai1Parameters.model_validate({"num_samples": samples, **given}), target)
    return Question(
        ligand_name="lig aspirin",
        smiles=smiles or "",
        seed=11,
        parameters=found.parameters.model_dump(mode="json"),
        inputs=found.inputs,
    )


def folded(question: Question | None = None, folding: Folding | None = None) -> Prediction:
    return answer(question or ask(), folding or Folding(), {"chai_lab": "0.6.1"})


def failure(question: Question | None = None, folding: Folding | None = None) -> tuple[FailureClass, str]:
    with pytest.raises(PredictionFailed) as caught:
        folded(question, folding)
    return caught.value.kind, str(caught.value)


def test_the_program_is_given_the_complex_with_the_ligand_last_and_the_ligands_own_seed() -> None:
    folding = Folding()
    folded(folding=folding)
    text = f">protein|name=target\n{SEQUENCE}\n>ligand|name=ligand\n{ASPIRIN}\n"
    assert folding.seen == [(text, 11)]


def test_figures_are_those_of_the_sample_with_the_best_score_and_of_no_other() -> None:
    prediction = folded()
    scores = [np.load(OUTPUTS / "chai" / SCORES.format(number)) for number in (0, 1)]
    chosen = int(np.argmax([it["aggregate_score"][0] for it in scores]))
    assert prediction.details["best_sample"] == chosen
    told = {key: scores[chosen][name][0] for key, name in (("ptm_score", "ptm"), ("iptm_score", "iptm"))}
    assert {key: prediction.metrics[key] for key in told} == pytest.approx(told, abs=1e-6)
    pairs = scores[chosen]["per_chain_pair_iptm"][0]
    assert prediction.metrics["ligand_iptm"] == pytest.approx(max(pairs[0, 1], pairs[1, 0]), abs=1e-6)
    assert prediction.metrics["has_inter_chain_clashes"] is False


def test_the_answer_has_every_figure_of_the_catalogue_and_no_affinity() -> None:
    prediction = folded()
    assert set(prediction.metrics) == set(known("chai1").metrics)
    assert "affinity" not in prediction.metrics
    assert set(prediction.files) | {"results.json", "logs.txt"} == set(known("chai1").files)


def test_the_scores_of_every_sample_are_kept() -> None:
    samples = json.loads(json.dumps(folded().details["samples"]))
    assert [it["sample"] for it in samples] == [0, 1]
    assert samples[0]["aggregate_score"] == pytest.approx(0.03097953, abs=1e-6)
    assert np.shape(samples[1]["pair_iptm"]) == (2, 2)


def test_the_structure_is_coloured_by_plddt_and_states_the_bonds_of_the_ligand() -> None:
    block = gemmi.cif.read_string(folded().files["structure.cif"].decode()).sole_block()
    atoms = [
        atom.b_iso for chain in gemmi.make_structure_from_block(block)[0] for res in chain for atom in res
    ]
    assert 20 < min(atoms) <= max(atoms) <= 100
    assert list(block.find_values("_ma_qa_metric.name")) == ["pLDDT"]
    assert len(block.find_values("_ma_qa_metric_local.metric_value")) == len(SEQUENCE)
    orders = list(block.find_values("_chem_comp_bond.value_order"))
    assert (len(orders), orders.count("DOUB")) == (13, 5)
    named = {gemmi.cif.as_string(it) for it in block.find_values("_chem_comp_bond.atom_id_1")}
    assert named <= set(block.find_values("_atom_site.label_atom_id"))


def test_the_posed_ligand_has_the_bonds_of_the_input_and_the_coordinates_of_the_structure() -> None:
    files = folded().files
    pose = Chem.MolFromMolBlock(files["ligand.sdf"].decode())
    assert Chem.MolToSmiles(pose) == canonical(ASPIRIN)
    structure = gemmi.make_structure_from_block(gemmi.cif.read_string(files["structure.cif"].decode())[0])
    posed = pose.GetConformer().GetPositions()
    assert np.allclose(posed, [atom.pos.tolist() for atom in structure[0]["B"][0]], atol=1e-3)


def test_predicted_errors_are_those_of_the_best_sample() -> None:
    prediction = folded()
    kept = np.load(io.BytesIO(prediction.files["pae.npz"]))
    first = int(str(prediction.details["best_sample"])) * 33 * 33
    assert (kept["pae"][0, 0], kept["pde"][0, 0], kept["plddt"].shape) == (first, first + 1, (33,))


def test_a_salt_is_folded_without_its_counter_ion_and_says_so() -> None:
    prediction = folded(ask(f"[Na+].{ASPIRIN}"))
    assert prediction.details["fragments_removed"] == ["[Na+]"]
    assert prediction.details["folded_smiles"] == canonical(ASPIRIN)


def test_the_residues_that_the_ligand_touches_are_named_with_their_distance() -> None:
    near = json.loads(json.dumps(folded().details["contacts"]))
    assert near
    assert all(it["chain"] == "A" and it["distance"] <= 5 for it in near)
    assert {it["name"] for it in near} <= {"MET", "LYS", "THR", "ALA", "TYR", "ILE", "GLN"} | {
        *("ARG", "SER", "PHE", "VAL", "HIS")
    }


def test_a_variant_takes_the_place_of_the_target() -> None:
    question = ask(None, samples=1, sequence="MKTAYIAKQR")
    variant = replace(question, smiles="", item={"sequence": SEQUENCE})
    assert folded(variant, Folding("chai_dropped_ligand")).metrics["plddt_score"] is not None
    assert "chain A is not the protein" in failure(question, Folding("chai_dropped_ligand"))[1]


def aligned(sequence: str) -> Question:
    """A question about the target with an alignment of it."""
    rows = {"sequence": [sequence, f"-{sequence[1:]}"], "source_database": ["query", "uniref90"]}
    written = io.BytesIO()
    pq.write_table(pa.table(rows), written)
    question = ask(None, samples=1, sequence=sequence, use_msa=True)
    return replace(question, inputs={**question.inputs, "msa_1.pqt": written.getvalue()})


def test_a_variant_has_the_alignment_of_its_target_with_itself_as_the_first_row(tmp_path: Path) -> None:
    target = f"A{SEQUENCE[1:]}"
    question = replace(aligned(target), item={"sequence": SEQUENCE})
    [(name, content)] = job(question.inputs, None, aligned=True, variant=SEQUENCE).alignments.items()
    assert name == f"{hashlib.sha256(SEQUENCE.encode()).hexdigest()}.aligned.pqt"
    assert pq.read_table(io.BytesIO(content)).to_pydict() == {
        "sequence": [SEQUENCE, f"-{SEQUENCE[1:]}"],
        "source_database": ["query", "uniref90"],
    }
    assert folded(question, Folding("chai_dropped_ligand")).details["notes"] == [
        "The alignment is the target's, with the variant's sequence as its first row."
    ]


def test_a_variant_that_the_alignment_does_not_serve_is_invalid() -> None:
    question = replace(aligned(SEQUENCE), item={"sequence": SEQUENCE[1:]})
    kind, message = failure(question)
    assert kind is FailureClass.INVALID_INPUT
    assert "19 residues" in message


def test_a_ligand_that_was_left_out_in_silence_is_found_missing() -> None:
    kind, message = failure(ask(samples=1), Folding("chai_dropped_ligand"))
    assert kind is FailureClass.MODEL_ERROR
    assert message == "model_substituted_record: the structure has 1 chains, 2 were asked for"


def test_a_structure_without_a_ligand_is_the_right_answer_where_none_was_asked_for() -> None:
    prediction = folded(ask(None, samples=1), Folding("chai_dropped_ligand"))
    assert {"ligand.sdf"} & set(prediction.files) == set()
    nothing = ("ligand_iptm", "ligand_plddt", "iptm_score", "heavy_atoms", "score_spread")
    assert [prediction.metrics[name] for name in nothing] == [None] * 5


@pytest.mark.parametrize("smiles", ["CC(=O)Oc1ccccc1C(N)=O", "CC(=O)Oc1ccccc1C(=O)OC", "CCO"])
def test_another_ligand_is_never_scored(smiles: str) -> None:
    kind, message = failure(ask(smiles))
    assert kind is FailureClass.MODEL_ERROR
    assert message.startswith("model_substituted_record: chain B has 13 atoms that are not those of")


def test_a_ligand_is_the_same_however_it_is_written() -> None:
    assert folded(ask("OC(=O)c1ccccc1OC(C)=O")).metrics == folded().metrics


def test_another_protein_is_never_scored() -> None:
    _, message = failure(ask(sequence="MKTAYIAKQRQISFVKSHFT"))
    assert message.startswith("model_substituted_record: chain A is not the protein target")


def test_two_ligands_are_never_scored() -> None:
    _, message = failure(ask(chains=[{"kind": "ligand", "sequence": ASPIRIN}]))
    assert message == "model_substituted_record: the structure has 2 chains, 3 were asked for"


def removed(name: str) -> Spoil:
    return lambda output: (output / name).unlink()


def changed(name: str, old: str, new: str) -> Spoil:
    def spoil(output: Path) -> None:
        text = (output / name).read_text()
        assert old in text
        (output / name).write_text(text.replace(old, new, 1))

    return spoil


def cut(name: str, share: float) -> Spoil:
    def spoil(output: Path) -> None:
        whole = (output / name).read_bytes()
        (output / name).write_bytes(whole[: int(len(whole) * share)])

    return spoil


def scores(number: int, **changes: Any) -> Spoil:
    def spoil(output: Path) -> None:
        path = output / SCORES.format(number)
        with np.load(path) as found:
            arrays = {name: found[name] for name in found.files} | changes
        np.savez(path, **{name: it for name, it in arrays.items() if it is not None})

    return spoil


BEST = 1 if np.load(OUTPUTS / "chai" / SCORES.format(1))["aggregate_score"] > 0.03097953 else 0
BROKEN: dict[str, tuple[Spoil, str]] = {
    "no structure": (removed(CIF.format(0)), "the model wrote no pred.model_idx_0.cif"),
    "no scores": (removed(SCORES.format(1)), "the model wrote no scores.model_idx_1.npz"),
    "empty scores": (cut(SCORES.format(0), 0), "the model wrote no scores.model_idx_0.npz"),
    "cut scores": (cut(SCORES.format(0), 0.5), "scores.model_idx_0.npz cannot be read"),
    "a score is no number": (scores(0, iptm=np.array([np.nan])), "iptm in scores.model_idx_0.npz is not a"),
    "infinite": (scores(1, aggregate_score=np.array([-np.inf])), "aggregate_score in scores.model_idx_1.npz"),
    "a score is missing": (scores(1, ptm=None), "scores.model_idx_1.npz has no ptm"),
    "two scores for one": (scores(0, ptm=np.array([0.1, 0.2])), "scores.model_idx_0.npz has no ptm"),
    "pairs are missing": (scores(0, per_chain_pair_iptm=None), "has no per_chain_pair_iptm"),
    "cut structure": (cut(CIF.format(BEST), 0.3), "the structure cannot be read"),
    "no structure at all": (cut(CIF.format(BEST), 0.002), "the structure"),
    "no quality": (
        changed(CIF.format(BEST), "1 pLDDT 'Predicted lddt'", "1 RMSD 'Guessed'"),
        "the structure is not one model with its pLDDT",
    ),
    "two models": (
        changed(CIF.format(BEST), "data_model", "data_model\n_a.b 1\ndata_second"),
        "cannot be read",
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_an_answer_that_is_not_whole_is_none(case: str) -> None:
    spoil, said = BROKEN[case]
    kind, message = failure(folding=Folding(spoil=spoil))
    assert kind is FailureClass.MODEL_ERROR
    assert said in message


def atom_changed(column: int, value: str) -> Spoil:
    """The first atom of the best structure, with another value in a column of its row."""

    def spoil(output: Path) -> None:
        lines = (output / CIF.format(BEST)).read_text().splitlines()
        at = next(number for number, line in enumerate(lines) if line.startswith("ATOM 1 "))
        parts = lines[at].split()
        parts[column] = value
        lines[at] = " ".join(parts)
        (output / CIF.format(BEST)).write_text("\n".join(lines) + "\n")

    return spoil


@pytest.mark.parametrize(
    ("column", "value"), [(10, "nan"), (10, "?"), (17, "nan"), (17, "100.5"), (17, "-1")]
)
def test_an_atom_without_a_place_or_a_plddt_spoils_the_answer(column: int, value: str) -> None:
    kind, _ = failure(folding=Folding(spoil=atom_changed(column, value)))
    assert kind is FailureClass.MODEL_ERROR


def test_of_two_samples_with_equal_scores_the_first_is_reported() -> None:
    same = np.array([0.5], dtype=np.float32)

    def spoil(output: Path) -> None:
        scores(0, aggregate_score=same)(output)
        scores(1, aggregate_score=same)(output)

    assert folded(folding=Folding(spoil=spoil)).details["best_sample"] == 0


@pytest.mark.parametrize("smiles", ["C1CC(C", "C1[C@H]2[C@@H]1C2"])
def test_a_ligand_that_the_program_would_leave_out_is_refused_before_it_runs(smiles: str) -> None:
    folding = Folding()
    kind, _ = failure(ask(smiles), folding)
    assert (kind, folding.seen) == (FailureClass.INVALID_INPUT, [])


def test_a_complex_that_is_too_large_with_its_ligand_is_refused_before_it_runs() -> None:
    folding = Folding()
    chains = [{"kind": "protein", "sequence": "M" * 2020}]
    kind, message = failure(ask(chains=chains), folding)
    assert (kind, folding.seen) == (FailureClass.INVALID_INPUT, [])
    assert message.startswith("2053 tokens")


@pytest.mark.parametrize("smiles", ["C[C@H](N)C(=O)OC/C=C/Cl", "CC(N)C(=O)OCC=CCl"])
def test_a_ligand_with_its_stereo_is_accepted_as_is_one_that_leaves_it_open(smiles: str) -> None:
    prediction = folded(ask(smiles, samples=1), Folding("chai_stereo"))
    assert prediction.details["folded_smiles"] == canonical(smiles)


@pytest.mark.parametrize("smiles", ["C[C@@H](N)C(=O)OC/C=C/Cl", "C[C@H](N)C(=O)OC/C=C\\Cl"])
def test_a_stereo_configuration_that_was_not_asked_for_is_never_scored(smiles: str) -> None:
    kind, message = failure(ask(smiles, samples=1), Folding("chai_stereo"))
    assert kind is FailureClass.MODEL_ERROR
    assert message.startswith("model_substituted_record: the ligand in the structure has another stereo")


META = "CC(=O)Oc1cccc(c1)C(=O)O"


def shaped(smiles: str) -> Spoil:
    """The atoms of the ligand where those of this molecule lie in a sensible shape."""

    def spoil(output: Path) -> None:
        molecule = Chem.AddHs(Chem.MolFromSmiles(smiles))
        assert rdDistGeom.EmbedMolecule(molecule, randomSeed=7) == 0
        places = iter(Chem.RemoveHs(molecule).GetConformer().GetPositions().tolist())
        document = gemmi.cif.read(str(output / CIF.format(BEST)))
        columns = ["label_asym_id", *(f"Cartn_{axis}" for axis in "xyz")]
        for row in document.sole_block().find("_atom_site.", columns):
            if row[0] == "B":
                row[1], row[2], row[3] = (f"{value:.3f}" for value in next(places))
        document.write_file(str(output / CIF.format(BEST)))

    return spoil


def test_an_isomer_whose_atoms_are_called_alike_is_found_by_its_bonds() -> None:
    assert folded(folding=Folding(spoil=shaped(ASPIRIN))).details["ligand_identity"] == SOUND
    kind, message = failure(folding=Folding(spoil=shaped(META)))
    assert kind is FailureClass.MODEL_ERROR
    assert message.startswith("model_substituted_record: the ligand in the structure has the bonds")


def test_distances_that_are_those_of_no_molecule_are_told() -> None:
    assert folded().details["ligand_identity"] == UNSOUND


def test_a_pocket_among_the_restraints_is_judged_and_the_pose_is_checked() -> None:
    restraints = [{"kind": "pocket", "a": "ligand", "b": "A:Y5", "max_distance": 8}]
    prediction = folded(ask(restraints=restraints))
    told = json.loads(json.dumps(prediction.details["pocket"]))
    assert told["residues"] == ["TYR A:5"]
    assert prediction.metrics["pocket"] == (
        "in" if float(str(prediction.metrics["pocket_distance"])) <= 5 else "out"
    )
    assert set(json.loads(json.dumps(prediction.details["pose_checks"]))) >= {"valences", "bond_lengths"}


def test_without_a_pocket_restraint_there_is_no_verdict() -> None:
    assert folded().metrics["pocket"] is None
