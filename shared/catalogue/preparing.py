"""What a model's preparation is given at submit, and what it settles."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from pydantic import BaseModel

from shared.models.batch import LibraryRow


@dataclass(frozen=True)
class Target:
    """
    The target of an order as its user gave it.

    ``structures`` are PDB or mmCIF files by input key; ``names`` has the user's name by the same key, and
    is empty for structures that were given without one.
    """

    task_type: str
    protein_name: str
    sequence: str | None = None
    structures: Mapping[str, bytes] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Prepared:
    """
    What every run of the batch gets.

    ``parameters`` travel in each order, which is small: whatever may be long belongs into ``inputs``, the
    files by name. ``notes`` say how things were settled. ``alignments``: the protein sequences (upper
    case) that each need a multiple sequence alignment, by the name of the input file that is to hold it.
    ``tokens``: how large the target is in the model's own count, where the entry states its ``memory``.
    ``judge``: a valid row as the model takes it, with further warnings, or why the model refuses it.
    """

    parameters: BaseModel
    inputs: Mapping[str, bytes]
    notes: Mapping[str, str] = field(default_factory=dict)
    alignments: Mapping[str, str] = field(default_factory=dict)
    tokens: int | None = None
    judge: Callable[[LibraryRow], LibraryRow | str] | None = None
