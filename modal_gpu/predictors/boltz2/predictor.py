"""Boltz-2 as a predictor: the networks once per process, then one complex at a time."""

import logging
import pickle
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from rdkit import Chem

from modal_gpu.predictors.base import Prediction, PredictionFailed, Question
from modal_gpu.predictors.boltz2 import report
from modal_gpu.predictors.boltz2.files import write
from modal_gpu.predictors.boltz2.identity import Pose, placed_ligand
from modal_gpu.predictors.boltz2.question import Asked, asked, parameters_of, sampling_of
from modal_gpu.predictors.boltz2.reader import Unreadable, check_chains, read
from modal_gpu.predictors.boltz2.sampling import Sampling
from modal_gpu.predictors.boltz2.structure import Structure, read_structure
from modal_gpu.predictors.folded.judging import Judged, judged
from modal_gpu.predictors.programs import device, versions
from modal_gpu.recording import stage
from shared.models.work import FailureClass
from shared.settings.containers import ContainerSettings

PROGRAMS = ("boltz", "torch", "pytorch-lightning", "rdkit", "gemmi", "numpy")

log = logging.getLogger("omtx.run")


class Program(Protocol):
    """What runs an input; see ``runner.Warm``."""

    def run(
        self, input_file: Path, out: Path, sampling: Sampling, *, seed: int, seconds: float | None = None
    ) -> Path:
        """Run one input; the folder with the files of its predictions."""
        ...


class Boltz2Predictor:
    """Implements ``Predictor``; the inputs hold what ``shared.catalogue.boltz2_target`` prepared."""

    def __init__(self, program: Program | None = None) -> None:
        self._program = program

    @property
    def usable(self) -> bool:
        """See ``is_spent``."""
        return bool(getattr(self._program, "usable", True))

    def load(self) -> None:
        """Read the weights now; else the first run does."""
        self._program = self._program or _warm()

    def predict(self, question: Question) -> Prediction:
        """
        Predict one complex, in a folder of its own, under the seed of the question.

        Raises:
            PredictionFailed: with the class and the reason; model_substituted_record if the answer is about
                something else than was asked.
        """
        parameters = parameters_of(question)
        wanted, sampling = asked(question, parameters), sampling_of(parameters)
        programs = versions(*PROGRAMS)
        log.info("programs: %s", ", ".join(f"{name} {number}" for name, number in programs.items()))
        self.load()
        assert self._program is not None, "it was loaded"
        with tempfile.TemporaryDirectory(prefix="boltz2-") as home:
            path = write(wanted, Path(home))
            log.info("input %s: %s", path.stem, path.read_text())
            out = Path(home, "out")
            out.mkdir()
            self._program.run(path, out, sampling, seed=question.seed, seconds=question.seconds)
            with stage("reading what the model wrote"):
                found = _read(wanted, path.stem, out, samples=sampling.diffusion_samples)
        return Prediction(
            metrics=report.metrics(found),
            details=report.details(found),
            files=report.files(found, question.ligand_name),
            versions=programs,
        )


def _warm() -> Program:
    import torch

    from modal_gpu.predictors.boltz2.runner import Warm

    given = ContainerSettings()
    chosen = device(given.accelerator, there=torch.cuda.is_available())
    program = Warm(given.weights, chosen, kernels=chosen == "gpu")
    program.load()
    return program


def _read(wanted: Asked, record: str, out: Path, *, samples: int) -> report.Predicted:
    """The answer, once every part of it is known to be about what was asked."""
    try:
        found = read(out, record, samples=samples, affinity=wanted.affinity)
        structures = [read_structure(sample.cif, wanted) for sample in found.samples]
        for sample in found.samples:
            check_chains(sample.confidence, len(wanted.chains))
        poses = [_pose(wanted, structure, out, record) for structure in structures]
    except Unreadable as error:
        raise PredictionFailed(FailureClass.MODEL_ERROR, str(error)) from error
    return report.Predicted(wanted, found, structures[0], poses[0], _judged(wanted, structures[0], poses[0]))


def _judged(wanted: Asked, structure: Structure, pose: Pose | None) -> Judged | None:
    if pose is None:
        return None
    polymers = [structure.model[id] for polymer in wanted.complex.polymers for id in polymer.ids]
    return judged(pose.molecule, polymers, structure.pocket(wanted.complex.pocket), sound=pose.sound)


def _pose(wanted: Asked, structure: Structure, out: Path, record: str) -> Pose | None:
    if wanted.ligand is None:
        return None
    ccd = wanted.complex.ligand_ccd
    known = _as_read(out, record) if ccd is None else _component(ccd)
    atoms = structure.ligand(wanted.complex.ligand)
    return placed_ligand(wanted.ligand, atoms, by_name=ccd is None or known is not None, known=known)


def _as_read(out: Path, record: str) -> Chem.Mol | None:
    """The ligand as the program itself named its atoms: it is the last of the SMILES it was given."""
    path = next(iter(out.rglob(f"processed/mols/{record}.pkl")), None)
    if path is None:
        return None
    molecules: Mapping[str, Chem.Mol] = pickle.loads(path.read_bytes())  # written by our own run
    return molecules[max(molecules, key=lambda name: int(name.removeprefix("LIG")))] if molecules else None


def _component(ccd: str) -> Chem.Mol | None:
    """A component of the CCD with the names of its atoms, from the files that came with the weights."""
    path = ContainerSettings().weights / "mols" / f"{ccd}.pkl"
    return Chem.RemoveHs(pickle.loads(path.read_bytes()), sanitize=False) if path.exists() else None
