"""Libraries of any size without repetitions: small substituted rings, up to a million."""

from collections.abc import Iterator

_ALKYL = ("C", "CC", "CCC", "C(C)C", "CCCC", "C(C)(C)C", "C2CC2", "C2CCC2", "C2CCCC2", "CC(C)C")
_POLAR = ("O", "OC", "OCC", "N", "NC", "N(C)C", "C#N", "C(=O)O", "C(=O)N", "C(=O)OC", "C(=O)C", "CO", "CN")
_OTHER = ("F", "Cl", "Br", "I", "S", "SC", "C(F)(F)F", "OC(F)(F)F", "S(C)(=O)=O", "CCl", "CF", "CCO", "CCN")
_MORE = ("CCC#N", "C=C", "C#C", "NC(C)=O")
GROUPS = (*_ALKYL, *_POLAR, *_OTHER, *_MORE)
# The three places of each ring are different, and no group looks like a linker with a group behind it:
# no two members of the series are the same.
_RINGS = (
    *("c1({0})nccc({1})c1", "c1({0})nnc({1})cc1", "c1({0})occ({1})c1", "C1({0})NCCC({1})C1"),
    *("C1({0})OCCC({1})C1", "C1({0})SCCC({1})C1"),
)
_LINKERS = ("", "C(=O)NC(=O)", "OC(=O)O")
RINGS = tuple(f"{ring}{linker}{{2}}" for linker in _LINKERS for ring in _RINGS)


def smiles(n: int) -> str:
    """The n-th molecule."""
    places = n % 40, n // 40 % 40, n // 1600 % 40
    return RINGS[n // 64_000].format(*(GROUPS[place] for place in places))


def lines(count: int) -> Iterator[str]:
    """``count`` lines of a ``.smi`` file."""
    return (f"{smiles(n)} molecule-{n}\n" for n in range(count))
