"""How each job of a page stands: in which round, with which attempt and outcome."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from services.api.store import Store
from shared.domain.lifecycle import Tally, job_status, tree_of
from shared.models.batch import JobStatus
from shared.models.facts import Attempt, Outcome, Round
from shared.steps.reading import Overview, page_of_outcomes


@dataclass(frozen=True)
class State:
    """One job; ``outcome`` and ``attempt`` are those of the ``round`` in which it stands."""

    position: int
    round: Round
    outcome: Outcome | None
    attempt: Attempt | None
    status: JobStatus


def states(store: Store, view: Overview, positions: Sequence[int]) -> Iterator[State]:
    """The jobs at ascending positions, in that order."""
    standing = page_of_outcomes(store.ledger, view.rounds, positions)
    attempts = _attempts(store, view, {position: number for position, (number, _) in standing.items()})
    for position, (number, outcome) in standing.items():
        tally, attempt = view.tallies[number], attempts.get((number, position))
        released = outcome is not None or attempt is not None or _released(store, tally, position)
        status = job_status(outcome, attempt, released)
        yield State(position, tally.round, outcome, attempt, status)


def _attempts(store: Store, view: Overview, rounds: dict[int, int]) -> dict[tuple[int, int], Attempt]:
    """The latest attempt of each job in its round, by round and position."""
    found = {}
    for number in set(rounds.values()):
        positions = [position for position, its in rounds.items() if its == number]
        for attempt in store.ledger.attempts(view.batch.batch_id, number, positions):
            found[number, attempt.ref.position] = attempt
    return found


def _released(store: Store, tally: Tally, position: int) -> bool:
    tree, place = tree_of(tally.round), store.roster.ref_at(tally.round, position).place_in_round
    leaf = tally.leaves[tree.leaf_of(place)]
    return place in tree.released(leaf.k, leaf.n)
