"""The structure of a sample: checked against what was asked for, and made ready to be looked at."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import gemmi
from pydantic import JsonValue
from rdkit import Chem

from modal_gpu.predictors.chai1.files import Job
from modal_gpu.predictors.chai1.ligand import Ligand, as_given
from modal_gpu.predictors.chai1.reader import NoAnswer
from modal_gpu.predictors.folded.bonds import check_bonds, heavy_atoms
from modal_gpu.predictors.folded.contacts import contacts
from modal_gpu.predictors.folded.identity import check_stereo, substituted
from modal_gpu.predictors.folded.judging import Judged, judged
from modal_gpu.predictors.folded.pose import add_bonds, placed
from modal_gpu.predictors.verdicts import heavy, label
from shared.catalogue.chai1_chains import POLYMERS, Chain
from shared.chemistry.pocket import Residues

CODES = {"protein": gemmi.ResidueKind.AA, "dna": gemmi.ResidueKind.DNA, "rna": gemmi.ResidueKind.RNA}
MOST_PLDDT = 100.0


@dataclass(frozen=True)
class Placed:
    """
    The ligand in a structure: its component's code there, its atoms' names, and itself without hydrogens.

    ``sound``: its distances are those of this molecule. ``plddt`` (0 to 100) is the mean over its atoms;
    ``contacts`` are the residues that it touches, ``judged`` what is said of its place and shape.
    """

    component: str
    names: tuple[str, ...]
    pose: Chem.Mol
    sound: bool
    plddt: float
    contacts: list[dict[str, JsonValue]]
    judged: Judged


@dataclass(frozen=True)
class Structure:
    """A sample that is of what was asked for; ``plddt`` (0 to 100) is the mean over all atoms."""

    block: gemmi.cif.Block
    ligand: Placed | None
    plddt: float


def read_structure(cif: bytes, job: Job) -> Structure:
    """
    The structure, with its chains, residues and ligand compared with those of the job.

    Raises:
        NoAnswer: it is no mmCIF with coordinates and a pLDDT for each atom.
        PredictionFailed: it is a structure of something else.
    """
    block, chains = _parse(cif)
    _check_chains(chains, job)
    ligand = _placed(chains, job, job.ligand) if job.ligand is not None else None
    return Structure(block, ligand, _mean(atom for chain in chains for it in chain for atom in it))


def _placed(chains: Sequence[gemmi.Chain], job: Job, asked: Ligand) -> Placed:
    residue = chains[-1][0]
    sound = check_bonds(asked.molecule, heavy_atoms(chains[-1]))
    pose = placed(asked.molecule, (atom.pos.tolist() for atom in residue))
    check_stereo(pose, asked.molecule)
    polymers = [it for it, chain in zip(chains, job.chains, strict=True) if chain.kind in POLYMERS]
    near = contacts(chains[-1], polymers)
    said = judged(pose, polymers, _pocket(chains, job), sound=sound)
    return Placed(residue.name, asked.names, pose, sound, _mean(residue), near, said)


def _pocket(chains: Sequence[gemmi.Chain], job: Job) -> Residues | None:
    """The residues at which the restraints want the ligand, its chain being the last."""
    found = [(chains[chain], number) for chain, number in job.pocket()]
    named = [(label(chain, chain[number - 1]), heavy(chain[number - 1])) for chain, number in found]
    return Residues.of(named) if named else None


def _parse(cif: bytes) -> tuple[gemmi.cif.Block, list[gemmi.Chain]]:
    try:
        block = gemmi.cif.read_string(cif.decode()).sole_block()
        structure = gemmi.make_structure_from_block(block)
    except (ValueError, RuntimeError, IndexError, UnicodeDecodeError) as error:
        raise NoAnswer(f"the structure cannot be read: {error}") from error
    if len(structure) != 1 or "pLDDT" not in block.find_values("_ma_qa_metric.name"):
        raise NoAnswer("the structure is not one model with its pLDDT")
    chains = list(structure[0])
    numbers = [
        value
        for chain in chains
        for residue in chain
        for atom in residue
        for value in (*atom.pos.tolist(), atom.b_iso)
    ]
    if not numbers or not all(math.isfinite(value) for value in numbers):
        raise NoAnswer("the structure has coordinates or pLDDT values that are not numbers")
    return block, chains


def _check_chains(chains: Sequence[gemmi.Chain], job: Job) -> None:
    if len(chains) != len(job.chains):
        raise substituted(f"the structure has {len(chains)} chains, {len(job.chains)} were asked for")
    for chain, asked in zip(chains, job.chains, strict=True):
        names = [residue.name for residue in chain]
        if asked.kind == "ligand":
            molecule = job.ligand if job.ligand and asked is job.chains[-1] else as_given(asked.sequence)
            _check_atoms(chain, molecule)
        elif names != _residues(asked):
            raise substituted(f"chain {chain.name} is not the {asked.kind} {asked.name} that was asked for")


def _residues(chain: Chain) -> list[str]:
    """The three-letter codes of what was asked for."""
    if chain.kind == "glycan":
        return chain.sugars
    kind = CODES[chain.kind]
    return [_code(it, kind) for it in chain.residues]


def _code(residue: str, kind: gemmi.ResidueKind) -> str:
    if len(residue) > 1:
        return residue
    return "UNK" if residue == "X" else str(gemmi.expand_one_letter(residue, kind))


def _check_atoms(chain: gemmi.Chain, ligand: Ligand) -> None:
    """
    The atoms by name, element and order, which are those of the SMILES.

    The program writes no bonds: which atoms there are, and in which order, is all it says of the graph;
    the distances of the ligand are looked at beside that.
    """
    found = [(atom.name, atom.element.name) for residue in chain for atom in residue]
    asked = [
        (name, atom.GetSymbol()) for name, atom in zip(ligand.names, ligand.molecule.GetAtoms(), strict=True)
    ]
    if len(chain) != 1 or found != asked:
        raise substituted(f"chain {chain.name} has {len(found)} atoms that are not those of {ligand.smiles}")


def _mean(atoms: Iterable[gemmi.Atom]) -> float:
    values = [atom.b_iso for atom in atoms]
    if not all(0 <= value <= MOST_PLDDT for value in values):
        raise NoAnswer("a pLDDT in the structure is not between 0 and 100")
    return float(sum(values) / len(values))


def to_mmcif(structure: Structure, title: str) -> bytes:
    """The program's own file, its pLDDT from 0 to 100, with the bond orders of the ligand added."""
    block, ligand = structure.block, structure.ligand
    block.set_pair("_struct.title", gemmi.cif.quote(" ".join(title.split())))
    if ligand is not None:
        add_bonds(block, ligand.component, ligand.pose, ligand.names)
    return str(block.as_string()).encode()
