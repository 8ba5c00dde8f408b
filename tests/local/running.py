"""A runner under test, and what a user would ask it."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from local.runner import Runner
from shared import wiring
from shared.models.facts import Outcome

PATIENCE = 60.0
QUICK = {
    "OMTX_TEST_MODELS": "1",
    "OMTX_LEASE_SECONDS": "2",
    "OMTX_QUIET_SECONDS": "1",
    "OMTX_POLL_SECONDS": "1",
    "OMTX_RETRY_SECONDS": "0.1",
    "OMTX_RECONCILE_SECONDS": "0.3",
    "OMTX_AGGREGATE_LEASE_SECONDS": "5",
}


class Running:
    """A started runner and a client of it; the ledger is that of this process."""

    def __init__(self, home: Path, *, workers: int = 2) -> None:
        self.runner = Runner(home, port=0, workers=workers)
        self.client = httpx.Client(timeout=30, trust_env=False)

    def __enter__(self) -> "Running":
        self.runner.__enter__()
        self.client.base_url = httpx.URL(self.runner.url)
        return self

    def __exit__(self, *error: Any) -> None:
        self.client.close()
        self.runner.__exit__(*error)

    def submit(self, order: dict[str, Any]) -> str:
        """Post a screen; its id."""
        answer = self.client.post("/api/v3/batches/submit", json=order)
        assert answer.status_code == 202, answer.text
        return str(answer.json()["batch_id"])

    def outcomes(self, batch: str) -> list[Outcome]:
        """What has been recorded so far."""
        return wiring.ledger().outcomes(batch, 0, limit=10_000)

    def settled(self, batch: str, jobs: int) -> list[Outcome]:
        """All outcomes, once there are that many."""
        until(lambda: len(self.outcomes(batch)) >= jobs)
        return self.outcomes(batch)


def until(true: Callable[[], bool], *, seconds: float = PATIENCE) -> None:
    """Return as soon as it is so."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come about in time"
        time.sleep(0.02)
