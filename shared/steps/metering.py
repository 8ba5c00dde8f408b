"""Counting requests against what their callers may: by address before one is known, by key after."""

from collections.abc import Mapping
from dataclasses import dataclass

from shared.domain.allowances import too_many
from shared.domain.bucket import Level, Taking
from shared.models.access import Principal
from shared.models.limits import DEFAULT_TIER, GUESSES, Endpoints, Policy, Quotas, Tier
from shared.ports.limiter import Limiter


def holder_of(caller: Principal) -> str:
    """Whose buckets a request takes from: each key has its own."""
    return f"owner:{caller.owner}" if caller.key_id is None else f"key:{caller.key_id}"


@dataclass(frozen=True)
class Meter:
    """
    ``counts_keyless``: whether also those are limited who need no key.

    One user on a laptop is not, unless the settings say so.
    """

    limiter: Limiter
    tiers: Mapping[str, Tier]
    counts_all: bool
    counts_keyless: bool

    def tier(self, caller: Principal) -> Tier:
        """What the caller may; an unknown tier may what the first one may."""
        return self.tiers.get(caller.tier) or self.tiers[DEFAULT_TIER]

    def limits(self, caller: Principal) -> bool:
        """Whether this caller is limited at all."""
        return self.counts_all and (self.counts_keyless or caller.key_id is not None)

    def quotas(self, caller: Principal) -> Quotas:
        """How much work the caller's owner may have done."""
        return self.tier(caller).quotas if self.limits(caller) else Quotas()

    def look(self, address: str, *, with_key: bool) -> None:
        """Raise TooMany if keys were guessed from this address: this one is not even looked up."""
        if self.counts_all and (self.counts_keyless or with_key):
            taking = self.limiter.take(f"address:{address}", [GUESSES], 0)
            if not taking.allowed:
                raise too_many(taking, tier="none", endpoints=None)

    def guessed(self, address: str) -> None:
        """Somebody at this address came with a key that is none, or without one."""
        if self.counts_all:
            self.limiter.take(f"address:{address}", [GUESSES])

    def admit(self, caller: Principal, endpoints: Endpoints | None) -> Taking | None:
        """
        Count one request; None if it is not limited.

        Raises:
            TooMany: a bucket is empty; nothing was taken.
        """
        if endpoints is None or not self.limits(caller):
            return None
        taking = self.limiter.take(holder_of(caller), self.tier(caller).rates.policies(endpoints))
        if not taking.allowed:
            raise too_many(taking, tier=caller.tier, endpoints=endpoints)
        return taking

    def levels(self, caller: Principal) -> dict[str, Level]:
        """All buckets of the caller as they stand; nothing is taken."""
        rates = self.tier(caller).rates
        policies = [Policy(name=it.value, most=getattr(rates, it.value)) for it in Endpoints]
        taking = self.limiter.take(holder_of(caller), policies, 0)
        return {level.policy.name: level for level in taking.levels}
