"""Templates of the real Chai-1: read without a network, as its command line reads what it fetches."""

import gzip
import logging
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any, NoReturn

import gemmi
import pytest

from modal_gpu.predictors.base import PredictionFailed, Question
from modal_gpu.predictors.chai1.files import job, write
from modal_gpu.predictors.chai1.ligand import read_ligand
from shared.catalogue.chai1_parameters import Chai1Parameters
from shared.catalogue.chai1_target import prepare
from shared.catalogue.chai1_templates import HITS
from shared.catalogue.preparing import Target
from shared.chemistry.structure import protein_sequence, read_structure
from shared.models.work import FailureClass

pytestmark = pytest.mark.skipif(
    shutil.which("kalign") is None, reason="Chai-1 needs Debian's kalign for these"
)

LYSOZYME = (Path(__file__).parents[2] / "examples" / "t4l_l99a" / "receptor.pdb").read_text()
SEQUENCE = protein_sequence(read_structure(LYSOZYME))["A"]
SHORT = SEQUENCE[20:38] + "GG" + SEQUENCE[40:70]
QUICK: dict[str, Any] = {
    "use_esm_embeddings": False,
    "num_samples": 1,
    "num_trunk_recycles": 1,
    "num_diffn_timesteps": 50,
}
WRITTEN = ("pred.model_idx_0.cif", "scores.model_idx_0.npz")
OPTIONS = (
    *("--no-use-esm-embeddings", "--num-diffn-samples", "1", "--num-trunk-recycles", "1"),
    *("--num-diffn-timesteps", "50", "--seed", "7", "--device", "cpu"),
)
HETERO: list[dict[str, Any]] = [
    {"kind": "dna", "sequence": "ACGT"},
    {"kind": "protein", "sequence": f"MK{SEQUENCE[100:130]}", "name": "second"},
]


def inputs(*templates: dict[str, Any], chains: Any = ()) -> tuple[Chai1Parameters, dict[str, bytes]]:
    given = Chai1Parameters.model_validate(QUICK | {"templates": templates, "chains": chains})
    found = prepare(given, Target("t", "p", sequence=SHORT))
    assert isinstance(found.parameters, Chai1Parameters)
    return found.parameters, dict(found.inputs)


def ask(*templates: dict[str, Any], chains: Any = (), **changed: bytes) -> Question:
    parameters, files = inputs(*templates, chains=chains)
    return Question("a ligand", "CCO", 7, parameters.model_dump(mode="json"), {**files, **changed})


def whole_structure() -> bytes:
    """All atoms of all residues, with the entities that a file of the PDB has."""
    whole = gemmi.read_pdb_string(LYSOZYME)
    whole.setup_entities()
    for chain in whole[0]:
        polymer = chain.get_polymer()
        whole.get_entity_of(polymer).full_sequence = [residue.name for residue in polymer]
    whole.assign_label_seq_id()
    return whole.make_mmcif_document().as_string().encode()


def failure(predictor: Any, question: Question) -> tuple[FailureClass, str]:
    with pytest.raises(PredictionFailed) as caught:
        predictor.predict(question)
    return caught.value.kind, str(caught.value)


def test_a_template_is_read_as_the_command_line_reads_what_it_fetches(predictor: Any, tmp_path: Path) -> None:
    parameters, files = inputs({"content": LYSOZYME}, chains=HETERO)
    layout = write(job(files, read_ligand("CCO"), aligned=False), tmp_path)
    predictor.load().fold(layout, parameters, 7)
    assert layout.templates is not None
    program = [sys.executable, Path(__file__).with_name("chai_command_line.py"), layout.templates.parent]
    order = ["fold", layout.fasta, tmp_path / "alone", "--template-hits-path", layout.templates]
    subprocess.run([*map(str, [*program, *order]), *OPTIONS], check=True, capture_output=True)
    for name in WRITTEN:
        assert (layout.output / name).read_bytes() == (tmp_path / "alone" / name).read_bytes(), name


def test_without_a_network_a_template_reaches_the_features_of_the_program(
    predictor: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*_: Any, **__: Any) -> NoReturn:
        raise AssertionError("a run opens no connection")

    plain = predictor.predict(ask())
    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    with caplog.at_level(logging.INFO):
        found = predictor.predict(ask({"content": LYSOZYME}))
    assert "Loaded 1 templates: ['T1N1|A']" in caplog.text
    assert (plain.details["templates"], found.details["templates"]) == (0, 1)
    assert found.metrics != plain.metrics


def test_four_templates_are_read_for_each_chain_also_beside_a_modified_residue(
    predictor: Any, caplog: pytest.LogCaptureFixture
) -> None:
    modified = {"kind": "protein", "sequence": f"M(SEP){SEQUENCE[100:130]}", "name": "modified"}
    with caplog.at_level(logging.INFO):
        found = predictor.predict(ask(*[{"content": LYSOZYME}] * 4, chains=[*HETERO, modified]))
    assert found.details["templates"] == 4
    assert caplog.text.count("Loaded 4 templates: ['T1N1|A', 'T2N1|A', 'T3N1|A', 'T4N1|A']") == 3


def test_the_network_is_told_of_the_backbone_what_it_would_be_told_of_the_whole_structure(
    weights: Path, tmp_path: Path
) -> None:
    from chai_lab.data.dataset.inference_dataset import Input, load_chains_from_raw
    from chai_lab.data.dataset.templates.context import get_template_context
    from chai_lab.data.parsing.structure.entity_type import EntityType

    chains = load_chains_from_raw([Input(SHORT, EntityType.PROTEIN.value, "target")])
    hits = tmp_path / HITS
    _, files = inputs({"content": LYSOZYME})
    hits.write_bytes(files[HITS])
    contents = {"ours": files["T1N1.cif.gz"], "whole": gzip.compress(whole_structure())}
    read = []
    for name, content in contents.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "T1N1.cif.gz").write_bytes(content)
        found = get_template_context(chains, hits, template_cif_cache_folder=tmp_path / name)
        read.append(found.to_dict())
    ours, whole = read
    assert int(ours["num_templates"]) == 1
    assert int(ours["template_mask"].sum()) == len(SHORT)
    assert bool(ours["template_backbone_frame_mask"].any())
    for part in ours:
        assert bool((ours[part] == whole[part]).all()), part


def test_a_template_that_the_program_leaves_out_in_silence_fails_the_run(predictor: Any) -> None:
    too_long = ask({"content": LYSOZYME}).inputs[HITS].replace(b"\t21\t70\t", b"\t1\t162\t")
    question = ask({"content": LYSOZYME}, **{HITS: too_long})
    assert failure(predictor, question) == (
        FailureClass.INVALID_INPUT,
        "the model used 0 of 1 templates for the chain target",
    )


def test_a_template_whose_structure_is_missing_fails_before_the_program_would_fetch_it(
    predictor: Any,
) -> None:
    whole = ask({"content": LYSOZYME})
    inputs = {name: it for name, it in whole.inputs.items() if name != "T1N1.cif.gz"}
    question = Question("l", "CCO", 7, whole.parameters, inputs)
    assert failure(predictor, question) == (FailureClass.MODEL_ERROR, "there is no template T1N1.cif.gz")


def test_without_the_aligner_the_machine_is_to_blame(predictor: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    question = ask({"content": LYSOZYME})
    monkeypatch.setenv("PATH", "")
    kind, reason = failure(predictor, question)
    assert (kind, "kalign" in reason) == (FailureClass.INFRASTRUCTURE, True)
