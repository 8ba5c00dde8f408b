"""Protein sequences as users give them."""

import re

from shared.models.batch import MAX_SEQUENCE

AMINO_ACIDS = frozenset("ACDEFGHIKLMNPQRSTVWYX")
MIN_SEQUENCE = 10


def read_sequence(text: str) -> str:
    """
    One protein sequence from plain text or one FASTA record, upper case, 10 to 2000 residues.

    Raises:
        ValueError: several records, another length, or letters that are no amino acids.
    """
    lines = text.strip().splitlines()
    headers = [line for line in lines if line.startswith(">")]
    if len(headers) > 1:
        raise ValueError(f"holds {len(headers)} FASTA records; give one")
    letters = re.sub(r"\s|\*$", "", "".join(line for line in lines if not line.startswith(">")))
    sequence = letters.upper() if letters.isascii() else letters  # the capital of ß would be two serines
    wrong = sorted(set(sequence) - AMINO_ACIDS)
    if wrong:
        raise ValueError(f"has letters that are no amino acids: {', '.join(wrong)}")
    if not MIN_SEQUENCE <= len(sequence) <= MAX_SEQUENCE:
        raise ValueError(f"has {len(sequence)} residues; {MIN_SEQUENCE} to {MAX_SEQUENCE} are accepted")
    return sequence
