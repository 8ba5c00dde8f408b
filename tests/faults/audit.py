"""What must be true at the end of every schedule, and what must never have been seen on the way."""

import csv
import io
import json
from dataclasses import dataclass, field
from typing import Any

from shared.models.facts import Outcome
from tests.support.chain import Chain

ARTEFACTS = {"batch_results.json", "summary.json", "results/batch_results.csv", "manifest.json"}
OLDEST_UNFINISHED = ("pending", "queued", "running")


@dataclass
class Witness:
    """Watches the ledger while things happen."""

    finished: dict[str, int] = field(default_factory=dict)
    created: int = 0

    def see(self, name: str, answer: Any, arguments: tuple[Any, ...]) -> None:
        """Called after every effect, whether or not the caller learnt of it."""
        if name == "ledger.finish" and answer:
            self.finished[arguments[0]] = self.finished.get(arguments[0], 0) + 1
        if name == "ledger.settle":
            self.created += answer.created


def audit(chain: Chain, batch_id: str, witness: Witness) -> None:
    """The invariant, one outcome per ligand, closed once, artefacts that tell the facts."""
    status = chain.api(f"/api/v3/batches/{batch_id}/status?page_size=1000").body
    accounting = status["accounting"]
    assert status["status"] in ("completed", "failed", "cancelled"), status
    assert status["invariant_holds"], status["accounting_sentence"]
    assert not any(accounting[kind] for kind in OLDEST_UNFINISHED), accounting
    outcomes = chain.ledger.outcomes(batch_id, 0, limit=10_000)
    _one_outcome_each(chain, batch_id, outcomes, accounting)
    assert witness.created == len(outcomes), "an outcome was created twice"
    assert witness.finished == {batch_id: 1}, witness.finished
    verified = chain.api(f"/api/v3/batches/{batch_id}/verify").body
    assert verified["ok"], verified["problems"]
    _artefacts_tell_the_facts(chain, batch_id, outcomes, accounting)


def _one_outcome_each(
    chain: Chain, batch_id: str, outcomes: list[Outcome], accounting: dict[str, int]
) -> None:
    valid = chain.ledger.batch(batch_id).counts.valid
    assert [outcome.ref.position for outcome in outcomes] == list(range(valid))
    for kind in ("completed", "failed", "cancelled"):
        assert sum(outcome.kind == kind for outcome in outcomes) == accounting[kind], kind
    assert sum(leaf.n for leaf in chain.ledger.leaves(batch_id, 0)) == valid


def _artefacts_tell_the_facts(
    chain: Chain, batch_id: str, outcomes: list[Outcome], accounting: dict[str, int]
) -> None:
    closing = chain.ledger.closing(batch_id, 0)
    names = {file.name for file in closing.artefacts}
    assert names >= ARTEFACTS, names
    stored = json.loads(chain.api(f"/api/v3/batches/{batch_id}/artefacts/batch_results.json").raw)
    told = {row["job_id"]: (row["status"], row["affinity"]) for row in stored["jobs"] if row["job_id"]}
    known = {o.ref.job_id: (o.kind.value, o.metrics.get("affinity")) for o in outcomes}
    assert told == known
    assert len(stored["jobs"]) == accounting["submitted"]
    table = chain.api(f"/api/v3/batches/{batch_id}/artefacts/results/batch_results.csv").raw.decode()
    assert len(list(csv.DictReader(io.StringIO(table)))) == accounting["submitted"]
