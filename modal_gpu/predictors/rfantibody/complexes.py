"""The best design as mmCIF, with the chains and numbers of the user's target."""

import gemmi

from modal_gpu.predictors.rfantibody.ranking import Design
from shared.catalogue.rfantibody_chain import TARGET_CHAIN, TargetMap

ANTIBODY_CHAINS = ("H", "L")


def target_name(numbers: TargetMap) -> str:
    """What the target is called in results: as in its file, unless that is a name of the antibody's."""
    return TARGET_CHAIN if numbers.chain in ANTIBODY_CHAINS else numbers.chain


def to_mmcif(design: Design, numbers: TargetMap) -> str:
    """
    Heavy atoms of the prediction. Antibody chains are numbered from 1, the target as its user has it.

    RF2 writes no confidence per residue (its B factors are all 0), so there is none here.
    """
    structure = gemmi.read_pdb_string(design.predicted.text)
    structure.remove_hydrogens()
    structure.name = structure.info["_entry.id"] = design.name
    _number(structure, numbers)
    structure.entities.clear()
    for place, chain in enumerate(structure[0], start=1):
        structure.entities.append(_entity(str(place), chain))
    structure.assign_serial_numbers()
    document = structure.make_mmcif_document()
    document.sole_block().set_pair("_struct.title", gemmi.cif.quote(f"{design.name}, predicted by RF2"))
    return str(document.as_string())


def _number(structure: gemmi.Structure, numbers: TargetMap) -> None:
    for chain in structure[0]:
        if chain.name != TARGET_CHAIN:
            for place, residue in enumerate(chain, start=1):
                residue.seqid = gemmi.SeqId(place, " ")
            continue
        for residue, known in zip(chain, numbers.residues, strict=True):
            residue.seqid = _seqid(known.label)
        chain.name = target_name(numbers)


def _seqid(label: str) -> gemmi.SeqId:
    code = label[-1] if label[-1].isalpha() else " "  # gemmi's own reading makes it lower case
    return gemmi.SeqId(int(label.removesuffix(code)), code)


def _entity(name: str, chain: gemmi.Chain) -> gemmi.Entity:
    """Without entity and sequence numbers viewers draw no cartoon."""
    entity = gemmi.Entity(name)
    entity.entity_type, entity.polymer_type = gemmi.EntityType.Polymer, gemmi.PolymerType.PeptideL
    entity.subchains = [chain.name]
    entity.full_sequence = [residue.name for residue in chain]
    for place, residue in enumerate(chain, start=1):
        residue.subchain, residue.entity_id, residue.label_seq = chain.name, name, place
        residue.entity_type = gemmi.EntityType.Polymer
    return entity
