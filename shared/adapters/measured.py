"""Any adapter, with a count and a clock on its methods."""

import time
from collections.abc import Callable
from typing import Any, TypeVar, cast

from shared.errors import OmtxError
from shared.measures import PORT_SECONDS

P = TypeVar("P")


def measured(port: str, adapter: P) -> P:
    """
    The adapter; calls of its methods are counted by operation and outcome, under the name of the port.

    What a method gives piece by piece is counted when it is asked for, not as it is read.
    """
    return cast(P, _Measured(port, adapter))


class _Measured:
    def __init__(self, port: str, adapter: Any) -> None:
        self._port, self._adapter = port, adapter

    def __repr__(self) -> str:
        return f"measured {type(self._adapter).__name__}"

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._adapter, name)
        if not callable(found) or name.startswith("_"):
            return found
        # The next call finds it without asking here.
        timed = self.__dict__[name] = self._timed(name, found)
        return timed

    def _timed(self, name: str, method: Callable[..., Any]) -> Callable[..., Any]:
        port = self._port

        def timed(*args: Any, **kwargs: Any) -> Any:
            outcome, began = "done", time.perf_counter()
            try:
                return method(*args, **kwargs)
            except OmtxError as error:
                outcome = type(error).__name__
                raise
            finally:
                PORT_SECONDS.observe(time.perf_counter() - began, port, name, outcome)

        return timed
