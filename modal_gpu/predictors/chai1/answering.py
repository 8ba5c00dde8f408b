"""One question to Chai-1 from its input files to its answer, whatever folds in between."""

import io
import logging
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from modal_gpu.predictors.base import Prediction, PredictionFailed, Question
from modal_gpu.predictors.chai1 import report
from modal_gpu.predictors.chai1.files import Job, Layout, UnusableInput, job, write
from modal_gpu.predictors.chai1.ligand import read_ligand
from modal_gpu.predictors.chai1.reader import Errors, NoAnswer, best, read_samples
from modal_gpu.predictors.chai1.structure import read_structure, to_mmcif
from modal_gpu.predictors.folded.pose import to_sdf
from modal_gpu.recording import stage
from shared.catalogue.chai1_parameters import Chai1Parameters
from shared.models.work import FailureClass

log = logging.getLogger("omtx.run")


Fold = Callable[[Layout, Chai1Parameters, int], Errors]


def answer(question: Question, fold: Fold, versions: Mapping[str, str]) -> Prediction:
    """
    Fold one complex in a folder of its own, and read what was written.

    Raises:
        PredictionFailed: invalid_input for what cannot be folded, model_error for an answer that is
            incomplete or about something else, and whatever ``fold`` says.
    """
    with _blaming(ValueError, FailureClass.INVALID_INPUT):
        parameters = Chai1Parameters.model_validate(dict(question.parameters))
        asked = _job(question, parameters)
    log.info("%d chains, %d tokens", len(asked.chains), asked.tokens)
    with tempfile.TemporaryDirectory(prefix="chai1-") as folder:
        layout = write(asked, Path(folder))
        with stage("folding"):
            errors = fold(layout, parameters, question.seed)
        with stage("reading and checking"), _blaming(NoAnswer, FailureClass.MODEL_ERROR):
            folded = _folded(asked, layout.output, parameters)
    return Prediction(
        metrics=report.metrics(folded),
        details=report.details(folded),
        files=_files(folded, errors, question),
        versions=versions,
    )


def _job(question: Question, parameters: Chai1Parameters) -> Job:
    ligand = None
    if question.smiles:
        with stage("ligand"):
            ligand = read_ligand(question.smiles)
        for fragment in ligand.removed:
            log.warning("the fragment %s is left out", fragment)
    variant = question.item.get("sequence")
    with _blaming(UnusableInput, FailureClass.MODEL_ERROR):
        return job(
            question.inputs,
            ligand,
            aligned=parameters.use_msa,
            variant=variant if isinstance(variant, str) else None,
        )


def _folded(asked: Job, folder: Path, parameters: Chai1Parameters) -> report.Folded:
    samples = read_samples(folder, trunks=parameters.num_trunk_samples, samples=parameters.num_samples)
    chosen = best(samples)
    return report.Folded(asked, tuple(samples), chosen, read_structure(chosen.cif, asked))


def _files(folded: report.Folded, errors: Errors, question: Question) -> dict[str, bytes]:
    structure = folded.structure
    files = {
        "structure.cif": to_mmcif(structure, question.ligand_name),
        "pae.npz": _packed(errors, folded.chosen.number),
    }
    if structure.ligand is not None:
        files["ligand.sdf"] = to_sdf(structure.ligand.pose, question.ligand_name, report.fields(folded))
    return files


def _packed(errors: Errors, sample: int) -> bytes:
    """The predicted errors of the sample: ``pae`` and ``pde`` in Å, token by token; ``plddt`` 0 to 1."""
    packed = io.BytesIO()
    arrays = {name: getattr(errors, name)[sample].astype(np.float32) for name in ("pae", "pde", "plddt")}
    np.savez_compressed(packed, **arrays)
    return packed.getvalue()


@contextmanager
def _blaming(error: type[Exception], kind: FailureClass) -> Iterator[None]:
    """Turn an expected error into the failure that it means."""
    try:
        yield
    except error as reason:
        raise PredictionFailed(kind, str(reason)) from reason
