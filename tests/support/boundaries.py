"""
Every call to an adapter is a boundary, numbered in the order in which a schedule meets it.

At a boundary the process can be killed before or after the call takes effect, the call can fail
before or after it takes effect, and other work can be done in between, as another process would.
``seen`` is told of every effect, whether or not the caller learns of it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

from shared.errors import Unavailable, Unknown


class Killed(BaseException):
    """The process died here: nothing after this line runs, as no ``except Exception`` catches it."""


class Fault(Enum):
    """What happens at a boundary."""

    KILL_BEFORE = auto()
    KILL_AFTER = auto()
    FAIL_BEFORE = auto()
    FAIL_AFTER = auto()


@dataclass
class Boundaries:
    """
    Which fault strikes at which boundary; ``between`` is called at each, for interleaving.

    ``met`` lists the boundaries so far: the function whose message was last delivered, and the call.
    """

    plan: Callable[[int, str], Fault | None]
    between: Callable[[], None] = lambda: None
    seen: Callable[[str, Any, tuple[Any, ...]], None] = lambda name, answer, arguments: None
    met: list[tuple[str, str]] = field(default_factory=list)
    where: str = ""

    def wrap(self, port: str, adapter: Any) -> Any:
        """The adapter, with a boundary around each of its methods."""
        return _Guarded(port, adapter, self)

    def cross(self, name: str, effect: Callable[[], Any], arguments: tuple[Any, ...]) -> Any:
        """Make one call, or let it fail as planned; ``seen`` learns of every effect."""
        self.met.append((self.where, name))
        fault = self.plan(len(self.met), name)
        self.between()
        if fault is Fault.KILL_BEFORE:
            raise Killed(name)
        if fault is Fault.FAIL_BEFORE:
            raise Unavailable(f"{name}: refused")
        answer = effect()
        self.seen(name, answer, arguments)
        if fault is Fault.KILL_AFTER:
            raise Killed(name)
        if fault is Fault.FAIL_AFTER:
            raise Unknown(f"{name}: the answer was lost")
        return answer


class _Guarded:
    def __init__(self, port: str, adapter: Any, boundaries: Boundaries) -> None:
        self._port, self._adapter, self._boundaries = port, adapter, boundaries

    def __getattr__(self, method: str) -> Any:
        original = getattr(self._adapter, method)

        def guarded(*args: Any, **kwargs: Any) -> Any:
            name = f"{self._port}.{method}"
            return self._boundaries.cross(name, lambda: original(*args, **kwargs), args)

        return guarded
