"""
A time limit on patterns that users write: a short one can be made to match for years.

RDKit cannot be told to stop and lets other threads run meanwhile, so the work is done by a thread that is
left behind when its time is over. Only a process that may then be ended should have such a thread. Time is
that of the processor, which a busy machine does not lengthen.
"""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Generic, TypeVar

from shared.chemistry.effort import TooDemanding

SECONDS_FOR_ONE = 2.0
SECONDS_FOR_ALL = 30.0
"""For a block of 500: 60 ms each. Three catalogues take some 2 ms, a sensible pattern far below one."""
LOOK_SECONDS = 0.1
A = TypeVar("A")
B = TypeVar("B")
Work = Callable[[A, Callable[[str], None]], B]


class TooSlow(Exception):
    """The item at ``index`` was not done in time; ``what`` was tried last."""

    def __init__(self, index: int, what: str, seconds: float) -> None:
        super().__init__(index, what, seconds)
        self.index, self.what, self.seconds = index, what, seconds


@dataclass
class _Round(Generic[A, B]):
    """One pass over the items, by a thread; ``at`` is the item, since when, and what is tried."""

    items: Sequence[A]
    work: Work[A, B]
    answers: list[B] = field(default_factory=list)
    error: BaseException | None = None
    at: tuple[int, float, str] = (0, 0.0, "")
    over: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        try:
            for index, item in enumerate(self.items):
                since = time.process_time()
                self.at = (index, since, "")
                self.answers.append(self.work(item, partial(self._begin, index, since)))
        except BaseException as error:  # raised again in the thread that waits
            self.error = error
        self.over.set()

    def _begin(self, index: int, since: float, what: str) -> None:
        self.at = (index, since, what)


def within_limits(items: Sequence[A], work: Work[A, B]) -> list[B]:
    """
    ``work`` of each item, in order; it says what it tries before each step.

    Raises:
        TooSlow: one item took longer than SECONDS_FOR_ONE, or all together longer than SECONDS_FOR_ALL.
    """
    going, begun = _Round(items, work), time.process_time()
    going.at = (0, begun, "")
    threading.Thread(target=going.run, daemon=True).start()
    while not going.over.wait(LOOK_SECONDS):
        index, since, what = going.at
        now = time.process_time()
        if now - since > SECONDS_FOR_ONE:
            raise TooSlow(index, what, SECONDS_FOR_ONE)
        if now - begun > SECONDS_FOR_ALL:
            raise TooSlow(index, what, SECONDS_FOR_ALL)
    if isinstance(going.error, TooDemanding):  # what a process of its own had begun for the item
        raise TooSlow(going.at[0], going.error.at, going.error.seconds) from going.error
    if going.error is not None:
        raise going.error
    return going.answers
