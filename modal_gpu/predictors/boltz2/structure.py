"""The structure that Boltz-2 wrote: read, compared with the chains asked for, and its confidence seen to."""

from collections.abc import Sequence
from dataclasses import dataclass

import gemmi
import numpy as np
from pydantic import JsonValue
from rdkit import Chem

from modal_gpu.predictors.boltz2.question import Asked
from modal_gpu.predictors.boltz2.reader import Unreadable
from modal_gpu.predictors.folded.bonds import Atom, heavy_atoms
from modal_gpu.predictors.folded.contacts import contacts
from modal_gpu.predictors.folded.identity import substituted
from modal_gpu.predictors.folded.pose import add_bonds
from modal_gpu.predictors.verdicts import heavy, label
from shared.catalogue.boltz2_constraints import Pocket
from shared.catalogue.boltz2_input import Polymer
from shared.chemistry.pocket import Residues

QUALITY = ("id", "name", "description", "type", "mode")
LOCAL = (
    "ordinal_id",
    "model_id",
    "label_asym_id",
    "label_seq_id",
    "label_comp_id",
    "metric_id",
    "metric_value",
)
UNKNOWN = {"protein": "UNK", "dna": "DN", "rna": "N"}


@dataclass(frozen=True)
class Structure:
    """The one model of the file, and its block, which tells the pLDDT of each residue, 0 to 100."""

    block: gemmi.cif.Block
    model: gemmi.Model

    def ligand(self, chain: str) -> list[Atom]:
        """The heavy atoms of a small molecule, in the order of the file."""
        return heavy_atoms(self.model[chain])

    def contacts(self, ligand: str, polymers: Sequence[str]) -> list[dict[str, JsonValue]]:
        """The residues of polymers within 5 Å of the ligand, by chain and number, with the distance."""
        return contacts(self.model[ligand], [self.model[chain] for chain in polymers])

    def pocket(self, asked: Pocket | None) -> Residues | None:
        """The residues and atoms of a pocket that was asked for."""
        return Residues.of(map(self._site, asked.contacts)) if asked is not None else None

    def _site(self, site: str) -> tuple[str, Sequence[Sequence[float]]]:
        """``A:123`` is the residue of that place in its chain, ``D:PG`` an atom of a small molecule."""
        name, _, place = site.partition(":")
        chain = self.model[name]
        if not place.isdigit():
            return site, heavy(atom for it in chain for atom in it if atom.name == place)
        return label(chain, chain[int(place) - 1]), heavy(chain[int(place) - 1])

    def cif(self, ligand: str, pose: Chem.Mol | None) -> bytes:
        """The file, with the bond orders of the ligand, so that a viewer need not guess them."""
        if pose is not None:
            residue = self.model[ligand][0]
            names = [atom.name for atom in residue if not atom.is_hydrogen()]
            add_bonds(self.block, residue.name, pose, names)
        return str(self.block.as_string()).encode()


def read_structure(content: bytes, asked: Asked) -> Structure:
    """
    The structure of a record.

    Raises:
        Unreadable: it is no mmCIF, or has several models or atoms that are nowhere.
        PredictionFailed: model_substituted_record if its chains are not those that were asked for.
    """
    try:
        block = gemmi.cif.read_string(content.decode()).sole_block()
        structure = gemmi.make_structure_from_block(block)
    except (ValueError, RuntimeError, IndexError) as error:
        raise Unreadable(f"the structure cannot be read: {error}") from error
    if len(structure) != 1:
        raise Unreadable(f"the file has {len(structure)} models, not one")
    model = structure[0]
    if not all(np.isfinite(site.atom.pos.tolist()).all() for site in model.all()):
        raise Unreadable("the structure has atoms without coordinates")
    _check_chains(model, asked)
    _tell_quality(block, model)
    return Structure(block, model)


def _check_chains(model: gemmi.Model, asked: Asked) -> None:
    names = [chain.name for chain in model]
    if sorted(names) != sorted(asked.chains):
        raise substituted(
            f"the structure has the chains {', '.join(names)}, asked was {', '.join(asked.chains)}"
        )
    for polymer in asked.complex.polymers:
        for id in polymer.ids:
            _check_polymer(model[id], polymer)


def _check_polymer(chain: gemmi.Chain, polymer: Polymer) -> None:
    """Each residue is what the sequence says, or what a modification puts there."""
    expected = _residues(polymer)
    found = [residue.name for residue in chain]
    if len(found) != len(expected):
        raise substituted(f"chain {chain.name} has {len(found)} residues, asked was {len(expected)}")
    for place, (name, wanted) in enumerate(zip(found, expected, strict=True), start=1):
        if name != wanted:
            raise substituted(f"residue {place} of chain {chain.name} is {name}, asked was {wanted}")


def _residues(polymer: Polymer) -> list[str]:
    kinds = {
        "protein": gemmi.ResidueKind.AA,
        "dna": gemmi.ResidueKind.DNA,
        "rna": gemmi.ResidueKind.RNA,
    }
    unknown = {"X", "N"} if polymer.kind != "protein" else {"X"}
    names = [
        UNKNOWN[polymer.kind] if letter in unknown else gemmi.expand_one_letter(letter, kinds[polymer.kind])
        for letter in polymer.sequence
    ]
    for it in polymer.modifications:
        names[it.position - 1] = it.ccd
    return names


def _tell_quality(block: gemmi.cif.Block, model: gemmi.Model) -> None:
    """
    Add the tables from which viewers read the pLDDT, where the program did not write them.

    Raises:
        Unreadable: the pLDDT of its atoms is not on the scale of 0 to 100.
    """
    factors = [site.atom.b_iso for site in model.all()]
    if not all(0 <= factor <= 100 for factor in factors):
        raise Unreadable("the pLDDT of the structure is not between 0 and 100")
    if len(block.find("_ma_qa_metric_local.", ["metric_value"])):
        return
    quality = block.init_loop("_ma_qa_metric.", list(QUALITY))
    quality.add_row(["1", "pLDDT", gemmi.cif.quote("Predicted lddt"), "pLDDT", "local"])
    local = block.init_loop("_ma_qa_metric_local.", list(LOCAL))
    residues = [(chain, residue) for chain in model for residue in chain]
    for number, (chain, residue) in enumerate(residues, start=1):
        mean = sum(atom.b_iso for atom in residue) / len(residue)
        place = [chain.name, str(residue.label_seq or residue.seqid.num or 1), residue.name]
        local.add_row([str(number), "1", *place, "1", f"{mean:.3f}"])
