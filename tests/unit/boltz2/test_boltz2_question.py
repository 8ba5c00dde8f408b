"""What Boltz-2 is given for each kind of question, and how its input is written."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from modal_gpu.predictors.base import PredictionFailed, Question
from modal_gpu.predictors.boltz2.files import document, record_id, write
from modal_gpu.predictors.boltz2.predictor import Boltz2Predictor
from modal_gpu.predictors.boltz2.question import Asked, asked, parameters_of, sampling_of
from modal_gpu.predictors.boltz2.sampling import Sampling
from shared.catalogue.boltz2_input import Complex, Polymer
from shared.models.work import FailureClass
from tests.support.properties import examples
from tests.unit.boltz2.replay import ASPIRIN, SEQUENCE, Replay, question

ALIGNED = f"key,sequence\n-1,{SEQUENCE}\n-1,{SEQUENCE[:-1]}-\n".encode()


def wanted(question: Question) -> Asked:
    """What the question asks."""
    return asked(question, parameters_of(question))


def written(question: Question, folder: Path) -> dict[str, Any]:
    """The input, as the program reads it."""
    path = write(wanted(question), folder / "home")
    found: dict[str, Any] = yaml.safe_load(path.read_text())
    return found


def test_a_screen_asks_for_the_affinity_of_its_ligand(tmp_path: Path) -> None:
    assert written(question(), tmp_path) == {
        "version": 1,
        "sequences": [
            {"protein": {"id": ["A"], "sequence": SEQUENCE, "msa": "empty"}},
            {"ligand": {"id": "B", "smiles": ASPIRIN}},
        ],
        "properties": [{"affinity": {"binder": "B"}}],
    }


def test_a_structure_alone_has_neither_ligand_nor_affinity(tmp_path: Path) -> None:
    found = written(question("", task="protein_structure"), tmp_path)
    assert [next(iter(it)) for it in found["sequences"]] == ["protein"]
    assert "properties" not in found


def test_a_whole_complex_is_written_as_the_program_wants_it(tmp_path: Path) -> None:
    found = written(
        question(
            target={"copies": 2, "cyclic": True, "modifications": [{"position": 2, "ccd": "mly"}]},
            chains=[{"kind": "dna", "sequence": "acgt"}, {"kind": "protein", "sequence": "GGGG"}],
            cofactors=[{"ccd": "ATP"}, {"smiles": "O", "copies": 2}],
            pocket={"contacts": ["A:3", ["C", 2], ["E", "PG"]], "max_distance": 5, "force": True},
            constraints=[
                {"kind": "contact", "token1": "A:1", "token2": "D:2", "max_distance": 8},
                {"kind": "bond", "atom1": "A:20:OG", "atom2": ["E", 1, "PG"]},
            ],
        ),
        tmp_path,
    )
    assert found["sequences"] == [
        {
            "protein": {
                "id": ["A", "B"],
                "sequence": SEQUENCE,
                "msa": "empty",
                "modifications": [{"position": 2, "ccd": "MLY"}],
                "cyclic": True,
            }
        },
        {"dna": {"id": ["C"], "sequence": "ACGT"}},
        {"protein": {"id": ["D"], "sequence": "GGGG", "msa": "empty"}},
        {"ligand": {"id": ["E"], "ccd": "ATP"}},
        {"ligand": {"id": ["F", "G"], "smiles": "O"}},
        {"ligand": {"id": "H", "smiles": ASPIRIN}},
    ]
    assert found["constraints"] == [
        {
            "pocket": {
                "binder": "H",
                "contacts": [["A", 3], ["C", 2], ["E", "PG"]],
                "max_distance": 5.0,
                "force": True,
            }
        },
        {"contact": {"token1": ["A", 1], "token2": ["D", 2], "max_distance": 8.0, "force": False}},
        {"bond": {"atom1": ["A", 20, "OG"], "atom2": ["E", 1, "PG"]}},
    ]
    assert "properties" not in found, "DNA is there"


def test_alignments_and_templates_lie_beside_the_input_by_absolute_paths(tmp_path: Path) -> None:
    files = {"msa_1.csv": ALIGNED}
    found = written(question(use_msa=True, files=files), tmp_path)
    path = Path(found["sequences"][0]["protein"]["msa"])
    assert path.is_absolute()
    assert path.read_bytes() == ALIGNED
    assert sorted(it.name for it in (tmp_path / "home" / "inputs").iterdir()) == [
        f"{record_id(wanted(question(use_msa=True, files=files)))}.yaml"
    ]


def test_a_record_is_named_by_what_is_asked_and_not_by_where_it_lies(tmp_path: Path) -> None:
    one, same = wanted(question()), wanted(question())
    assert record_id(one) == record_id(same) == write(one, tmp_path / "a").stem
    others = [
        question("CCO"),
        question(affinity=False),
        question(pocket={"contacts": ["A:3"]}),
        question(use_msa=True, files={"msa_1.csv": ALIGNED}),
        question(use_msa=True, files={"msa_1.csv": ALIGNED + b"-1,AAAA\n"}),
    ]
    ids = {record_id(wanted(it)) for it in others} | {record_id(one)}
    assert len(ids) == 6
    assert all(it.isalnum() and it[0] == "r" for it in ids)


@examples(300)
@given(smiles=st.text(st.characters(max_codepoint=127), min_size=1, max_size=60))
def test_any_ascii_text_in_place_of_the_smiles_is_read_back_as_it_was_written(
    smiles: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    whole = Complex(polymers=(Polymer(kind="protein", ids=("A",), sequence=SEQUENCE),), ligand="B")
    it = Asked(whole, smiles, (), False, {})
    path = write(it, tmp_path_factory.mktemp("any") / "home")
    assert yaml.safe_load(path.read_text()) == document(it, path.parents[1] / "files")


@pytest.mark.parametrize(
    "smiles", ["NO", "[O-]C(=O)C", "C#N", "N", "on", "1", "C1CC1", "%", "C:C", "null", "O=C=O"]
)
def test_smiles_that_bare_yaml_would_make_something_else_of_stay_texts(smiles: str, tmp_path: Path) -> None:
    whole = Complex(polymers=(Polymer(kind="protein", ids=("A",), sequence=SEQUENCE),), ligand="B")
    path = write(Asked(whole, smiles, (), False, {}), tmp_path / "home")
    assert yaml.safe_load(path.read_text())["sequences"][1]["ligand"]["smiles"] == smiles


def test_a_salt_is_predicted_without_its_counter_ion_and_says_so() -> None:
    program = Replay()
    prediction = Boltz2Predictor(program).predict(question("[Na+].CC(=O)Oc1ccccc1C(=O)[O-]"))
    [given] = program.inputs
    assert given["sequences"][1] == {"ligand": {"id": "B", "smiles": "CC(=O)Oc1ccccc1C(=O)O"}}  # type: ignore[index]
    assert prediction.details["fragments_removed"] == ["[Na+]"]
    assert prediction.details["folded_smiles"] == "CC(=O)Oc1ccccc1C(=O)O"


def test_without_an_affinity_a_charge_stays_as_it_was_given() -> None:
    assert wanted(question("CC(=O)[O-].[Na+]", affinity=False)).ligand == "CC(=O)[O-]"


def test_the_sampling_is_that_of_the_parameters() -> None:
    program = Replay()
    settings: dict[str, Any] = {
        **{"recycling_steps": 5, "sampling_steps": 50, "max_parallel_samples": 2, "step_scale": 1.2},
        **{"sampling_steps_affinity": 60, "diffusion_samples_affinity": 3, "affinity_mw_correction": True},
        **{"use_potentials": True, "max_msa_seqs": 512, "subsample_msa": True, "num_subsampled_msa": 64},
        "method": "md",
    }
    Boltz2Predictor(program).predict(question(**settings))
    assert program.sampled == [Sampling(diffusion_samples=2, **settings)]


def test_the_defaults_of_the_form_are_those_of_the_program() -> None:
    assert sampling_of(parameters_of(question(diffusion_samples=1))) == Sampling()


def test_a_variant_takes_the_place_of_the_target_and_heads_its_alignment() -> None:
    variant = "A" + SEQUENCE[1:]
    it = wanted(
        question(
            "",
            task="variant_comparison",
            use_msa=True,
            item={"sequence": variant},
            files={"msa_1.csv": ALIGNED},
        )
    )
    assert it.complex.polymers[0].sequence == variant
    assert it.files["msa_1.csv"].decode().splitlines() == [
        "key,sequence",
        f"-1,{variant}",
        f"-1,{SEQUENCE[:-1]}-",
    ]
    assert "first row" in it.notes[0]


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        ("MKTAYIAK", "compare without an alignment"),
        ("MKT*YIAKQRQISFVKSHFS", "no residues"),
        ("", "no residues"),
    ],
)
def test_a_variant_that_cannot_be_predicted_is_refused(item: str, reason: str) -> None:
    asking = question(
        "", task="variant_comparison", use_msa=True, item={"sequence": item}, files={"msa_1.csv": ALIGNED}
    )
    with pytest.raises(PredictionFailed, match=reason) as caught:
        wanted(asking)
    assert caught.value.kind is FailureClass.INVALID_INPUT


def test_an_alignment_that_did_not_come_is_no_fault_of_the_ligand() -> None:
    with pytest.raises(PredictionFailed, match=r"lacks msa_1\.csv") as caught:
        wanted(question(use_msa=True))
    assert caught.value.kind is FailureClass.INFRASTRUCTURE


def test_a_cofactor_that_is_the_ligand_is_counted_beside_it() -> None:
    it = wanted(question(affinity=False, cofactors=[{"smiles": ASPIRIN}, {"ccd": "ZN"}]))
    assert it.chains == ("A", "B", "D", "C")
