"""
What was lost on the way, done again: releases, counts and announcements. It may be done at any time.

``reconcile`` does it for every batch, minute by minute, and the api for the one that its owner asks about.
"""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from shared.domain.lifecycle import tree_of
from shared.domain.overdue import holed_leaves, needs_aggregation, quiet_leaves, uncounted
from shared.events.messages import BatchFinished, JobQueued
from shared.models.facts import Closing, Leaf, Round
from shared.models.work import JobRef
from shared.ports.bus import Bus
from shared.ports.ledger import Ledger
from shared.ports.world import Clock
from shared.steps.roster import Roster
from shared.steps.settling import climb


def count_again(round: Round, *, ledger: Ledger, bus: Bus, clock: Clock) -> Iterator[tuple[int, int]]:
    """Full nodes, as ``(level, k)``, that their parents had not counted; each is counted as it comes."""
    for level, k, n in uncounted(tree_of(round), ledger.nodes(round.batch_id, round.number)):
        climb(round, (level, k), n, ledger=ledger, bus=bus, clock=clock)
        yield level, k


def announce_again(
    round: Round, closing: Closing, *, quiet: timedelta, ledger: Ledger, bus: Bus, clock: Clock
) -> bool:
    """Publish that a round is full, if nobody writes its artefacts; whether that was so."""
    if not needs_aggregation(closing, now=clock.now(), quiet=quiet):
        return False
    bus.publish([BatchFinished(batch_id=round.batch_id, round=round.number)])
    ledger.announced(round.batch_id, round.number, now=clock.now())
    return True


def release_again(
    round: Round,
    leaves: Sequence[Leaf],
    *,
    quiet: timedelta,
    ledger: Ledger,
    bus: Bus,
    clock: Clock,
    roster: Roster,
) -> Iterator[int]:
    """Publish again what the settled jobs of quiet leaves have released; how many, leaf by leaf."""
    tree = tree_of(round)
    silent = quiet_leaves(tree, leaves, now=clock.now(), quiet=quiet)
    if not silent:
        return
    in_flight = ledger.open_places(round.batch_id, round.number)
    for leaf in holed_leaves(tree, silent, in_flight, lambda leaf: tree.released(leaf.k, leaf.n)):
        places = tree.released(leaf.k, leaf.n)
        missing = unstarted(round, leaf, places, ledger=ledger, roster=roster)
        if missing:
            bus.publish([JobQueued(ref=ref) for ref in missing])
            ledger.nudge(round.batch_id, round.number, leaf.k, now=clock.now())
            yield len(missing)


def unstarted(
    round: Round, leaf: Leaf, places: Sequence[int], *, ledger: Ledger, roster: Roster
) -> list[JobRef]:
    """The jobs at these places of the leaf that have neither attempt nor outcome."""
    settled = settled_in(round, leaf, ledger=ledger)
    refs = roster.refs(round, places)
    waiting = {ref.position: ref for ref in refs if ref.position not in settled}
    for attempt in ledger.attempts(round.batch_id, round.number, list(waiting)):
        del waiting[attempt.ref.position]
    return list(waiting.values())


def settled_in(round: Round, leaf: Leaf, *, ledger: Ledger) -> set[int]:
    """The positions of the leaf's jobs that have an outcome."""
    quota = tree_of(round).quota(0, leaf.k)
    found = ledger.outcomes(round.batch_id, round.number, limit=quota, leaf=leaf.k)
    return {outcome.ref.position for outcome in found}
