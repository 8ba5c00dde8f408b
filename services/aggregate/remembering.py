"""
That the results of a finished batch answer the same questions of its owner's later batches.

Of each job an object under the digest of its question names the job, and nothing else: what it stands for is
looked up when it is asked for, so an entry of a deleted batch leads nowhere.
"""

from collections.abc import Iterator

from pydantic_core import to_json

from services.aggregate.tables import Row, Table
from shared.catalogue.entry import entry_of
from shared.domain import reuse
from shared.domain.identity import subject_of
from shared.models.batch import Batch
from shared.ports.blobs import Blobs


def remember(batch: Batch, table: Table, blobs: Blobs) -> None:
    """Write the entries, if results of the model are kept; a later batch's replace those of earlier ones."""
    generation = entry_of(batch).kept(batch)
    if generation is not None:
        for _ in blobs.put_many(_entries(batch, table, generation)):
            pass


def _entries(batch: Batch, table: Table, generation: int) -> Iterator[tuple[str, bytes]]:
    for row, _ in table.rows():
        if row["duplicate_of"] is None and row["status"] == "completed" and row["cached"] is None:
            key = reuse.key(batch, _subject(row), row["ligand_name"], generation=generation)
            yield reuse.place(batch.owner, key), to_json({"job_id": row["job_id"]})


def _subject(row: Row) -> str:
    return subject_of(row["kind"], row["item"], row["canonical_smiles"])
