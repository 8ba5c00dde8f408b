"""
The real Chai-1 on a processor, with stand-ins for what it has learnt: ``make test-models``.

Its numbers mean nothing here. That the warm program answers as its command line does, and what it does
with what it cannot fold, does not depend on them.
"""

import hashlib
import io
import logging
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from modal_gpu.predictors.base import Prediction, PredictionFailed, Question
from modal_gpu.predictors.chai1.files import Layout, job, write
from modal_gpu.predictors.chai1.ligand import read_ligand
from modal_gpu.predictors.chai1.structure import read_structure
from services.align.forms import chai_parquet
from shared.catalogue.chai1_chains import Chain, write_fasta
from shared.catalogue.chai1_parameters import Chai1Parameters
from shared.catalogue.chai1_target import prepare
from shared.catalogue.entry import known
from shared.catalogue.preparing import Target
from shared.models.work import FailureClass
from tests.models.alignments import ROWS, searched, texts

SEQUENCE = "MKTAYIAKQRQISFVKSHFS"
LIGANDS = {"C[C@H](N)C(=O)OC/C=C/Cl": 11, "CC(=O)Oc1ccccc1C(=O)O": 12, "Cn1c(=O)c2c(ncn2C)n(C)c1=O": 13}
QUICK: dict[str, Any] = {
    "use_esm_embeddings": False,
    "num_samples": 2,
    "num_trunk_recycles": 1,
    "num_diffn_timesteps": 50,
}
WRITTEN = [
    f"{kind}.model_idx_{number}.{end}"
    for kind, end in (("pred", "cif"), ("scores", "npz"))
    for number in (0, 1)
]


