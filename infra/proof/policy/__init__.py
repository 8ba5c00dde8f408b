"""
What must hold of every deployment, whatever its variables.

Each rule takes a deployment and what is wanted, and yields a sentence for each thing that is wrong.
"""

from collections.abc import Callable, Iterator

from infra.proof.deployment import Deployment
from infra.proof.policy import alerts, data, delivery, frontend, functions, grants, redis
from infra.proof.wanted import Wanted

RULES: tuple[Callable[[Deployment, Wanted], Iterator[str]], ...] = (
    *functions.RULES,
    *delivery.RULES,
    *grants.RULES,
    *data.RULES,
    *frontend.RULES,
    *alerts.RULES,
    *redis.RULES,
)


def broken(deployment: Deployment, wanted: Wanted) -> Iterator[str]:
    """What is wrong, in the order of the rules."""
    for rule in RULES:
        yield from rule(deployment, wanted)
