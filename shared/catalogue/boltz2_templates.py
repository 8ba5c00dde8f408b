"""Templates that users give, checked and written so that their chains keep their names."""

import gemmi

from shared.catalogue.boltz2_constraints import Template
from shared.chemistry.structure import is_amino_acid, read_structure


def as_mmcif(template: Template) -> bytes:
    """
    The protein chains of a template as mmCIF.

    The model goes by chain names that a PDB file does not hold, and that differ from the author's in many
    mmCIF files; here they are the author's, which users know.

    Raises:
        ValueError: it cannot be read, or has no protein chain of the name that is wanted.
    """
    structure = read_structure(template.content)
    _keep_proteins(structure)
    names = [chain.name for chain in structure[0]]
    if template.template_chain is not None and template.template_chain not in names:
        raise ValueError(f"has no protein chain {template.template_chain}; it has {', '.join(names)}")
    structure.name = "template"
    structure.entities = gemmi.EntityList([_entity(chain) for chain in structure[0]])
    return str(structure.make_mmcif_document().as_string()).encode()


def _keep_proteins(structure: gemmi.Structure) -> None:
    structure.remove_hydrogens()
    structure.remove_alternative_conformations()
    for chain in structure[0]:
        for place in reversed(range(len(chain))):
            if not is_amino_acid(chain[place]):
                del chain[place]
    structure.remove_empty_chains()


def _entity(chain: gemmi.Chain) -> gemmi.Entity:
    """The chain as an entity of its own, with the sequence that is observed."""
    for number, residue in enumerate(chain, start=1):
        residue.subchain, residue.label_seq = chain.name, number
        residue.entity_type = gemmi.EntityType.Polymer
    entity = gemmi.Entity(chain.name)
    entity.entity_type, entity.polymer_type = gemmi.EntityType.Polymer, gemmi.PolymerType.PeptideL
    entity.subchains = [chain.name]
    entity.full_sequence = [residue.name for residue in chain]
    return entity
