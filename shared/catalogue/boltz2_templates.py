"""Templates that users give, checked and written so that their chains keep their names."""

from shared.catalogue.boltz2_constraints import Template
from shared.chemistry import observed
from shared.chemistry.structure import read_structure


def as_mmcif(template: Template) -> bytes:
    """
    The protein chains of a template as mmCIF.

    The model goes by chain names that a PDB file does not hold, and that differ from the author's in many
    mmCIF files; here they are the author's, which users know.

    Raises:
        ValueError: it cannot be read, or has no protein chain of the name that is wanted.
    """
    structure = read_structure(template.content)
    observed.keep_proteins(structure)
    names = [chain.name for chain in structure[0]]
    if template.template_chain is not None and template.template_chain not in names:
        raise ValueError(f"has no protein chain {template.template_chain}; it has {', '.join(names)}")
    return observed.as_mmcif(structure)
