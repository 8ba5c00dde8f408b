"""What becomes of a document: the words of the report."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal


class Verdict(StrEnum):
    """``ERROR``: a person should look, whether or not something of it was imported."""

    MIGRATED = "migrated"
    SKIPPED = "skipped"
    ERROR = "error"


@dataclass(frozen=True)
class Finding:
    """One line of the report; ``id`` and ``place`` are those of the source."""

    what: Literal["document", "objects", "batch"]
    id: str | None
    place: str
    verdict: Verdict
    reason: str
    batch_id: str | None = None
