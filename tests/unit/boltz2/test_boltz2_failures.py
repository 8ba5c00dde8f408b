"""From what Boltz-2 says to a failure class, on its genuine messages."""

from pathlib import Path

import pytest

from modal_gpu.predictors.base import PredictionFailed
from modal_gpu.predictors.boltz2.alignment_check import check_alignments
from modal_gpu.predictors.boltz2.failures import of_error, of_reading
from shared.models.work import FailureClass

SKIPPED = """Traceback (most recent call last):
  File x
{}: {}
Failed to process /in/a.yaml. Skipping. Error: {}.
"""


def log(name: str, text: str) -> str:
    """What is printed when an input is skipped."""
    return SKIPPED.format(name, text, text)


@pytest.mark.parametrize(
    ("name", "text", "kind", "said"),
    [
        ("AttributeError", "'NoneType' object has no attribute 'GetAtoms'", "invalid_input", "SMILES"),
        ("RuntimeError", "Pre-condition Violation\n\tbad\n", "invalid_input", "counter-ions"),
        ("ValueError", "Molecule is excluded", "invalid_input", "metals"),
        ("KeyError", "'Z'", "invalid_input", "KeyError: 'Z'"),
        ("rdkit.Chem.rdchem.AtomValenceException", "Explicit valence 5", "invalid_input", "valence 5"),
        ("MemoryError", "", "out_of_memory", "memory"),
        ("OSError", "[Errno 28] No space left on device", "infrastructure", "No space"),
        ("Exception", "MMseqs2 API is giving errors", "infrastructure", "server"),
    ],
)
def test_a_skipped_input_has_the_class_of_its_cause(name: str, text: str, kind: str, said: str) -> None:
    verdict = of_reading(log(name, text) + "100%|####| 1/1\n")
    assert (verdict.kind, verdict.usable) == (FailureClass(kind), True)
    assert said in verdict.message


def test_an_input_that_vanished_without_a_word_is_the_models_error() -> None:
    assert of_reading("Processing 1 inputs\n").kind is FailureClass.MODEL_ERROR


class AcceleratorError(RuntimeError):
    """Named as torch names its own."""


@pytest.mark.parametrize(
    ("error", "kind", "usable"),
    [
        (RuntimeError("CUDA out of memory. Tried to allocate 2 GiB"), "out_of_memory", True),
        (AcceleratorError("CUDA error: out of memory"), "out_of_memory", True),
        (MemoryError(), "out_of_memory", True),
        (AcceleratorError("unspecified launch failure"), "infrastructure", False),
        (RuntimeError("CUDA error: device-side assert triggered"), "infrastructure", False),
        (OSError(28, "No space left on device"), "infrastructure", True),
        (RuntimeError("shapes cannot be multiplied"), "model_error", True),
        (KeyError("res_name"), "model_error", True),
    ],
)
def test_an_error_says_whether_the_process_can_go_on(error: Exception, kind: str, usable: bool) -> None:
    verdict = of_error(error, "predicting the structure")
    assert (verdict.kind, verdict.usable) == (FailureClass(kind), usable)
    assert "predicting the structure" in verdict.message


YAML = "sequences:\n- protein: {{id: [A, B], sequence: MKTA, msa: {}}}\n- ligand: {{id: L, smiles: 'CC'}}\n"


def checked(folder: Path, name: str, content: str | None) -> str | None:
    """Why an alignment is refused, if it is."""
    if content is not None:
        (folder / name).write_text(content)
    path = folder / "in.yaml"
    path.write_text(YAML.format(name if name == "empty" else folder / name))
    try:
        check_alignments(path)
    except PredictionFailed as failure:
        return f"{failure.kind}: {failure}"
    return None


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("empty", None, None),
        ("a.a3m", "# note\n>query\nMKTA\n>hit\nMaK--\n", None),
        ("a.a3m", ">query\nMK-TA\n", None),
        ("a.csv", "key,sequence\n-1,MKTA\n-1,MKSA\n", None),
        ("a.csv", "key,sequence\n", "invalid_input: the alignment of chain A, B is empty"),
        ("a.a3m", "\n", "invalid_input: the alignment of chain A, B is empty"),
        ("a.a3m", ">query\nMKT\n", "invalid_input: the alignment of chain A, B is of another protein"),
        ("a.a3m", None, "invalid_input: the alignment of chain A, B is missing"),
    ],
)
def test_an_alignment_is_of_the_protein_that_names_it(
    tmp_path: Path, name: str, content: str | None, reason: str | None
) -> None:
    assert checked(tmp_path, name, content) == reason
