"""Docking with AutoDock Vina as a predictor: receptor once per process, then one ligand at a time."""

import contextlib
from collections.abc import Iterator
from functools import lru_cache
from importlib.metadata import version

import gemmi
from pydantic import ValidationError

from modal_gpu.predictors.base import Prediction, PredictionFailed, Question
from modal_gpu.predictors.vina import report
from modal_gpu.predictors.vina.dock import DockingFailed, Run, Search, dock
from modal_gpu.predictors.vina.ligand import PreparedLigand, prepare_ligand
from modal_gpu.predictors.vina.pose import NotTheLigand, molecules, to_mmcif, to_sdf
from modal_gpu.predictors.vina.receptor import Receptor, prepare_receptor
from modal_gpu.predictors.vina.validity import pose_checks
from shared.catalogue.vina_parameters import VinaParameters, docking_box
from shared.chemistry.box import Box
from shared.chemistry.structure import read_structure
from shared.domain.identity import LARGEST_SEED, digest
from shared.models.work import FailureClass

PROGRAMS = ("vina", "meeko", "rdkit", "gemmi", "posebusters")


class VinaPredictor:
    """Implements ``Predictor``; the inputs must hold ``structure``, the receptor as PDB or mmCIF."""

    def predict(self, question: Question) -> Prediction:
        """
        Dock one ligand; the same question always gives the same answer.

        Raises:
            PredictionFailed: invalid_input for a ligand, receptor or box that cannot be used,
                model_error if Vina fails or returns another molecule.
        """
        docked = _dock(question)
        best = docked.poses[0]
        sdf = to_sdf(docked.poses, docked.runs[0].poses, question.ligand_name)
        cif = to_mmcif(docked.receptor.structure, best, question.ligand_name)
        return Prediction(
            metrics=report.metrics(docked),
            details=report.details(docked),
            files={"structure.cif": cif.encode(), "ligand.sdf": sdf.encode()},
            versions={program: version(program) for program in PROGRAMS},
        )


def run_seeds(seed: int, runs: int) -> list[int]:
    """
    The seeds of the independent runs, each 1 to 2**31 - 1: the given one, then hashes of it.

    They are those of the screen, not of the ligand, so that the maps of a run serve every ligand.

    Raises:
        ValueError: ``seed`` is out of that range (Vina reads 0 as "choose one for me").
    """
    if not 1 <= seed <= LARGEST_SEED:
        raise ValueError(f"The seed must be 1 to {LARGEST_SEED}, not {seed}.")
    later = (int(digest(["run", seed, run])[:16], 16) % LARGEST_SEED + 1 for run in range(1, runs))
    return [seed, *later]


def _dock(question: Question) -> report.Docked:
    with _blaming(ValueError, FailureClass.INVALID_INPUT):
        parameters = _parameters(question)
        structure, receptor = _target(_structure_bytes(question))
        box = docking_box(parameters, structure)
        ligand = prepare_ligand(question.smiles, seed=question.seed)
        seeds = run_seeds(question.search_seed or question.seed, parameters.runs)
    with _blaming(DockingFailed, FailureClass.MODEL_ERROR):
        runs = _runs(receptor, box, ligand, parameters, seeds)
    with _blaming(NotTheLigand, FailureClass.MODEL_ERROR):
        every = [tuple(molecules(run, ligand.reference)) for run in runs]
    return report.Docked(
        ligand=ligand,
        receptor=receptor,
        box=box,
        runs=runs,
        poses=every[0],
        tops=tuple(poses[0] for poses in every),
        checks=pose_checks(every[0][0], receptor.molecule),
    )


@contextlib.contextmanager
def _blaming(error: type[Exception], kind: FailureClass) -> Iterator[None]:
    """Turn an expected error into the failure that it means."""
    try:
        yield
    except error as reason:
        raise PredictionFailed(kind, str(reason)) from reason


def _parameters(question: Question) -> VinaParameters:
    try:
        return VinaParameters.model_validate(dict(question.parameters))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(step) for step in first["loc"]) or "parameters"
        raise ValueError(f"The docking parameters are invalid: {where}: {first['msg']}.") from error


def _structure_bytes(question: Question) -> bytes:
    if "structure" not in question.inputs:
        raise ValueError("There is no receptor structure to dock into.")
    return question.inputs["structure"]


@lru_cache(maxsize=4)
def _target(text: bytes) -> tuple[gemmi.Structure, Receptor]:
    """The structure as read, and prepared; kept, because a process docks many ligands into one receptor."""
    structure = read_structure(text)
    return structure, prepare_receptor(structure)


def _runs(
    receptor: Receptor, box: Box, ligand: PreparedLigand, parameters: VinaParameters, seeds: list[int]
) -> tuple[Run, ...]:
    searches = (_search(parameters, seed) for seed in seeds)
    return tuple(dock(receptor.pdbqt, ligand.pdbqt, box, search) for search in searches)


def _search(parameters: VinaParameters, seed: int) -> Search:
    return Search(
        seed=seed,
        exhaustiveness=parameters.exhaustiveness,
        n_poses=parameters.n_poses,
        energy_range=parameters.energy_range,
        min_rmsd=parameters.min_rmsd,
    )