@pytest.fixture(scope="session")
def alone(weights: Path, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    """What the command line writes for each ligand in a process of its own."""
    found = {}
    for smiles, seed in LIGANDS.items():
        folder = tmp_path_factory.mktemp("alone")
        (folder / "in.fasta").write_text(
            f">protein|name=target\n{SEQUENCE}\n>ligand|name=ligand\n{read_ligand(smiles).smiles}\n"
        )
        program = [str(Path(sys.executable).with_name("chai-lab")), "fold", "in.fasta", "out"]
        options = ["--no-use-esm-embeddings", "--num-diffn-samples", "2", "--num-trunk-recycles", "1"]
        options += ["--num-diffn-timesteps", "50", "--seed", str(seed), "--device", "cpu"]
        subprocess.run([*program, *options], cwd=folder, check=True, capture_output=True)
        found[smiles] = folder / "out"
    return found


def inputs(further: list[Chain] | None = None, **given: Any) -> tuple[Chai1Parameters, dict[str, bytes]]:
    """What every run gets; ``further`` chains follow as they are."""
    found = prepare(Chai1Parameters.model_validate(QUICK | given), Target("t", "p", sequence=SEQUENCE))
    assert isinstance(found.parameters, Chai1Parameters)
    files = dict(found.inputs)
    files["complex.fasta"] += write_fasta(further or []).encode()
    return found.parameters, files


def ask(
    smiles: str, *, seed: int = 7, chains: list[Chain] | None = None, chains_given: Any = (), **given: Any
) -> Question:
    parameters, files = inputs(chains, chains=chains_given, **given)
    extra = {"msa_1.pqt": alignment(SEQUENCE)} if parameters.use_msa else {}
    return Question("a ligand", smiles, seed, parameters.model_dump(mode="json"), {**files, **extra})


def alignment(sequence: str) -> bytes:
    """What our service makes of a search for the sequence."""
    return chai_parquet(sequence, searched(sequence))


def fold(predictor: Any, smiles: str, seed: int, folder: Path) -> Path:
    """The files of the warm program, before anything of ours reads them."""
    parameters, files = inputs()
    folder.mkdir()
    layout = write(job(files, read_ligand(smiles), aligned=False), folder)
    predictor.load().fold(layout, parameters, seed)
    return layout.output


def test_the_warm_program_writes_what_the_command_line_does_alone_in_any_order(
    predictor: Any, alone: Mapping[str, Path], tmp_path: Path
) -> None:
    order = [*LIGANDS, *reversed(LIGANDS)]
    for number, smiles in enumerate(order):
        output = fold(predictor, smiles, LIGANDS[smiles], tmp_path / str(number))
        for name in WRITTEN:
            assert (output / name).read_bytes() == (alone[smiles] / name).read_bytes(), (number, smiles, name)


def test_nothing_is_read_again_after_it_was_loaded(predictor: Any, weights: Path, tmp_path: Path) -> None:
    fold(predictor, "CCO", 1, tmp_path / "before")
    hidden = weights.rename(weights.with_name("hidden"))
    try:
        output = fold(predictor, "CCO", 1, tmp_path / "after")
    finally:
        hidden.rename(weights)
    assert all((output / name).exists() for name in WRITTEN)


def test_an_answer_has_every_figure_and_file_of_the_catalogue(predictor: Any) -> None:
    found = predictor.predict(ask("C[C@H](N)C(=O)OC/C=C/Cl", seed=11))
    assert set(found.metrics) == set(known("chai1").metrics)
    unknown = {name for name, value in found.metrics.items() if value is None}
    assert unknown == {"pocket", "pocket_distance", "pocket_centroid_distance"}, "none was given"
    assert set(found.files) | {"results.json", "logs.txt"} == set(known("chai1").files)
    pae = np.load(io.BytesIO(found.files["pae.npz"]))["pae"]
    assert (pae.shape, pae.min() >= 0, pae.max() <= 32) == ((30, 30), True, True)
    assert found.versions["chai_lab"] == "0.6.1"


SUGAR = {"kind": "glycan", "sequence": "NAG(4-1 NAG)", "name": "sugar"}
COMPLEX: list[dict[str, Any]] = [
    {"kind": "protein", "sequence": "MKTAYIAK(SEP)QRQIS", "copies": 2},
    SUGAR,
    {"kind": "rna", "sequence": "AGCU"},
    {"kind": "dna", "sequence": "AGCT"},
]
KNOWN: list[dict[str, Any]] = [
    {"kind": "pocket", "a": "ligand", "b": "A:K2"},
    {"kind": "contact", "a": "A:T3", "b": "B:M1", "max_distance": 8},
    {"kind": "covalent", "a": "A:S20@OG", "b": "sugar@C1"},
]


def full(**given: Any) -> tuple[Chai1Parameters, dict[str, bytes]]:
    """A complex with a chain of every kind, a modified residue, a cofactor, and every kind of restraint."""
    chosen = Chai1Parameters.model_validate(QUICK | {"chains": COMPLEX, **given})
    found = prepare(chosen, Target("t", "p", sequence=SEQUENCE))
    cofactor = write_fasta([Chain(kind="ligand", sequence="OCC(O)CO", name="glycerol")]).encode()
    assert isinstance(found.parameters, Chai1Parameters)
    return found.parameters, {**found.inputs, "complex.fasta": found.inputs["complex.fasta"] + cofactor}


def test_chains_of_every_kind_are_folded_and_found_again(predictor: Any) -> None:
    parameters, files = full()
    question = Question("all", "CCO", 5, parameters.model_dump(mode="json"), files)
    found = predictor.predict(question)
    kinds = [it["kind"] for it in found.details["chains"]]
    assert kinds == ["protein"] * 3 + ["glycan", "rna", "dna", "ligand", "ligand"]
    again = predictor.predict(question)
    assert (again.metrics, again.files) == (found.metrics, found.files)


def test_restraints_of_every_kind_reach_the_network(predictor: Any) -> None:
    plain = ask("CCO", chains_given=COMPLEX)
    known_before = ask("CCO", chains_given=COMPLEX, restraints=KNOWN)
    assert known_before.inputs["restraints.csv"].count(b"\n") == 4
    assert predictor.predict(known_before).metrics != predictor.predict(plain).metrics


def test_a_table_of_pockets_alone_is_read(predictor: Any) -> None:
    found = predictor.predict(ask("CCO", restraints=[KNOWN[0]]))
    assert found.details["restraints"] is True


def test_an_alignment_is_used_and_named_as_the_program_looks_for_it(
    predictor: Any, caplog: pytest.LogCaptureFixture
) -> None:
    without = predictor.predict(ask("CCO"))
    with caplog.at_level(logging.INFO):
        found = predictor.predict(ask("CCO", use_msa=True))
    assert "MSA found for sequence" in caplog.text
    assert "No MSA found" not in caplog.text
    assert found.metrics != without.metrics


def test_our_alignment_is_read_as_what_the_program_makes_of_what_the_server_sent(tmp_path: Path) -> None:
    from chai_lab.data.parsing.msas import aligned_pqt
    from chai_lab.data.parsing.msas.data_source import MSADataSource

    sources = (MSADataSource.UNIREF90, MSADataSource.BFD_UNICLUST)
    sent = {tmp_path / f"{source.value}.a3m": source for source in sources}
    for path, text in zip(sent, texts(SEQUENCE), strict=True):
        path.write_text(text)
    ours, theirs = tmp_path / "ours.pqt", tmp_path / "theirs.pqt"
    ours.write_bytes(alignment(SEQUENCE))
    aligned_pqt.merge_multi_a3m_to_aligned_dataframe(sent, "none").to_parquet(theirs)
    found, wanted = map(aligned_pqt.parse_aligned_pqt_to_msa_context, (ours, theirs))
    assert found.tokens.shape == (1 + sum(ROWS.values()), len(SEQUENCE))
    assert bool(found.deletion_matrix.any())
    for part in ("tokens", "deletion_matrix", "sequence_source", "pairing_key_hash", "mask"):
        assert bool((getattr(found, part) == getattr(wanted, part)).all()), part


def test_the_alignment_of_a_modified_chain_has_the_name_that_the_program_gives_it(weights: Path) -> None:
    from chai_lab.data.dataset.inference_dataset import Input, raw_inputs_to_entitites_data
    from chai_lab.data.parsing.msas.aligned_pqt import expected_basename
    from chai_lab.data.parsing.structure.entity_type import EntityType

    for sequence in ("MKTAYIAK(SEP)QRQIS", "M(MSE)K(HYP)(DAL)T", SEQUENCE):
        (entity,) = raw_inputs_to_entitites_data([Input(sequence, EntityType.PROTEIN.value, "a")])
        chain = Chain(kind="protein", sequence=sequence)
        digest = hashlib.sha256(chain.plain_sequence.encode()).hexdigest()
        assert f"{digest}.aligned.pqt" == expected_basename(entity.sequence), sequence


def test_samples_of_several_passes_of_the_trunk_are_all_read(predictor: Any) -> None:
    found = predictor.predict(ask("CCO", num_trunk_samples=2))
    assert [it["sample"] for it in found.details["samples"]] == [0, 1, 2, 3]
    scores = [it["aggregate_score"] for it in found.details["samples"]]
    assert found.details["best_sample"] == int(np.argmax(scores))


def failure(predictor: Any, question: Question) -> tuple[FailureClass, str]:
    with pytest.raises(PredictionFailed) as caught:
        predictor.predict(question)
    return caught.value.kind, str(caught.value)


def goes_on(predictor: Any, before: Prediction, question: Question) -> None:
    """A failure harms no other ligand."""
    assert predictor.predict(question).files == before.files


def test_a_ligand_that_the_program_leaves_out_in_silence_is_found_missing(
    predictor: Any, tmp_path: Path
) -> None:
    parameters, files = inputs()
    asked = job(files, read_ligand("CCO"), aligned=False)
    layout = write(asked, tmp_path)
    layout.fasta.write_text(layout.fasta.read_text().replace("CCO", "C1CC(C"))
    predictor.load().fold(layout, parameters, 1)
    with pytest.raises(PredictionFailed, match="model_substituted_record: the structure has 1 chains"):
        read_structure((layout.output / "pred.model_idx_0.cif").read_bytes(), asked)


def test_every_refusal_has_its_class_and_harms_no_other_ligand(predictor: Any) -> None:
    good = ask("Cn1c(=O)c2c(ncn2C)n(C)c1=O", seed=13)
    before = predictor.predict(good)
    assert failure(predictor, ask("C1CC(C"))[0] is FailureClass.INVALID_INPUT
    large = [Chain(kind="protein", sequence="M" * 2030, name="large")]
    assert failure(predictor, ask("CCO", chains=large))[0] is FailureClass.INVALID_INPUT
    unaligned = ask("CCO", use_msa=True)
    missing = {name: it for name, it in unaligned.inputs.items() if not name.startswith("msa")}
    wrong = {**missing, "msa_1.pqt": alignment("ACDEFGHIKL")}
    for given in (missing, wrong, {**missing, "msa_1.pqt": b"no table"}):
        question = Question("l", "CCO", 7, unaligned.parameters, given)
        assert failure(predictor, question)[0] is FailureClass.MODEL_ERROR
    goes_on(predictor, before, good)


def test_more_tokens_than_we_count_are_refused_in_the_words_of_the_program(
    predictor: Any, tmp_path: Path
) -> None:
    parameters, _ = inputs()
    fasta = tmp_path / "in.fasta"
    fasta.write_text(f">protein|name=a\n{'M' * 2049}\n")
    with pytest.raises(PredictionFailed, match="Too many tokens in input: 2049") as caught:
        predictor.load().fold(Layout(fasta, None, None, tmp_path / "out"), parameters, 1)
    assert caught.value.kind is FailureClass.INVALID_INPUT


def test_what_goes_wrong_on_a_gpu_has_its_class(predictor: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import chai_lab.chai1
    import torch

    def raising(error: Exception) -> Any:
        def run(*_: Any, **__: Any) -> None:
            raise error

        return run

    good = ask("CCO", seed=3)
    before = predictor.predict(good)
    for error, kind in (
        (
            torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB"),
            FailureClass.OUT_OF_MEMORY,
        ),
        (RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED"), FailureClass.OUT_OF_MEMORY),
        (RuntimeError("CUDA error: an illegal memory access"), FailureClass.INFRASTRUCTURE),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(chai_lab.chai1, "run_folding_on_context", raising(error))
            assert failure(predictor, good)[0] is kind
        assert predictor.usable == (kind is FailureClass.OUT_OF_MEMORY)
        goes_on(predictor, before, good)
    predictor.load().usable = True
