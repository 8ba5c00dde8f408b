"""What must be true of a batch at its end, whatever happened on the way."""

import json
import os
from collections import Counter
from typing import Any

import httpx

from local.cloud.storage import VARIABLE as STORAGE
from shared import wiring

OPEN = ("pending", "queued", "running")


def status_of(client: httpx.Client, batch_id: str) -> dict[str, Any]:
    """How the batch stands; nothing while the front door has no function behind it."""
    answer = client.get(f"/api/v3/batches/{batch_id}/status", params={"page_size": 1})
    assert answer.status_code not in range(400, 500), answer.text
    return answer.json() if answer.is_success else {"status": f"no answer: {answer.status_code}"}


def audit(client: httpx.Client, batch_id: str, *, jobs: int) -> dict[str, int]:
    """The invariant, one outcome for each ligand, artefacts as the facts say; the accounting."""
    status = status_of(client, batch_id)
    accounting: dict[str, int] = status["accounting"]
    assert status["status"] == "completed", status
    assert status["invariant_holds"], status["accounting_sentence"]
    assert not any(accounting[kind] for kind in OPEN), accounting
    verified = client.get(f"/api/v3/batches/{batch_id}/verify").json()
    assert verified["ok"], verified["problems"]
    _one_outcome_each(batch_id, jobs, accounting)
    _artefacts_once(batch_id, jobs)
    _one_content_each(batch_id)
    return accounting


def _one_outcome_each(batch_id: str, jobs: int, accounting: dict[str, int]) -> None:
    ledger = wiring.ledger()
    outcomes = ledger.outcomes(batch_id, 0, limit=10 * jobs)
    assert sorted(outcome.ref.position for outcome in outcomes) == list(range(jobs))
    kinds = Counter(outcome.kind.value for outcome in outcomes)
    assert {kind: kinds[kind] for kind in ("completed", "failed", "cancelled")} == {
        kind: accounting[kind] for kind in ("completed", "failed", "cancelled")
    }
    assert sum(leaf.n for leaf in ledger.leaves(batch_id, 0)) == jobs


def _artefacts_once(batch_id: str, jobs: int) -> None:
    """
    Of the batch there are the objects that its record names, the record, and what was submitted.

    Besides, an attempt that failed and was repeated leaves the log of its failure.
    """
    blobs, folder = wiring.blobs(), f"batches/{batch_id}/"
    manifest = json.loads(blobs.get(f"{folder}manifest.json"))
    named = [file["key"] for file in manifest["artefacts"]]
    assert len(named) == len(set(named))
    found = [key for key in blobs.list(folder) if not key.startswith(f"{folder}submitted/")]
    assert len(found) == len(set(found))
    closing = wiring.ledger().closing(batch_id, 0)
    assert closing is not None
    expected = {*named, *(file.key for file in closing.artefacts)}
    odd = set(found) ^ {key for key in expected if key.startswith(folder)}
    assert [key for key in odd if not key.endswith("/logs.txt")] == []
    rows = json.loads(blobs.get(f"{folder}batch_results.json"))["jobs"]
    assert sorted(row["index"] for row in rows) == list(range(jobs))


def _one_content_each(batch_id: str) -> None:
    """Whatever was written again, by a repeated run or a second aggregation, had the same content."""
    host = os.environ[STORAGE]
    written = httpx.get(f"{host}/writes", params={"prefix": f"batches/{batch_id}/"}, trust_env=False).json()
    assert written
    assert {key: digests for key, digests in written.items() if len(set(digests)) > 1} == {}
