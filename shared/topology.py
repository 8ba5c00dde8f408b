"""The one table of functions, routes, topics and subscriptions, read from ``services/topology.json``."""

from collections.abc import Mapping
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from shared.models.base import Frozen

INSIDE = "-inside"
PATH = Path(__file__).resolve().parent.parent / "services" / "topology.json"


class Route(Frozen):
    """A method (``*``: any) and a path; an HTTP function also owns what lies below its path."""

    method: str
    path: str


class Subscription(Frozen):
    """One function's subscription to one topic; unset numbers come from the defaults."""

    name: str
    topic: str
    ack_deadline_seconds: int | None = None


class Opens(Frozen):
    """
    What a function opens, and so what its identity is granted.

    ``objects``: to ``sign`` is to make URLs that let others read or write, for which the function opens the
    secret ``urls``; the key in there is another identity's. ``secrets`` names purposes;
    whoever opens the ``engine`` needs its token too, ``modal-token``, where models run at Modal.
    Whoever opens the ``msa_server`` needs the login to it, ``msa-login``, where that is kept as a secret.
    Whoever opens ``redis`` counts and keeps answers there, where there is one; else for itself.
    ``dead_letters``: it takes in what the topics gave up. Whoever handles a topic may park in the ledger.
    ``orders``: it places orders at ``submit`` for users who came by another door.
    """

    ledger: Literal["read", "write"] | None = None
    objects: tuple[Literal["read", "write", "sign"], ...] = ()
    secrets: tuple[str, ...] = ()
    engine: bool = False
    dead_letters: bool = False
    msa_server: bool = False
    redis: bool = False
    orders: bool = False


class DeadLetterQueue(Frozen):
    """Where the platform puts what was delivered too often, and the subscription that is read from there."""

    topic: str
    subscription: str


class Function(Frozen):
    """
    One deployable function; ``concurrency`` counts the requests that one instance takes at a time.

    ``interface``: what ``entry_point`` names in its ``main.py``, a function of functions-framework or a
    whole ASGI application. ``inside``: in the cloud it is deployed once more, for our own functions alone,
    since those cannot come through the load balancer, which lets in the addresses of users.
    """

    trigger: Literal["http", "event"]
    interface: Literal["function", "asgi"] = "function"
    inside: bool = False
    entry_point: str
    memory_mb: Annotated[int, Field(ge=512)]
    timeout_seconds: Annotated[int, Field(ge=1, le=3600)]
    concurrency: Annotated[int, Field(ge=1, le=1000)]
    max_instances: Annotated[int, Field(ge=1, le=1000)]
    routes: tuple[Route, ...] = ()
    subscription: Subscription | None = None
    schedule: str | None = None
    publishes: tuple[str, ...] = ()
    opens: Opens

    def route_of(self, path: str) -> str:
        """The route that a path is or lies below; ``other`` if none."""
        known = (route.path for route in self.routes)
        return max((it for it in known if path == it or path.startswith(f"{it}/")), key=len, default="other")


class Defaults(Frozen):
    """What every subscription has unless it says otherwise."""

    ack_deadline_seconds: Annotated[int, Field(ge=10, le=600)]
    min_backoff_seconds: Annotated[int, Field(ge=0, le=600)]
    max_backoff_seconds: Annotated[int, Field(ge=0, le=600)]
    max_delivery_attempts: Annotated[int, Field(ge=5, le=100)]

    def pause(self, delivery: int) -> timedelta:
        """What follows the delivery of that number, from 1: each pause is twice the one before."""
        longest, first = self.max_backoff_seconds, self.min_backoff_seconds
        return timedelta(seconds=min(first * 2 ** min(delivery - 1, 10), longest))

    def patience(self) -> timedelta:
        """From the first delivery of a message that is always refused to the last."""
        return sum(map(self.pause, range(1, self.max_delivery_attempts)), timedelta())


class Topology(Frozen):
    """The whole table."""

    topics: tuple[str, ...]
    dead_letters: DeadLetterQueue
    functions: Mapping[str, Function]
    subscription_defaults: Defaults

    def public(self) -> dict[str, Function]:
        """What users and the engine call. What a schedule calls is not among them, though it has a route."""
        return {name: it for name, it in self.functions.items() if it.routes and it.schedule is None}

    def deployed(self) -> dict[str, Function]:
        """What runs in the cloud: what is for our own functions too has a twin there, without routes."""
        inside = {f"{name}{INSIDE}": it for name, it in self.functions.items() if it.inside}
        return {
            **self.functions,
            **{name: it.model_copy(update={"routes": ()}) for name, it in inside.items()},
        }

    def subscriptions(self) -> dict[str, tuple[str, ...]]:
        """The names of the subscriptions of each topic."""
        found: dict[str, tuple[str, ...]] = dict.fromkeys(self.topics, ())
        for function in self.functions.values():
            if function.subscription is not None:
                found[function.subscription.topic] += (function.subscription.name,)
        return found


@cache
def topology() -> Topology:
    """The table of this checkout."""
    return Topology.model_validate_json(PATH.read_text())
