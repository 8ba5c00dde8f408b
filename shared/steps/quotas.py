"""Reserving a part of an owner's quota for a batch, and giving it back when the batch is over."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from shared.domain import quotas as rules
from shared.domain.costs import together
from shared.domain.quotas import Figure
from shared.errors import Gone, NotFound
from shared.models.batch import Batch
from shared.models.consumption import Claim, Consumption
from shared.models.limits import Quotas
from shared.ports.consumptions import Consumptions, Decide
from shared.ports.ledger import Ledger
from shared.ports.world import Clock

LOST = timedelta(hours=1)
"""A claim without a batch is of a submission that died: none takes half as long."""

MOST_LOOKED_AT = 50
"""Claims whose batches are looked at in one request: more than any tier has at once."""


@dataclass(frozen=True)
class Quota:
    """
    The quotas of one owner.

    Nothing tells a quota that a batch is over. Whether one is stands in the ledger, and is looked up when
    the quota is asked; so nothing can be forgotten, whatever crashes.
    """

    owner: str
    tier: str
    quotas: Quotas
    consumptions: Consumptions
    ledger: Ledger
    clock: Clock
    hand: str

    def look(self, batch_id: str) -> None:
        """
        Give back what is over, and raise QuotaExceeded if there is no room for anything more.

        It reserves nothing: the library is not read yet.
        """
        if not self.quotas.unlimited:
            self._claimed(self._refreshed(), self._claim(batch_id, 1, 0.0))

    def reserve(self, batch_id: str, *, ligands: int, usd: float | None) -> None:
        """
        Claim for a batch, before anything of it is stored; a second time changes nothing.

        Raises:
            QuotaExceeded: this is more than what is left. Nothing was claimed.
        """
        claim = self._claim(batch_id, ligands, usd or 0.0)
        self._change(lambda used: self._claimed(used, claim))

    def confirm(self, batch: Batch) -> None:
        """
        The batch is open: it counts, whatever a twin of its submission has done to the claim meanwhile.

        What is counted is what was opened.
        """
        usd = batch.estimate.usd if batch.estimate else None
        claim = self._claim(batch.batch_id, batch.counts.jobs, usd or 0.0)
        self._change(partial(rules.confirmed, claim=claim, now=claim.at))

    def cancel(self, batch_id: str) -> None:
        """This submission failed before its batch was opened; what a twin of it has claimed stays."""
        self._change(partial(rules.voided, batch_id=batch_id, hand=self.hand))

    def figures(self) -> list[Figure]:
        """How the quotas stand; nothing is counted of an owner who has none."""
        return rules.figures(self._refreshed(), self.quotas, now=self.clock.now())

    def _claim(self, batch_id: str, ligands: int, usd: float) -> Claim:
        return Claim(batch_id=batch_id, hand=self.hand, ligands=ligands, usd=usd, at=self.clock.now())

    def _claimed(self, used: Consumption, claim: Claim) -> Consumption:
        return rules.claimed(used, claim, self.quotas, tier=self.tier, now=self.clock.now())

    def _change(self, decide: Decide) -> None:
        if not self.quotas.unlimited:
            self.consumptions.change(self.owner, decide)

    def _refreshed(self) -> Consumption:
        if self.quotas.unlimited:
            return Consumption()
        used, now = self.consumptions.consumption(self.owner), self.clock.now()
        claims = sorted(used.open.values(), key=lambda claim: claim.at)[:MOST_LOOKED_AT]
        ends = [end for claim in claims if (end := _end(self.ledger, claim, now=now)) is not None]
        return self.consumptions.change(self.owner, partial(_applied, ends)) if ends else used


def _applied(ends: list[Decide], used: Consumption) -> Consumption:
    for end in ends:
        used = end(used)
    return used


def _end(ledger: Ledger, claim: Claim, *, now: datetime) -> Decide | None:
    """What becomes of a claim; None while its batch is under way."""
    try:
        intents = ledger.intents(claim.batch_id)
        closing = ledger.closing(claim.batch_id, intents.round)
        if closing is None or closing.finished_at is None or intents.retry > intents.round:
            return None
        return partial(
            rules.released, batch_id=claim.batch_id, usd=_spent(ledger, claim.batch_id, intents.round)
        )
    except Gone:
        return partial(rules.released, batch_id=claim.batch_id, usd=None)
    except NotFound:
        lost = now - claim.at > LOST
        return partial(rules.voided, batch_id=claim.batch_id, hand=claim.hand) if lost else None


def _spent(ledger: Ledger, batch_id: str, rounds: int) -> float:
    """What the runs of all rounds were counted for."""
    leaves = (leaf for number in range(rounds + 1) for leaf in ledger.leaves(batch_id, number))
    return together(leaf.spent for leaf in leaves).usd
