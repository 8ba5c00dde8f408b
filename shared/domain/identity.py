"""Ids and seeds: pure functions of what they name, so that a repeat names the same thing."""

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

from pydantic import JsonValue

from shared.models.batch import LibraryRow, RowKind

LARGEST_SEED = 2**31 - 1
_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"))


def digest(value: Any) -> str:
    """SHA-256 (hex) of a JSON value in canonical form."""
    return hashlib.sha256(_CANONICAL.encode(value).encode()).hexdigest()


def batch_id(owner: str, idempotency_key: str | None, chance: str) -> str:
    """The batch's id: derived from owner and key where there is a key, else from ``chance``."""
    source = ["batch", owner, idempotency_key] if idempotency_key is not None else ["batch", chance]
    return f"batch_{digest(source)[:24]}"


def job_id(batch: str, position: int) -> str:
    """
    The id of the ligand at ``position`` of the batch's first round.

    It begins with a hash, so that neighbours do not hot-spot, and ends with what it stands for, so
    that any job can be found by its id alone.
    """
    stem = batch.removeprefix("batch_")
    # The digest of ["job", batch, position], by hand: most of the time of a page of jobs was the encoder's.
    named = f'["job",{_CANONICAL.encode(batch)},{position}]'
    return f"job_{hashlib.sha256(named.encode()).hexdigest()[:8]}_{stem}_{position}"


def job_place(job: str) -> tuple[str, int] | None:
    """The batch and first-round position that a job id stands for; None if it is no job id."""
    match = re.fullmatch(r"job_[0-9a-f]{8}_([0-9a-f]{24})_(0|[1-9][0-9]{0,6})", job)
    if match is None:
        return None
    batch, position = f"batch_{match[1]}", int(match[2])
    return (batch, position) if job_id(batch, position) == job else None


def subject(row: LibraryRow) -> str:
    """
    What a row is about: rows of the same subject are computed once, under the same seed.

    Of a ligand its canonical SMILES; of any other row a digest of its kind and item, which no SMILES is
    like, as it has a colon.
    """
    return subject_of(row.kind, row.item, row.canonical_smiles)


def subject_of(kind: RowKind, item: Mapping[str, JsonValue], canonical_smiles: str | None) -> str:
    """The same of what makes it up."""
    return canonical_smiles or f"{kind}:{digest([kind, dict(item)])}"


def ligand_seed(screen_seed: int, subject: str, target_digest: str, model: str) -> int:
    """
    The seed of one ligand, or whatever else the job is about, 1 to 2**31 - 1.

    It depends on nothing but the screen's seed, the subject, the target and the model: the same
    score alone, in any batch and on a retry. Never 0, which Vina reads as "choose one for me".
    """
    source = digest(["seed", screen_seed, subject, target_digest, model])
    return int(source[:16], 16) % LARGEST_SEED + 1


def search_seed(screen_seed: int, target_digest: str, model: str) -> int:
    """
    A seed for all ligands of a screen, 1 to 2**31 - 1.

    For a model that sets up its search once per target under one seed (Vina's maps). It depends on
    neither the ligand nor its neighbours, so a ligand still scores the same in any batch.
    """
    return int(digest(["search", screen_seed, target_digest, model])[:16], 16) % LARGEST_SEED + 1
