"""Where the alignments of a batch come from, as its manifest tells it."""

from collections.abc import Iterator, Mapping
from typing import Any

from shared.domain.alignments import form_of, version_name
from shared.models.batch import Batch
from shared.ports.blobs import Blobs
from shared.steps.alignments import place, read_alignment


def told(batch: Batch, versions: Mapping[str, str], blobs: Blobs) -> dict[str, Any]:
    """By input file, if any result was computed with one; another batch may find one later."""
    found = dict(_each(batch, versions, blobs))
    return {"alignments": found} if found else {}


def _each(batch: Batch, versions: Mapping[str, str], blobs: Blobs) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, sequence in batch.alignments.items():
        alignment = read_alignment(blobs, place(batch, sequence))
        if version_name(name) in versions and alignment is not None:
            said = alignment.model_dump(mode="json", exclude={"sequence", "archive", "files"})
            file = alignment.files[form_of(name)]
            yield name, {"sequence_sha256": alignment.sequence, **file.model_dump(), **said}
