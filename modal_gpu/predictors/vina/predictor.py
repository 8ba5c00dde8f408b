"""Docking with AutoDock Vina as a predictor: receptors once per process, then one ligand at a time."""

import contextlib
import logging
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, lru_cache
from importlib.metadata import version

import gemmi
from pydantic import ValidationError
from rdkit import Chem

from modal_gpu.predictors.base import Prediction, PredictionFailed, Question
from modal_gpu.predictors.verdicts import heavy, placement, residues
from modal_gpu.predictors.vina import report
from modal_gpu.predictors.vina.dock import DockingFailed, Run, Search, dock
from modal_gpu.predictors.vina.ensemble import Site, dock_everywhere, strongest
from modal_gpu.predictors.vina.interactions import interactions
from modal_gpu.predictors.vina.ligand import PreparedLigand, prepare_ligand
from modal_gpu.predictors.vina.pose import NotTheLigand, molecules, to_mmcif, to_sdf
from modal_gpu.predictors.vina.receptor import Receptor, prepare_receptor
from modal_gpu.predictors.vina.state import Choice
from modal_gpu.predictors.vina.validity import pose_checks
from modal_gpu.recording import stage
from shared.catalogue.vina_boxes import docking_boxes
from shared.catalogue.vina_parameters import AUTO_RULE, VinaParameters, searches
from shared.chemistry.box import Box
from shared.chemistry.pocket import Residues
from shared.chemistry.structure import read_structure, select_residue
from shared.domain.identity import LARGEST_SEED, digest
from shared.domain.naming import structure_keys
from shared.models.work import FailureClass

PROGRAMS = ("vina", "meeko", "rdkit", "gemmi", "posebusters", "prolif", "dimorphite-dl")

log = logging.getLogger("omtx.run")


class VinaPredictor:
    """Implements ``Predictor``; the inputs hold ``structure``, and may hold ``structure_2`` and so on."""

    def predict(self, question: Question) -> Prediction:
        """
        Dock one ligand; the same question always gives the same answer.

        Raises:
            PredictionFailed: invalid_input for a ligand, receptor or box that cannot be used,
                model_error if Vina fails or returns another molecule.
        """
        log.info("programs: %s", ", ".join(f"{name} {number}" for name, number in versions().items()))
        docked = _dock(question)
        best, site = docked.poses[0], docked.site
        sdf = to_sdf(docked.poses, docked.runs[0].poses, question.ligand_name, receptor=site.name)
        cif = to_mmcif(site.receptor.structure, best, question.ligand_name)
        return Prediction(
            metrics=report.metrics(docked),
            details=report.details(docked),
            files={"structure.cif": cif.encode(), "ligand.sdf": sdf.encode()},
            versions=versions(),
        )


@cache
def versions() -> Mapping[str, str]:
    """The programs that compute an answer."""
    return {program: version(program) for program in PROGRAMS}


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
        with stage("receptor, read and prepared, or at hand"):
            sites = _sites(_structures(question), parameters)
        with stage("ligand, 3D shape and atom types"):
            ligand = prepare_ligand(question.ligand, seed=question.seed, choice=_choice(parameters))
        first, *later = _searches(parameters, ligand, question.search_seed or question.seed)
    _tell(sites, ligand, first)
    with _blaming(DockingFailed, FailureClass.MODEL_ERROR):
        everywhere = dock_everywhere(sites, ligand.pdbqt, first)
        chosen = strongest([run.poses[0].affinity for run in everywhere])
        runs = (everywhere[chosen], *_again(sites[chosen], ligand, later))
    with _blaming(NotTheLigand, FailureClass.MODEL_ERROR):
        every = [tuple(molecules(run, ligand.reference)) for run in runs]
    receptor, best = sites[chosen].receptor, every[0][0]
    with stage("checks of the pose"):
        checks = pose_checks(best, receptor.molecule)
    with stage("interactions"):
        found = interactions(best, receptor.surroundings)
    places = Chem.RemoveHs(best).GetConformer().GetPositions()
    return report.Docked(
        ligand=ligand,
        sites=sites,
        everywhere=everywhere,
        site=sites[chosen],
        exhaustiveness=first.exhaustiveness,
        exhaustiveness_rule=f"auto: {AUTO_RULE}" if parameters.exhaustiveness == "auto" else "as given",
        runs=runs,
        poses=every[0],
        tops=tuple(poses[0] for poses in every),
        checks=checks,
        interactions=found,
        placement=placement(places, sites[chosen].residues, sites[chosen].wanted),
    )


