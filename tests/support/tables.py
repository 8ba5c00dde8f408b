"""Subscriptions that give up early, for tests that wait for it: the product's do not for an hour."""

from shared.topology import Defaults, Topology, topology

SOON = Defaults(
    ack_deadline_seconds=60, min_backoff_seconds=1, max_backoff_seconds=60, max_delivery_attempts=5
)


def impatient() -> Topology:
    """The product's table, otherwise."""
    return topology().model_copy(update={"subscription_defaults": SOON})
