"""
Which ligand a message starts, where a brake says how many may be in flight.

Under a limit a message is a token: whoever brings it may start one ligand if there is room, its own
or the next in line. So each settled ligand lets exactly one other start, whichever it was, and what
is started is always the beginning of the round, which makes what is left to start easy to find.
"""

from datetime import datetime, timedelta

from shared.models.facts import Intents, Line, Round
from shared.models.work import JobRef
from shared.ports.ledger import Ledger
from shared.steps.roster import Roster

MOST_TRIES = 4


def claimed(
    round: Round,
    ref: JobRef,
    *,
    limit: int | None,
    until: int | None = None,
    ledger: Ledger,
    roster: Roster,
    now: datetime,
    lease: timedelta,
) -> JobRef | None:
    """
    The attempt that was claimed for a message that names ``ref``, or None: nothing is to be started.

    ``until``: no place behind this one is begun.
    """
    leased_until, jobs = now + lease, round.jobs if until is None else min(round.jobs, until + 1)
    if limit is None or ref.attempt > 1:  # a ligand that is tried again keeps its place
        return ref if ledger.claim(ref, now=now, lease_until=leased_until) is not None else None
    spare = ledger.outcome(ref) is not None
    for _ in range(MOST_TRIES):
        line = ledger.line(ref.batch_id, ref.round, ref.position)
        place = choose(ref.place_in_round, line, spare=spare, limit=limit, jobs=jobs)
        if place is None:
            return None
        (chosen,) = roster.refs(round, [place])
        if ledger.claim(chosen, now=now, lease_until=leased_until) is not None:
            return chosen
        spare = spare or chosen == ref  # it runs already: a duplicate, or others were faster
    return None  # others were faster each time; ``reconcile`` finds the room that is left


def limit_of(intents: Intents, round: Round) -> int | None:
    """How many ligands of a round may be in flight; None: as many as are published."""
    if intents.limit is None and intents.braked:
        return round.window
    return intents.limit


def choose(place: int, line: Line, *, spare: bool, limit: int, jobs: int) -> int | None:
    """
    The place to claim for a message about ``place``, of the first ``jobs`` that may be begun: pure.

    ``spare``: the ligand itself needs nothing any more, and only hands its place on. One that has had
    an attempt is in line already, so no limit concerns it: two orphaned claims would otherwise wait
    for each other. Else the ligand itself goes, unless it is so far ahead that it was published while
    there was no limit: what is started is to stay the beginning of the round.
    """
    if line.holds and not spare:
        return place
    if line.in_flight >= limit:
        return None
    if not spare and place <= min(line.last + limit, jobs - 1):
        return place
    return line.last + 1 if line.last + 1 < jobs else None
