"""mmCIF as PDB, for programs that read nothing else."""

MOST_ATOMS = 99_999


def as_pdb(cif: bytes) -> bytes:
    """
    The first model. Names of chains and components that are too long for the format get short ones.

    Raises:
        ValueError: it is no mmCIF with atoms, or has more of them than the format can number.
    """
    import gemmi  # with the first structure: no other request should wait for it

    try:
        structure = gemmi.make_structure_from_block(gemmi.cif.read_string(cif.decode()).sole_block())
    except (ValueError, RuntimeError, IndexError) as error:
        raise ValueError(f"the structure is no mmCIF: {' '.join(str(error).split())[:200]}") from error
    atoms = structure[0].count_atom_sites() if len(structure) else 0
    if not 0 < atoms <= MOST_ATOMS:
        raise ValueError(f"the structure has {atoms} atoms; PDB holds 1 to {MOST_ATOMS}")
    structure.setup_entities()
    structure.shorten_chain_names()
    structure.shorten_ccd_codes()
    return str(structure.make_pdb_string()).encode()
