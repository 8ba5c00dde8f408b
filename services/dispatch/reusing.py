"""What was computed before, for a job that asks the same: found, copied, and told as an answer."""

import hashlib
from collections.abc import Mapping
from typing import Any

from pydantic_core import from_json

from services.dispatch.orders import Claim
from shared.catalogue.entry import entry_of
from shared.domain import reuse
from shared.domain.identity import job_place, subject
from shared.domain.naming import LOG, job_key
from shared.errors import NotFound
from shared.models.batch import Batch, LibraryRow
from shared.models.facts import Outcome
from shared.models.work import Artefact, Envelope, JobRef
from shared.ports.blobs import Blobs
from shared.ports.ledger import Ledger
from shared.steps.manifest import Manifest
from shared.steps.reading import page_of_outcomes, rounds_of

RESULTS = "results.json"


class Spoilt(Exception):
    """A file is not what its run left."""


def answered(
    claim: Claim, row: LibraryRow, *, ledger: Ledger, blobs: Blobs, manifest: Manifest
) -> Envelope | None:
    """
    The answer of an earlier run, its files copied to where those of this job belong; None: compute it.

    What was lost, changed or deleted since is no answer. Only a first attempt asks: of a later one the
    earlier run may still be writing its files. The log stays with the run that it is of.
    """
    batch, ref = claim.batch, claim.ref
    generation = entry_of(batch).kept(batch) if batch.use_cache and ref.attempt == 1 else None
    if generation is None:
        return None
    key = reuse.key(batch, subject(row), row.name, generation=generation)
    try:
        found = _standing(batch, key, generation, ledger=ledger, blobs=blobs, manifest=manifest)
        if found is None:
            return None
        own = {
            **{"job_id": ref.job_id, "batch_id": ref.batch_id},
            **{"ligand_smiles": row.smiles, "protein_name": batch.protein_name},
        }
        files = tuple(_copied(file, ref, own, blobs) for file in found.artefacts if file.name != LOG)
    except (NotFound, Spoilt):
        return None
    return _retold(found, files, claim)


def _retold(found: Outcome, files: tuple[Artefact, ...], claim: Claim) -> Envelope:
    return Envelope(
        ref=claim.ref,
        status="succeeded",
        metrics=found.metrics,
        artefacts=files,
        seed=found.seed,
        versions=found.versions,
        test_model=found.test_model,
        cached=reuse.origin(found),
        started_at=claim.at,
        finished_at=claim.at,
    )


def _standing(
    batch: Batch, key: str, generation: int, *, ledger: Ledger, blobs: Blobs, manifest: Manifest
) -> Outcome | None:
    """The outcome that the entry under a key leads to; NotFound if there is none, or its batch is gone."""
    where = job_place(from_json(blobs.get(reuse.place(batch.owner, key)))["job_id"])
    if where is None or where[0] == batch.batch_id:
        return None
    source, position = ledger.batch(where[0]), where[1]
    row = manifest.row(source, position)
    same = source.owner == batch.owner and source.seed is not None
    if not same or reuse.key(source, subject(row), row.name, generation=generation) != key:
        return None
    rounds = rounds_of(ledger, source, ledger.intents(source.batch_id))
    outcome = page_of_outcomes(ledger, rounds, [position])[position][1]
    return outcome if reuse.serves(outcome) else None


def _copied(file: Artefact, ref: JobRef, own: Mapping[str, Any], blobs: Blobs) -> Artefact:
    """The file as one of this job. A run had it in memory whole, and so may we."""
    content = blobs.get(file.key)
    if hashlib.sha256(content).hexdigest() != file.sha256:
        raise Spoilt(file.key)
    stat = blobs.put(job_key(ref, file.name), reuse.retold(content, own) if file.name == RESULTS else content)
    return Artefact(name=file.name, key=stat.key, size=stat.size, sha256=stat.sha256)
