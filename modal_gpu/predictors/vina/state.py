"""Which protonation state and tautomer of a ligand is docked: as given, or chosen by rule, and said so."""

from dataclasses import dataclass
from importlib.metadata import version

from dimorphite_dl import protonate_smiles
from rdkit import Chem
from rdkit.Chem.MolStandardize import rdMolStandardize


@dataclass(frozen=True)
class Choice:
    """The rules: ``ph`` is None, and ``canonical_tautomer`` false, where the ligand is taken as given."""

    ph: float | None = None
    canonical_tautomer: bool = False


AS_GIVEN = Choice()


@dataclass(frozen=True)
class State:
    """The molecule to dock, without hydrogens, and in a sentence each where its state comes from."""

    molecule: Chem.Mol
    protonation: str
    tautomer: str

    @property
    def formal_charge(self) -> int:
        """In e."""
        return int(Chem.GetFormalCharge(self.molecule))


def choose(given: Chem.Mol, choice: Choice) -> State:
    """
    One state of the ligand: first its tautomer, then its protons.

    At a pH every site takes the state that dominates by its mean pKa, independently of the others: a
    piperazine comes out with two charges where it has one in water. Protons on elements other than
    those Dimorphite-DL knows stay.

    Raises:
        ValueError: a rule failed, or changed more than hydrogens, charges and bond orders.
    """
    molecule, tautomer = given, "as given in the SMILES"
    if choice.canonical_tautomer:
        molecule = _same_ligand(_canonical(given), given, protons=0)
        tautomer = f"canonical by RDKit {version('rdkit')}{_changed(given, molecule)}"
    if choice.ph is None:
        return State(molecule, f"as given in the SMILES ({_charge(molecule)})", tautomer)
    protonated = _at_ph(molecule, choice.ph)
    gained = Chem.GetFormalCharge(protonated) - Chem.GetFormalCharge(molecule)
    return State(
        molecule=_same_ligand(protonated, molecule, protons=gained),
        protonation=f"dominant at pH {choice.ph:g}, site by site, by Dimorphite-DL {version('dimorphite-dl')}"
        f" ({_charge(protonated)})",
        tautomer=tautomer,
    )


def _canonical(molecule: Chem.Mol) -> Chem.Mol:
    enumerator = rdMolStandardize.TautomerEnumerator()
    # By default RDKit forgets the stereo of whatever could lose it in some tautomer.
    enumerator.SetRemoveSp3Stereo(False)
    enumerator.SetRemoveBondStereo(False)
    return Chem.MolFromSmiles(Chem.MolToSmiles(enumerator.Canonicalize(molecule)))


def _at_ph(molecule: Chem.Mol, ph: float) -> Chem.Mol:
    # With no uncertainty of the pKa allowed for (precision 0), each site has one state.
    states = protonate_smiles(Chem.MolToSmiles(molecule), ph_min=ph, ph_max=ph, precision=0.0, max_variants=1)
    if not states:
        raise ValueError(f"No protonation state at pH {ph:g} can be found; dock the ligand as given.")
    return Chem.MolFromSmiles(states[0])


def _same_ligand(now: Chem.Mol | None, before: Chem.Mol, *, protons: int) -> Chem.Mol:
    """``now``, if it has the atoms, bonds and stereo of ``before`` and that many hydrogens more."""
    if now is None or skeleton(now) != skeleton(before) or _hydrogens(now) - _hydrogens(before) != protons:
        raise ValueError(
            "Choosing tautomer or protonation changed more than protons; dock the ligand as given."
        )
    if _stereo(now) < _stereo(before):
        raise ValueError(
            "Choosing tautomer or protonation would give up a stereo configuration; dock the ligand as given."
        )
    return now


def skeleton(molecule: Chem.Mol) -> str:
    """What no proton shift changes: elements, isotopes and which atoms are bound, as SMILES."""
    bare = Chem.RWMol(molecule)
    for atom in bare.GetAtoms():
        atom.SetFormalCharge(0)
        atom.SetNumExplicitHs(0)
        atom.SetNoImplicit(True)
        atom.SetIsAromatic(False)
        atom.SetNumRadicalElectrons(0)
    for bond in bare.GetBonds():
        bond.SetIsAromatic(False)
        bond.SetBondType(Chem.BondType.SINGLE)
    return str(Chem.MolToSmiles(bare, isomericSmiles=False))


def _hydrogens(molecule: Chem.Mol) -> int:
    return sum(atom.GetTotalNumHs() for atom in molecule.GetAtoms())


def _stereo(molecule: Chem.Mol) -> int:
    """How many centres and double bonds have a configuration."""
    found = Chem.FindPotentialStereo(Chem.Mol(molecule))
    return sum(item.specified == Chem.StereoSpecified.Specified for item in found)


def _changed(before: Chem.Mol, now: Chem.Mol) -> str:
    return ", as given" if Chem.MolToSmiles(before) == Chem.MolToSmiles(now) else ", not the one given"


def _charge(molecule: Chem.Mol) -> str:
    return f"formal charge {Chem.GetFormalCharge(molecule):+d}"
