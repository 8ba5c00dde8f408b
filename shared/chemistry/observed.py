"""Protein chains as they are seen in a structure, written so that their names stay the author's."""

import gemmi

from shared.chemistry.structure import is_amino_acid


def keep_proteins(structure: gemmi.Structure) -> None:
    """Leave the heavy atoms of amino acids in ``structure``, one place of each."""
    structure.remove_hydrogens()
    structure.remove_alternative_conformations()
    for chain in structure[0]:
        for place in reversed(range(len(chain))):
            if not is_amino_acid(chain[place]):
                del chain[place]
    structure.remove_empty_chains()


def as_mmcif(structure: gemmi.Structure) -> bytes:
    """The chains, each an entity of its own with the sequence that is observed."""
    structure.name = "template"
    structure.entities = gemmi.EntityList([_entity(chain) for chain in structure[0]])
    return str(structure.make_mmcif_document().as_string()).encode()


def _entity(chain: gemmi.Chain) -> gemmi.Entity:
    for number, residue in enumerate(chain, start=1):
        residue.subchain, residue.label_seq = chain.name, number
        residue.entity_type = gemmi.EntityType.Polymer
    entity = gemmi.Entity(chain.name)
    entity.entity_type, entity.polymer_type = gemmi.EntityType.Polymer, gemmi.PolymerType.PeptideL
    entity.subchains = [chain.name]
    entity.full_sequence = [residue.name for residue in chain]
    return entity
