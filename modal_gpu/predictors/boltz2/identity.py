"""
Whether the ligand in a structure is the one that was asked for: the same atoms, bonds and stereo.

The file holds atoms and coordinates, no bonds. The atoms' names say which atom of the input each is;
the distances say which are bonded.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from rdkit import Chem

from modal_gpu.predictors.boltz2.reader import Unreadable
from modal_gpu.predictors.folded.bonds import Atom, bonded, check_bonds, edges_of, outline
from modal_gpu.predictors.folded.identity import SOUND, UNSOUND, substituted
from modal_gpu.predictors.folded.pose import placed
from shared.catalogue.boltz2_ligands import named

MOST_MATCHES = 1000


@dataclass(frozen=True)
class Pose:
    """
    The ligand with its own bonds at the coordinates of the structure.

    ``sound``: the distances are those of this molecule. Where they are those of none, as of a structure
    that failed, bonds and stereo are compared with those that the program had read.
    """

    molecule: Chem.Mol
    sound: bool
    seen_stereo: str | None

    @property
    def remark(self) -> str:
        """What was compared, for whoever reads the result."""
        return SOUND if self.sound else UNSOUND


def placed_ligand(
    smiles: str, atoms: Sequence[Atom], *, by_name: bool, known: Chem.Mol | None = None
) -> Pose:
    """
    The ligand of this SMILES where the atoms are.

    ``by_name`` is false for a ligand from the CCD, whose atoms have names of their own. ``known``: the
    molecule as the program read and named it, which may have standardised it further than we do.

    Raises:
        PredictionFailed: model_substituted_record.
        Unreadable: there is nothing by which the ligand could be known again.
    """
    asked = named(smiles)
    _check_elements(asked, atoms)
    if not by_name:
        return _by_bonds(asked, atoms)
    order = _by_names(asked, atoms) if known is None else _by_known(asked, known, atoms)
    if order is None:
        raise substituted(
            f"the ligand in the structure has the atoms {', '.join(atom.name for atom in atoms)}, which are "
            f"not those of {smiles}"
        )
    return _checked(asked, [atoms[place] for place in order], read=known is not None)


def _check_elements(asked: Chem.Mol, atoms: Sequence[Atom]) -> None:
    wanted = sorted(atom.GetSymbol().upper() for atom in asked.GetAtoms())
    found = sorted(atom.element.upper() for atom in atoms)
    if found != wanted:
        raise substituted(
            f"the ligand in the structure has {len(found)} heavy atoms ({_formula(found)}), "
            f"asked were {len(wanted)} ({_formula(wanted)})"
        )


def _formula(elements: Iterable[str]) -> str:
    listed = list(elements)
    return " ".join(f"{element}{listed.count(element)}" for element in dict.fromkeys(listed))


def _by_names(molecule: Chem.Mol, atoms: Sequence[Atom]) -> list[int] | None:
    """For each atom of the molecule, which of the file's it is."""
    places = {atom.name: place for place, atom in enumerate(atoms)}
    names = [atom.GetProp("name") for atom in molecule.GetAtoms()]
    return [places[name] for name in names] if sorted(names) == sorted(places) else None


def _by_known(asked: Chem.Mol, known: Chem.Mol, atoms: Sequence[Atom]) -> list[int] | None:
    """By way of what the program read, whose bonds must be those of the input; tautomers may differ."""
    order = _by_names(known, atoms)
    matches = known.GetSubstructMatches(asked, useChirality=True, uniquify=False, maxMatches=1)
    matches = matches or _skeleton(known).GetSubstructMatches(_skeleton(asked), maxMatches=1)
    if order is None or not matches or known.GetNumBonds() != asked.GetNumBonds():
        return None
    return [order[place] for place in matches[0]]


def _by_bonds(asked: Chem.Mol, atoms: Sequence[Atom]) -> Pose:
    """The assignment of atoms under which bonds and stereo are the input's."""
    seen = outline(atoms, bonded(atoms))
    matches = seen.GetSubstructMatches(_skeleton(asked), maxMatches=MOST_MATCHES, uniquify=False)
    if not matches or seen.GetNumBonds() != asked.GetNumBonds():
        raise substituted(
            f"the bonds of the ligand in the structure are not those of {Chem.MolToSmiles(asked)}"
        )
    poses = [placed(asked, [atoms[place].position for place in match]) for match in matches]
    for pose in poses:
        if _differing(asked, pose) is None:
            return Pose(pose, sound=True, seen_stereo=_seen(pose))
    raise substituted(_differing(asked, poses[0]) or "")


def _checked(asked: Chem.Mol, atoms: Sequence[Atom], *, read: bool) -> Pose:
    """The pose, its bonds and stereo compared as far as the distances let them be seen."""
    pose = placed(asked, [atom.position for atom in atoms])
    if not check_bonds(asked, atoms):
        if not read:
            raise Unreadable(
                "the distances in the ligand are those of no molecule, so it cannot be told which it is"
            )
        return Pose(pose, sound=False, seen_stereo=None)
    if problem := _differing(asked, pose):
        raise substituted(problem)
    return Pose(pose, sound=True, seen_stereo=_seen(pose))


def _differing(asked: Chem.Mol, pose: Chem.Mol) -> str | None:
    """In which stereo the pose contradicts the input; what the input leaves open may be either."""
    wanted, seen = dict(_stereo(asked)), dict(_stereo(_from_space(pose)))
    for place, label in wanted.items():
        if seen.get(place, label) != label:
            return f"{place} of the ligand is {seen[place]} in the structure, asked was {label}"
    return None


def _seen(pose: Chem.Mol) -> str:
    return str(Chem.MolToSmiles(_from_space(pose)))


def _from_space(pose: Chem.Mol) -> Chem.Mol:
    seen = Chem.Mol(pose)
    Chem.AssignStereochemistryFrom3D(seen)
    return seen


def _stereo(molecule: Chem.Mol) -> Iterator[tuple[str, str]]:
    """Centres and double bonds whose configuration is known, with it."""
    labelled = Chem.Mol(molecule)
    Chem.AssignStereochemistry(labelled, cleanIt=True, force=True)
    for atom in labelled.GetAtoms():
        if atom.HasProp("_CIPCode"):
            yield f"atom {atom.GetIdx() + 1} ({atom.GetSymbol()})", atom.GetProp("_CIPCode")
    for bond in labelled.GetBonds():
        if bond.GetStereo() in (Chem.BondStereo.STEREOE, Chem.BondStereo.STEREOZ):
            ends = bond.GetBeginAtomIdx() + 1, bond.GetEndAtomIdx() + 1
            yield f"the double bond {ends[0]}={ends[1]}", bond.GetStereo().name[-1]


def _skeleton(molecule: Chem.Mol) -> Chem.Mol:
    """The molecule without bond orders, charges and hydrogens, which a tautomer may have elsewhere."""
    found = Chem.RWMol()
    for atom in molecule.GetAtoms():
        found.AddAtom(Chem.Atom(atom.GetSymbol()))
    for one, other in sorted(edges_of(molecule)):
        found.AddBond(one, other, Chem.BondType.SINGLE)
    return found.GetMol()
