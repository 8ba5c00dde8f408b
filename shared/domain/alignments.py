"""Where the alignment of a sequence is kept, by what it is: pure."""

import hashlib

from shared.domain.identity import digest
from shared.errors import InvalidInput

BOLTZ, CHAI = "boltz.csv", "chai.aligned.pqt"
FORMS = {".csv": BOLTZ, ".pqt": CHAI}
"""The form of an alignment by the ending of the input file that is to hold it."""

RULES = 1
"""The number of the rules by which an answer becomes an alignment: others make other alignments."""


def source_digest(server: str, mode: str, depth: int) -> str:
    """What an alignment depends on besides the sequence: where it is searched, and how."""
    return digest(["alignment", RULES, server.rstrip("/"), mode, depth])


def sequence_digest(sequence: str) -> str:
    """SHA-256 (hex) of the sequence in upper case."""
    return hashlib.sha256(sequence.upper().encode()).hexdigest()


def folder(source: str, sequence: str) -> str:
    """The key prefix of everything about a sequence, which is given by its digest."""
    return f"alignments/{source}/{sequence}"


def form_of(input_name: str) -> str:
    """The object that an input file of this name is a copy of."""
    ending = f".{input_name.rpartition('.')[2]}"
    if ending not in FORMS:
        raise InvalidInput(f"an alignment is one of {', '.join(FORMS)}, which {input_name!r} is not")
    return FORMS[ending]


def version_name(input_name: str) -> str:
    """What the versions of a result call the alignment that an input file holds."""
    return f"alignment {input_name}"
