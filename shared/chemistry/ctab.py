"""What the text of a molfile says before it is read: reading alone looks for rings already."""

VERSION = slice(34, 39)


def rings_drawn(record: str) -> int | None:
    """
    How many independent rings the bonds of a V2000 record close; None if that is not certain.

    Columns are those of the CTfile formats, which RDKit goes by as well; lines end with LF for both.
    """
    lines = record.split("\n")
    try:
        counts = lines[3]
        atoms, bonds = int(counts[:3]), int(counts[3:6])
        ends = [(int(line[:3]), int(line[3:6])) for line in lines[4 + atoms : 4 + atoms + bonds]]
    except (IndexError, ValueError):
        return None
    known = atoms >= 0 and len(ends) == bonds and all(1 <= end <= atoms for pair in ends for end in pair)
    return _closing(ends, atoms) if known and counts[VERSION] == "V2000" else None


def _closing(ends: list[tuple[int, int]], atoms: int) -> int:
    """Bonds whose atoms were joined already."""
    leads, closing = list(range(atoms + 1)), 0
    for pair in ends:
        one, other = (_first(leads, end) for end in pair)
        closing += one == other
        leads[one] = other
    return closing


def _first(leads: list[int], atom: int) -> int:
    while leads[atom] != atom:
        leads[atom] = atom = leads[leads[atom]]
    return atom
