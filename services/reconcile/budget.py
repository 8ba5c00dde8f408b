"""What a batch may still spend: how far it may go, or that it is to end."""

from services.reconcile.world import World
from shared.catalogue.entry import entry_of
from shared.domain.costs import Allowance, Purse, allowance, run_usd, together
from shared.domain.costs import spent as spent_on
from shared.domain.pacing import SAMPLE
from shared.models.batch import Batch
from shared.models.facts import Attempt, Intents, Leaf, Pace, Round


def within_budget(
    world: World, batch: Batch, rounds: list[Round], intents: Intents, leaves: list[Leaf]
) -> Intents:
    """What is wanted of the batch after a look at what its runs have cost; most batches have no limit."""
    limit, tariff, expected = batch.configuration.max_cost_usd, batch.tariff, batch.estimate
    if limit is None or tariff is None or tariff.free or expected is None:
        return intents
    found = _purse(world, batch, rounds, leaves, limit - expected.overhead_usd)
    granted, used = allowance(found), found.spent + expected.overhead_usd
    told = f"{used:.4g} of {limit:.4g} USD are spent"
    if granted.over:
        reason = f"max_cost_usd reached: {told}"
        pace = _braked(world, batch, rounds[-1], intents, granted, reason)
        ended = pace.model_copy(update={"spent_out": reason})
        return world.ledger.intend(batch.batch_id, pace=ended, cancelled_at=world.now())
    standing = intents.until(rounds[-1].number)
    if granted.until is None and standing is not None:
        # A brake stays one, so that what it held back is let go by the rule that held it back.
        granted = Allowance(until=rounds[-1].jobs - 1)
    if granted.until == standing:
        return intents
    pace = _braked(world, batch, rounds[-1], intents, granted, f"max_cost_usd: {told}")
    return world.ledger.intend(batch.batch_id, pace=pace)


def _purse(world: World, batch: Batch, rounds: list[Round], leaves: list[Leaf], limit: float) -> Purse:
    assert batch.tariff is not None, "what has no price has no limit"
    assert batch.estimate is not None, "what has a price has an estimate"
    last = rounds[-1]
    spent = together(leaf.spent for leaf in leaves)
    before = together(
        leaf.spent for it in rounds[:-1] for leaf in world.ledger.leaves(it.batch_id, it.number)
    )
    settled = sum(leaf.n for leaf in leaves)
    # What was taken from an earlier batch cost nothing, and says nothing of what the others will.
    seen = sum(leaf.experience.ran for leaf in leaves) if batch.use_cache else settled
    line, attempts = world.ledger.line(last.batch_id, last.number), _attempts(world, last)
    waste = spent_on(run for attempt in attempts for run in attempt.runs)
    return Purse(
        limit=limit,
        spent=spent.usd + before.usd + waste.usd,
        jobs=last.jobs,
        begun=line.last + 1,
        settled=settled,
        in_flight=sum(attempt.failure is None for attempt in attempts),
        run_usd=run_usd(batch.estimate.run_seconds * batch.tariff.rate, seen, spent.usd, sample=SAMPLE),
    )


def _attempts(world: World, round: Round) -> list[Attempt]:
    """All that are open: what failed before them is spent, though no outcome counts it yet."""
    places = world.ledger.open_places(round.batch_id, round.number)
    positions = [ref.position for ref in world.roster.refs(round, places)]
    return world.ledger.attempts(round.batch_id, round.number, positions)


def _braked(
    world: World, batch: Batch, round: Round, intents: Intents, granted: Allowance, reason: str
) -> Pace:
    """The brake that stands, with what the money allows."""
    usual = entry_of(batch).seconds_for(batch.tokens)
    standing = intents.pace or Pace(limit=None, reason=reason, run_seconds=usual, judged_at=world.now())
    return standing.model_copy(
        update={"until": granted.until, "round": round.number, "reason": reason, "judged_at": world.now()}
    )
