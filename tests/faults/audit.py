"""What must be true at the end of every schedule, and what must never have been seen on the way."""

import csv
import io
import json
from dataclasses import dataclass, field
from typing import Any

from shared import wiring
from shared.models.facts import Outcome, Round
from shared.steps.reading import rounds_of, standing_outcomes
from tests.support.chain import Chain

ARTEFACTS = {"batch_results.json", "summary.json", "results/batch_results.csv", "manifest.json"}
OLDEST_UNFINISHED = ("pending", "queued", "running")


@dataclass
class Witness:
    """Watches the ledger while things happen."""

    finished: dict[tuple[str, int], int] = field(default_factory=dict)
    created: int = 0

    def forget(self) -> None:
        """What was seen so far is another matter."""
        self.finished.clear()
        self.created = 0

    def see(self, name: str, answer: Any, arguments: tuple[Any, ...]) -> None:
        """Called after every effect, whether or not the caller learnt of it."""
        if name == "ledger.finish" and answer:
            closed = (arguments[0], arguments[1])
            self.finished[closed] = self.finished.get(closed, 0) + 1
        if name == "ledger.settle":
            self.created += answer.created


def audit(chain: Chain, batch_id: str, witness: Witness) -> None:
    """The invariant, one outcome per ligand, closed once, artefacts that tell the facts."""
    status = chain.api(f"/api/v3/batches/{batch_id}/status?page_size=1000").body
    accounting = status["accounting"]
    assert status["status"] in ("completed", "failed", "cancelled"), status
    assert status["invariant_holds"], status["accounting_sentence"]
    assert not any(accounting[kind] for kind in OLDEST_UNFINISHED), accounting
    rounds = rounds_of(chain.ledger, chain.ledger.batch(batch_id), chain.ledger.intents(batch_id))
    settled = [chain.ledger.outcomes(batch_id, it.number, limit=10_000) for it in rounds]
    _each_round_is_full(chain, rounds, settled)
    assert witness.created == sum(map(len, settled)), "an outcome was created twice"
    assert witness.finished == {(batch_id, it.number): 1 for it in rounds}, witness.finished
    standing = standing_outcomes(chain.ledger, chain.ledger.batch(batch_id), rounds)
    outcomes = [outcome for outcome in standing if outcome is not None]
    _one_outcome_each(chain, batch_id, outcomes, accounting)
    verified = chain.api(f"/api/v3/batches/{batch_id}/verify").body
    assert verified["ok"], verified["problems"]
    _artefacts_tell_the_facts(chain, batch_id, outcomes, accounting)
    _every_milestone_was_reached_in_order(chain, batch_id)


def _every_milestone_was_reached_in_order(chain: Chain, batch_id: str) -> None:
    found = chain.ledger.milestones(batch_id)
    assert [milestone.threshold for milestone in found] == [10, 25, 50, 75, 90, 100]
    times = [milestone.reached_at for milestone in found]
    assert times == sorted(times)
    closing = chain.ledger.closing(batch_id, 0)
    assert times[-1] <= closing.closed_at


def _each_round_is_full(chain: Chain, rounds: list[Round], settled: list[list[Outcome]]) -> None:
    """Every job of a round has one outcome, and the next round holds exactly those that failed."""
    expected = list(range(rounds[0].jobs))
    for it, outcomes in zip(rounds, settled, strict=True):
        assert [outcome.ref.position for outcome in outcomes] == expected, it
        assert sum(leaf.n for leaf in chain.ledger.leaves(it.batch_id, it.number)) == it.jobs
        expected = [outcome.ref.position for outcome in outcomes if outcome.kind == "failed"]


def _one_outcome_each(
    chain: Chain, batch_id: str, outcomes: list[Outcome], accounting: dict[str, int]
) -> None:
    jobs = chain.ledger.batch(batch_id).counts.jobs
    assert [outcome.ref.position for outcome in outcomes] == list(range(jobs))
    for kind in ("completed", "failed", "cancelled"):
        assert sum(it.copies for it in outcomes if it.kind == kind) == accounting[kind], kind


def _artefacts_tell_the_facts(
    chain: Chain, batch_id: str, outcomes: list[Outcome], accounting: dict[str, int]
) -> None:
    closing = chain.ledger.closing(batch_id, chain.ledger.intents(batch_id).round)
    names = {file.name for file in closing.artefacts}
    assert names >= ARTEFACTS, names
    stored = json.loads(chain.api(f"/api/v3/batches/{batch_id}/artefacts/batch_results.json").raw)
    told = {row["job_id"]: (row["status"], row["affinity"]) for row in stored["jobs"] if row["job_id"]}
    known = {o.ref.job_id: (o.kind.value, o.metrics.get("affinity")) for o in outcomes}
    assert told == known
    assert len(stored["jobs"]) == accounting["submitted"]
    table = chain.api(f"/api/v3/batches/{batch_id}/artefacts/results/batch_results.csv").raw.decode()
    assert len(list(csv.DictReader(io.StringIO(table)))) == accounting["submitted"]


def nothing_is_left(chain: Chain, batch_id: str) -> None:
    """Of a deleted batch there is neither an object nor a record, and nobody finds it."""
    assert chain.ledger.deleted(limit=9) == []
    assert list(wiring.local_blobs().list(f"batches/{batch_id}/")) == []
    assert chain.ledger.outcomes(batch_id, 0, limit=9) == []
    assert chain.api(f"/api/v3/batches/{batch_id}/status").status == 404
