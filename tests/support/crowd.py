"""Many callers at once."""

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

A = TypeVar("A")
T = TypeVar("T")


def at_once(deed: Callable[[A], T], things: Iterable[A]) -> list[T]:
    """Do the deed to each thing in a thread of its own, all let go together; the answers in order."""
    things = list(things)
    gate = threading.Barrier(len(things))

    def run(thing: A) -> T:
        gate.wait(timeout=30)
        return deed(thing)

    with ThreadPoolExecutor(len(things)) as pool:
        return list(pool.map(run, things))
