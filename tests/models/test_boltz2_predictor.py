"""The whole predictor, from a question to its answer, with the real package and random weights."""

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest

from modal_gpu.predictors.base import Prediction, PredictionFailed
from modal_gpu.predictors.boltz2.predictor import Boltz2Predictor
from modal_gpu.predictors.boltz2.runner import Warm
from shared.models.work import FailureClass
from tests.models import boltz_cache
from tests.unit.boltz2.replay import ASPIRIN, IBUPROFEN, SEQUENCE, question

QUICK = {
    "diffusion_samples": 2,
    "recycling_steps": 0,
    "sampling_steps": 10,
    "sampling_steps_affinity": 10,
    "diffusion_samples_affinity": 1,
}
ALIGNED = f"key,sequence\n-1,{SEQUENCE}\n-1,{SEQUENCE[:-1]}-\n".encode()
OTHER = b"key,sequence\n-1,MKTAYIAK\n"


@pytest.fixture(scope="module")
def predictor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Boltz2Predictor]:
    """A predictor on a processor."""
    program = Warm(boltz_cache.build(tmp_path_factory.mktemp("cache")), "cpu", kernels=False)
    yield Boltz2Predictor(program)
    program.close()


def answered(predictor: Boltz2Predictor, smiles: str, **parameters: object) -> Prediction:
    """The answer about a ligand."""
    files = parameters.pop("files", None)
    asked = question(smiles, files=files, **{**QUICK, **parameters})  # type: ignore[arg-type]
    return predictor.predict(replace(asked, seconds=600))


def test_a_screened_ligand_has_its_figures_its_structures_and_its_matrices(
    predictor: Boltz2Predictor,
) -> None:
    found = answered(predictor, ASPIRIN)
    for name in ("affinity", "affinity_prob", "ens_aff_1", "ens_prob_2", "confidence", "iptm_score"):
        assert isinstance(found.metrics[name], float), name
    assert found.metrics["protein_iptm"] is None  # there is one protein
    assert found.versions["boltz"] == "2.2.1"
    assert any(name.endswith(".cif") for name in found.files)
    assert json.dumps(found.details)


def test_answers_do_not_depend_on_what_was_asked_before(predictor: Boltz2Predictor) -> None:
    first = answered(predictor, IBUPROFEN)
    with pytest.raises(PredictionFailed) as caught:
        answered(predictor, "C1#CC1")
    assert caught.value.kind is FailureClass.INVALID_INPUT
    pocket = {"contacts": ["A:3", "A:7"], "max_distance": 6}
    # With more steps the program itself fails on a processor, where guidance meets numbers of half width.
    answered(predictor, ASPIRIN, use_potentials=True, sampling_steps=3, pocket=pocket)
    assert answered(predictor, IBUPROFEN) == first


def test_several_chains_a_cofactor_and_a_pocket_are_predicted_together(predictor: Boltz2Predictor) -> None:
    found = answered(
        predictor,
        ASPIRIN,
        target={"copies": 2},
        chains=[{"kind": "protein", "sequence": "GSHMKVLAA"}],
        cofactors=[{"ccd": "ATP"}],
        pocket={"contacts": ["A:3"], "max_distance": 6},
    )
    assert isinstance(found.metrics["protein_iptm"], float)
    assert isinstance(found.metrics["affinity"], float)


def test_an_alignment_is_used_and_one_of_another_protein_is_refused(predictor: Boltz2Predictor) -> None:
    found = answered(predictor, ASPIRIN, use_msa=True, files={"msa_1.csv": ALIGNED})
    assert found.metrics["confidence"] != answered(predictor, ASPIRIN).metrics["confidence"]
    with pytest.raises(PredictionFailed) as caught:
        answered(predictor, ASPIRIN, use_msa=True, files={"msa_1.csv": OTHER})
    assert caught.value.kind is FailureClass.INVALID_INPUT


def test_a_structure_without_a_ligand_has_no_figures_of_one(predictor: Boltz2Predictor) -> None:
    found = predictor.predict(question("", task="protein_structure", **QUICK))  # type: ignore[arg-type]
    assert found.metrics["affinity"] is None
    assert isinstance(found.metrics["plddt_score"], float)
