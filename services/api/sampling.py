"""How a batch goes, from its counters and a bounded sample of its outcomes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.api import pace
from services.api.store import Store
from shared.domain.lifecycle import Tally
from shared.models.batch import BatchStatus
from shared.models.facts import Outcome
from shared.steps.reading import Overview

FIRST = 10


@dataclass(frozen=True)
class Sample:
    """
    Some outcomes around the place where the last round is now; all of them if there are not more.

    ``begun`` is the start of its first run, as far as the first outcomes tell; else its opening.
    """

    outcomes: Sequence[Outcome]
    begun: datetime
    sampled: bool


@dataclass(frozen=True)
class Going:
    """A batch in its last round, at one moment: figures that are None cannot be told yet."""

    sample: Sample
    durations: pace.Durations | None
    jobs_per_minute: float | None
    concurrency: float | None
    seconds_left: float | None


def sample(store: Store, tally: Tally, *, most: int) -> Sample:
    """
    At most ``most`` outcomes and a few of the first.

    Ligands are started in the order of their positions, as they come free: with n of them settled, the
    last completions lie around position n. A later round holds ligands from all over the library; of a
    large one the first are taken.
    """
    round = tally.round
    settled = sum(leaf.n for leaf in tally.leaves)
    first = store.ledger.outcomes(round.batch_id, round.number, limit=FIRST)
    all_fit = round.number > 0 or round.jobs <= most
    after = -1 if all_fit else max(-1, settled - most // 2 - 1)
    found = store.ledger.outcomes(round.batch_id, round.number, after=after, limit=most)
    starts = [outcome.started_at for outcome in (*first, *found) if outcome.started_at is not None]
    return Sample(found, min(starts, default=round.opened_at), sampled=len(found) < settled)


def going(store: Store, view: Overview, *, most: int) -> Going:
    """How the batch goes now, or went until its last round was closed."""
    last = view.tallies[-1]
    taken = sample(store, last, most=most)
    now = view.closing.closed_at if view.closing else store.clock.now()
    elapsed = max(now - taken.begun, timedelta(0))
    times = pace.durations(taken.outcomes)
    rows = last.rows("completed") + last.rows("failed")
    runs = min(rows, sum(leaf.n for leaf in last.leaves))
    paused = view.status is BatchStatus.PAUSED
    left = pace.seconds_left(view.accounting.open, rows, elapsed, paused=paused)
    return Going(
        sample=taken,
        durations=times,
        jobs_per_minute=pace.per_minute(rows, elapsed),
        concurrency=pace.concurrency(runs, times.mean if times else None, elapsed),
        seconds_left=left if _may_tell(view) else None,
    )


def _may_tell(view: Overview) -> bool:
    """Whether a prediction is wanted, and the round that it is about has been opened."""
    opened = view.intents.retry <= view.tallies[-1].round.number
    return view.batch.configuration.enable_predictive_completion and opened