def _tell(sites: Sequence[Site], ligand: PreparedLigand, search: Search) -> None:
    """What is about to be searched, for the log of the run."""
    state = ligand.state
    log.info("ligand: %d heavy atoms, %d torsions", ligand.heavy_atoms, ligand.torsions)
    log.info("ligand: protonation %s; tautomer %s", state.protonation, state.tautomer)
    for fragment in ligand.removed_fragments:
        log.warning("the fragment %s is left out of docking", fragment)
    for site in sites:
        log.info("structure %s: box around %s of %s Å", site.name, site.box.center, site.box.size)
        log.info("structure %s: %s", site.name, site.receptor.protonation)
        for change in site.receptor.changes:
            log.info("structure %s: %s", site.name, change)
    log.info("search: exhaustiveness %d, seed %d", search.exhaustiveness, search.seed)
    log.info("poses: at most %d, within %g kcal/mol", search.n_poses, search.energy_range)


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


def _structures(question: Question) -> tuple[bytes, ...]:
    keys = [key for key in structure_keys(len(question.inputs)) if key in question.inputs]
    if not keys:
        raise ValueError("There is no receptor structure to dock into.")
    return tuple(question.inputs[key] for key in keys)


def _choice(parameters: VinaParameters) -> Choice:
    return Choice(
        ph=parameters.ph if parameters.protonation == "ph" else None,
        canonical_tautomer=parameters.tautomers == "canonical",
    )


# Kept, because a process docks many ligands into the same few receptors.
@lru_cache(maxsize=4)
def _sites(texts: tuple[bytes, ...], parameters: VinaParameters) -> tuple[Site, ...]:
    """Every structure, read and prepared, with its box."""
    prepared = [_target(text) for text in texts]
    names = parameters.receptors or tuple(structure_keys(len(texts)))
    if len(names) != len(texts):
        raise ValueError(f"There are {len(names)} names for {len(texts)} structures.")
    boxes = docking_boxes(
        parameters, {name: structure for name, (structure, _) in zip(names, prepared, strict=True)}
    )
    return tuple(
        Site(number, name, receptor, boxes[name], _wanted(structure, parameters, boxes[name]), near)
        for number, (name, (structure, receptor), near) in enumerate(
            zip(names, prepared, (residues(it.structure[0]) for _, it in prepared), strict=True), start=1
        )
    )


def _wanted(structure: gemmi.Structure, parameters: VinaParameters, box: Box) -> Residues | Box:
    """Residues, which are taken from the structure as given: some may be no part of the receptor."""
    if not parameters.box_from_residues:
        return box
    named = {it: select_residue(structure, it) for it in parameters.box_from_residues}
    return Residues.of((name, heavy(atoms)) for name, atoms in named.items())


@lru_cache(maxsize=12)
def _target(text: bytes) -> tuple[gemmi.Structure, Receptor]:
    """The structure as read, and prepared."""
    structure = read_structure(text)
    return structure, prepare_receptor(structure)


def _searches(parameters: VinaParameters, ligand: PreparedLigand, seed: int) -> list[Search]:
    exhaustiveness = searches(parameters.exhaustiveness, ligand.torsions)
    return [_search(parameters, exhaustiveness, seed) for seed in run_seeds(seed, parameters.runs)]


def _search(parameters: VinaParameters, exhaustiveness: int, seed: int) -> Search:
    return Search(
        seed=seed,
        exhaustiveness=exhaustiveness,
        n_poses=parameters.n_poses,
        energy_range=parameters.energy_range,
        min_rmsd=parameters.min_rmsd,
    )


def _again(site: Site, ligand: PreparedLigand, later: Sequence[Search]) -> tuple[Run, ...]:
    """The further runs, on the structure that won the first."""
    return tuple(dock(site.receptor.pdbqt, ligand.pdbqt, site.box, search) for search in later)
