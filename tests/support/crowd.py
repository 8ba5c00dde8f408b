"""Many callers at once."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


def at_once(actions: list[Callable[[], T]]) -> list[T]:
    """Run every action in its own thread, all let go together; their answers in order."""
    gate = threading.Barrier(len(actions))

    def run(action: Callable[[], T]) -> T:
        gate.wait(timeout=30)
        return action()

    with ThreadPoolExecutor(len(actions)) as pool:
        return list(pool.map(run, actions))
