"""How a batch stands, read from its facts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.domain.account import Account
from shared.domain.costs import together
from shared.domain.lifecycle import Accounting, Tally, account, batch_status, first_round, latest
from shared.models.batch import Batch, BatchStatus
from shared.models.facts import Closing, Intents, Outcome, Round
from shared.ports.courses import Course
from shared.ports.ledger import Ledger

PAGE = 1000


@dataclass(frozen=True)
class Overview:
    """A batch with everything that is derived for it; ``tallies`` by round, ``closing`` of the last."""

    batch: Batch
    intents: Intents
    tallies: Sequence[Tally]
    closing: Closing | None
    accounting: Accounting
    status: BatchStatus

    @property
    def rounds(self) -> list[Round]:
        """All rounds, first to last."""
        return [tally.round for tally in self.tallies]


def cost_so_far(view: Overview, now: datetime) -> dict[str, Any]:
    """What the runs of a batch used by now, by its counters."""
    spent = together(leaf.spent for tally in view.tallies for leaf in tally.leaves)
    return account_of(view.batch, view.intents, until=now).so_far(spent)


def account_of(batch: Batch, intents: Intents, *, until: datetime) -> Account:
    """Under which prices and limits a batch spends."""
    return Account(
        tariff=batch.tariff,
        estimate=batch.estimate,
        max_cost_usd=batch.configuration.max_cost_usd,
        actual_seconds=(until - batch.created_at).total_seconds(),
        limit_reached=intents.pace.spent_out if intents.pace else None,
    )


def rounds_of(ledger: Ledger, batch: Batch, intents: Intents) -> list[Round]:
    """All rounds of a batch, first to last; only one that was retried costs a read."""
    later = ledger.rounds(batch.batch_id) if intents.round else []
    return [first_round(batch), *later]


def overview(ledger: Ledger, batch: Batch) -> Overview:
    """Accounting and status of a batch."""
    [view] = overviews(ledger, [(batch, ledger.intents(batch.batch_id))])
    return view


def overviews(ledger: Ledger, known: Sequence[tuple[Batch, Intents]]) -> list[Overview]:
    """The same of many, in order: one look at all together, and one at each that has later rounds."""
    if not known:
        return []
    rounds = [rounds_of(ledger, batch, intents) for batch, intents in known]
    courses = iter(ledger.courses([it for those in rounds for it in those]))
    return [
        _overview(batch, intents, those, [next(courses) for _ in those])
        for (batch, intents), those in zip(known, rounds, strict=True)
    ]


def _overview(batch: Batch, intents: Intents, rounds: Sequence[Round], courses: Sequence[Course]) -> Overview:
    tallies = [Tally(it, course.leaves) for it, course in zip(rounds, courses, strict=True)]
    closing, leaves, in_flight = courses[-1]
    tallies[-1] = Tally(rounds[-1], leaves, in_flight)
    accounting = account(batch, tallies)
    if intents.retry > rounds[-1].number:
        closing = None  # a round was asked for, and will be opened
    return Overview(batch, intents, tallies, closing, accounting, batch_status(accounting, intents, closing))


def page_of_outcomes(
    ledger: Ledger, rounds: Sequence[Round], positions: Sequence[int]
) -> dict[int, tuple[int, Outcome | None]]:
    """By position: the round in which the job stands, and its outcome there; ``positions`` ascend."""
    if not positions:
        return {}
    found = [_by_position(ledger, it, positions) for it in rounds]
    return {position: latest([those.get(position) for those in found]) for position in positions}


def _by_position(ledger: Ledger, round: Round, positions: Sequence[int]) -> dict[int, Outcome]:
    """The round's outcomes between the first and the last of the positions."""
    found = ledger.outcomes(
        round.batch_id, round.number, after=positions[0] - 1, limit=positions[-1] - positions[0] + 1
    )
    return {outcome.ref.position: outcome for outcome in found}


def all_outcomes(ledger: Ledger, batch_id: str, number: int) -> Iterator[Outcome]:
    """Every outcome of a round, by position."""
    after = -1
    while page := ledger.outcomes(batch_id, number, after=after, limit=PAGE):
        yield from page
        after = page[-1].ref.position


def standing_outcomes(ledger: Ledger, batch: Batch, rounds: Sequence[Round]) -> Iterator[Outcome | None]:
    """The outcome that stands, of every job in order of position; None where there is none."""
    return (latest(those)[1] for those in outcomes_by_job(ledger, batch, rounds))


def outcomes_by_job(ledger: Ledger, batch: Batch, rounds: Sequence[Round]) -> Iterator[list[Outcome | None]]:
    """The outcomes of every job in each round, in order of position."""
    streams = [all_outcomes(ledger, batch.batch_id, it.number) for it in rounds]
    heads = [next(stream, None) for stream in streams]
    for position in range(batch.counts.jobs):
        those = [it if it is not None and it.ref.position == position else None for it in heads]
        yield those
        for number, outcome in enumerate(those):
            if outcome is not None:
                heads[number] = next(streams[number], None)
