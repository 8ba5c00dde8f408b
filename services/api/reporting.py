"""What the report of a batch is made from, fetched: as much for a million ligands as for a hundred."""

import itertools
from collections.abc import Iterator

from services.api.draughtsman import draughtsman
from services.api.drawing import CannotDraw
from services.api.report.facts import Facts, Row
from services.api.store import Store
from shared.catalogue.entry import entry_of
from shared.errors import NotFound
from shared.steps import results
from shared.steps.reading import Overview

SIZE = {"width": 248, "height": 150}


def facts(store: Store, view: Overview, *, top: int) -> Facts:
    """The facts; ``top`` ligands at the most. Raise NotFound where an artefact is missing."""
    batch = view.batch
    assert view.closing is not None, "the batch has ended"
    rows = list(itertools.islice(_best(store, view), top))
    manifest = next((it for it in view.closing.artefacts if it.name == "manifest.json"), None)
    if manifest is None:
        raise NotFound(f"batch {batch.batch_id} has no manifest")
    return Facts(
        summary=view.closing.summary,
        manifest=results.manifest_head(store.blobs, batch.batch_id),
        model=entry_of(batch).model_dump(),
        rows=rows,
        pictures=[_picture(row["ligand_smiles"]) for row in rows],
        manifest_sha256=manifest.sha256,
    )


def _best(store: Store, view: Overview) -> Iterator[Row]:
    """Ligands with a rank, each once."""
    total = view.accounting.submitted
    for row in results.rows(store.blobs, view.batch.batch_id, start=0, count=total):
        if row["rank"] is None:
            return
        if row["duplicate_of"] is None:
            yield row


def _picture(smiles: str | None) -> str | None:
    if smiles is None:
        return None
    try:
        return draughtsman().draw({"smiles": smiles, **SIZE})
    except CannotDraw:
        return None
