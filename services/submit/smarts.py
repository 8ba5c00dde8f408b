"""Reading a SMARTS that a user gave: short, one pattern, and said by position what is wrong with it."""

import re

from rdkit import Chem, rdBase

LONGEST_SMARTS = 500


def read_smarts(text: str) -> Chem.Mol:
    """
    The pattern.

    Raises:
        ValueError: with one sentence on what is wrong: not SMARTS, too long, or no atom.
    """
    if len(text) > LONGEST_SMARTS:
        raise ValueError(f"The SMARTS has {len(text)} characters; at most {LONGEST_SMARTS} are accepted.")
    if not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError("The SMARTS contains blanks, or characters other than printable ASCII.")
    with rdBase.CaptureErrorLog() as log:
        pattern = Chem.MolFromSmarts(text)
    if pattern is None:
        raise ValueError(f"Not a valid SMARTS: {_reason(log.messages)}.")
    if pattern.GetNumAtoms() == 0:
        raise ValueError("The SMARTS has no atom.")
    return pattern


def _reason(log: str) -> str:
    """What RDKit's parser complained about, without time stamps and without repeating the input."""
    complaints = re.findall(r"SMARTS Parse Error: (.+)", log)
    what = re.split(r" for input:| while parsing:", complaints[0])[0] if complaints else "it cannot be parsed"
    place = re.search(r"around position (\d+)", log)
    return f"{what} near character {place[1]}" if place else what
