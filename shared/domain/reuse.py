"""
When a result may stand for another job's: what determines it, and where it is found again. Pure.

Everything that a run is given goes into the key, but for what says only where, when and how fast it runs.
Results are never shared between owners, so that no answer, not even its speed, tells of another's work.
"""

import json
from collections.abc import Mapping
from typing import Any

from shared.domain.identity import digest, ligand_seed, search_seed
from shared.models.batch import Batch
from shared.models.facts import Outcome, OutcomeKind
from shared.models.work import Origin

OWN = ("job_id", "batch_id", "ligand_smiles", "protein_name")
"""What ``results.json`` says of the job and not of its result."""


def key(batch: Batch, subject: str, name: str, *, generation: int) -> str:
    """
    What a job asks, as a digest.

    ``subject`` is that of ``identity``. The ``name`` of the ligand is part of it, as it stands in the files
    of poses and structures.
    """
    assert batch.seed is not None, "only an imported batch has no seed, and its results are not kept"
    return digest(
        {
            "model": [batch.model, batch.model_version, generation],
            "task": batch.task_type,
            "target": batch.target_digest,
            "alignments": [batch.alignment_source, dict(batch.alignments)],
            "parameters": dict(batch.parameters),
            "subject": subject,
            "name": name,
            "seeds": [
                ligand_seed(batch.seed, subject, batch.target_digest, batch.model),
                search_seed(batch.seed, batch.target_digest, batch.model),
            ],
        }
    )


def place(owner: str, key: str) -> str:
    """The object that says whose result answers the question."""
    return f"cache/{digest(['owner', owner])[:24]}/{key[:2]}/{key}.json"


def serves(outcome: Outcome | None) -> bool:
    """Whether an outcome may stand for others: computed here, and completed."""
    return outcome is not None and outcome.kind is OutcomeKind.COMPLETED and outcome.cached is None


def origin(outcome: Outcome) -> Origin:
    """The outcome as one that is taken from it tells."""
    return Origin(
        batch_id=outcome.ref.batch_id,
        job_id=outcome.ref.job_id,
        computed_at=outcome.finished_at,
        seconds=outcome.seconds,
        usd=sum(run.counted_usd for run in outcome.runs) if outcome.runs else None,
    )


def retold(content: bytes, own: Mapping[str, Any]) -> bytes:
    """``results.json`` as that of the job that takes it, written as a run writes it."""
    document = {**json.loads(content), **{name: own[name] for name in OWN}}
    text = json.dumps(document, sort_keys=True, indent=1, allow_nan=False, ensure_ascii=False)
    return f"{text}\n".encode()
