"""Reading a protein structure, PDB or mmCIF, and finding residues and sequences in it."""

import math
import re

import gemmi

RESIDUE = re.compile(r"(?:(?P<chain>[^\s:]+):|(?P<letters>[A-Za-z]+))(?P<number>-?\d+)(?P<code>[A-Za-z]?)")


def read_structure(text: bytes | str) -> gemmi.Structure:
    """
    The first model of a PDB or mmCIF file, told apart by content, with polymers and ligands marked.

    Raises:
        ValueError: it is neither, it cannot be parsed, it has no usable coordinates or no protein.
    """
    structure = _parse(_decode(text))
    del structure[1:]
    _check_coordinates(structure)
    # A PDB file names a chain again for its ligands and waters, behind the other chains.
    structure.merge_chain_parts()
    structure.setup_entities()
    if not protein_sequence(structure):
        raise ValueError("The structure has no protein residues.")
    return structure


def _decode(text: bytes | str) -> str:
    try:
        return text if isinstance(text, str) else text.decode("utf-8")
    except UnicodeDecodeError:
        raise ValueError("The structure is not a text file; give PDB or mmCIF, uncompressed.") from None


def _parse(text: str) -> gemmi.Structure:
    try:
        if re.search(r"^\s*data_", text, re.MULTILINE | re.IGNORECASE) and "_atom_site." in text:
            return gemmi.make_structure_from_block(_atom_block(gemmi.cif.read_string(text)))
        if re.search(r"^(ATOM  |HETATM)", text, re.MULTILINE):
            _check_columns(text)
            return gemmi.read_pdb_string(text)
    except (ValueError, RuntimeError, IndexError) as error:
        raise ValueError(f"The structure cannot be read: {error}") from error
    raise ValueError("The structure is neither PDB nor mmCIF: it has no atom records.")


def _check_columns(pdb: str) -> None:
    # gemmi reads a number it cannot make out as 0, which would put the atom at the origin.
    for number, line in enumerate(pdb.splitlines(), start=1):
        if line.startswith(("ATOM  ", "HETATM")):
            try:
                [float(line[start : start + 8]) for start in (30, 38, 46)]
            except ValueError:
                raise ValueError(f"line {number} has no coordinates in columns 31 to 54") from None


def _atom_block(document: gemmi.cif.Document) -> gemmi.cif.Block:
    for block in document:
        if block.find_mmcif_category("_atom_site.").width() > 0:
            return block
    raise ValueError("no data block has atoms")


def _check_coordinates(structure: gemmi.Structure) -> None:
    if len(structure) == 0 or structure[0].count_atom_sites() == 0:
        raise ValueError("The structure has no coordinates.")
    if not all(math.isfinite(sum(site.atom.pos.tolist())) for site in structure[0].all()):
        raise ValueError("The structure has atoms whose coordinates are not numbers.")


def is_amino_acid(residue: gemmi.Residue) -> bool:
    """Whether the residue's name is that of a standard or a known modified amino acid."""
    return gemmi.find_tabulated_residue(residue.name).is_amino_acid()


def protein_sequence(structure: gemmi.Structure) -> dict[str, str]:
    """
    The observed sequence of every protein chain of the first model, by author chain name.

    Only residues with coordinates count. A modified residue has its parent's letter (MSE is M),
    one without a parent X.
    """
    sequences = {chain.name: _letters(chain) for chain in structure[0]}
    return {name: letters for name, letters in sequences.items() if letters}


def _letters(chain: gemmi.Chain) -> str:
    residues = (residue for residue in chain.get_polymer().first_conformer() if is_amino_acid(residue))
    codes = (gemmi.find_tabulated_residue(residue.name).one_letter_code for residue in residues)
    return "".join(code.upper() if code.strip() else "X" for code in codes)


def select_residue(structure: gemmi.Structure, label: str) -> list[gemmi.Atom]:
    """
    The atoms of the residue called ``A:123`` or ``A123``, with its insertion code if it has one (``A:52B``).

    Chain and number are the author's. A chain whose name has digits needs the colon.

    Raises:
        ValueError: the label is malformed, or names a chain or residue that does not exist.
    """
    chain, seqid = _read_label(label)
    names = [known.name for known in structure[0]]
    if chain not in names:
        raise ValueError(f"Residue {label}: there is no chain {chain}; the chains are {', '.join(names)}.")
    residues = [residue for residue in structure[0][chain] if residue.seqid == seqid]
    if not residues:
        raise ValueError(
            f"Residue {label}: chain {chain} has no residue {seqid}; {_span(structure[0][chain])}."
        )
    return [atom for residue in residues for atom in residue]


def _read_label(label: str) -> tuple[str, gemmi.SeqId]:
    match = RESIDUE.fullmatch(label.strip())
    if match is None:
        raise ValueError(f"{label!r} does not name a residue; write chain and number, such as A:123.")
    return match["chain"] or match["letters"], gemmi.SeqId(int(match["number"]), match["code"].upper() or " ")


def _span(chain: gemmi.Chain) -> str:
    numbers = [residue.seqid.num for residue in chain if residue.seqid.num is not None]
    return f"its residues are numbered {min(numbers)} to {max(numbers)}"
