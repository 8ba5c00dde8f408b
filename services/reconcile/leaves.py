"""One leaf, job by job."""

from collections.abc import Sequence

from services.reconcile.world import World
from shared.domain.lifecycle import tree_of
from shared.models.facts import Leaf, Round
from shared.models.work import JobRef


def unstarted(world: World, round: Round, leaf: Leaf, places: Sequence[int]) -> list[JobRef]:
    """The jobs at these places of the leaf that have neither attempt nor outcome."""
    settled = settled_in(world, round, leaf)
    refs = world.roster.refs(round, places)
    waiting = {ref.position: ref for ref in refs if ref.position not in settled}
    for attempt in world.ledger.attempts(round.batch_id, round.number, list(waiting)):
        del waiting[attempt.ref.position]
    return list(waiting.values())


def settled_in(world: World, round: Round, leaf: Leaf) -> set[int]:
    """The positions of the leaf's jobs that have an outcome."""
    quota = tree_of(round).quota(0, leaf.k)
    found = world.ledger.outcomes(round.batch_id, round.number, limit=quota, leaf=leaf.k)
    return {outcome.ref.position for outcome in found}
