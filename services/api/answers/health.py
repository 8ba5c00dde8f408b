"""What the routes of health answer with; see ``answers``. Null is what cannot be seen or told."""

from datetime import datetime
from typing import Literal

from pydantic import JsonValue

from services.api.answers.completion import Health
from shared.models.base import Frozen


class HealthInShort(Frozen):
    """Whether each dependency answers."""

    status: Literal["ok"]
    timestamp: datetime
    database: str
    storage: str
    supported_tasks: list[str]


class Dependencies(Frozen):
    """``ok`` or what is wrong, by dependency."""

    status: Literal["healthy", "unhealthy"]
    timestamp: datetime
    dependencies: dict[str, str]


class HealthOverall(Frozen):
    """The worst of all; of queues nothing is told while a dependency does not answer."""

    status: Health
    timestamp: datetime
    dependencies: dict[str, str]
    oldest_due_seconds: float | None
    messages_waiting: int | None
    open_dead_letters: int | None


class QueueNow(Frozen):
    """One subscription; ``more``: counting stopped."""

    subscription: str
    messages: int | None
    more: bool
    oldest_due_seconds: float | None


class Service(Frozen):
    """A function; ``status`` is null where it has no queue by which it could be judged."""

    name: str
    trigger: Literal["http", "event"]
    status: Health | None
    queue: QueueNow | None


class Services(Frozen):
    """All functions of the topology, and the worst of them."""

    status: Health
    timestamp: datetime
    services: list[Service]


class SystemStatus(Frozen):
    """What the system is doing."""

    status: Health
    timestamp: datetime
    queues: list[QueueNow]
    engine: dict[str, JsonValue]
    dead_letters: dict[str, int]
