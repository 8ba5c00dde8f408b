"""Requests that are kept open until a job has its outcome; none of them holds a thread."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool

from shared.errors import Unavailable
from shared.models.facts import Outcome

FIRST_PAUSE, LONGEST_PAUSE = 0.1, 2.0


@dataclass
class Seats:
    """How many wait in this process; whoever comes when all seats are taken is sent away for a while."""

    taken: int = 0

    @contextmanager
    def seat(self, most: int) -> Iterator[None]:
        """Raise Unavailable if there is none."""
        if self.taken >= most:
            raise Unavailable(f"{most} predictions are waited for here already; ask again")
        self.taken += 1
        try:
            yield
        finally:
            self.taken -= 1


async def outcome_by(
    look: Callable[[], Outcome | None], *, seconds: float, left: Callable[[], Awaitable[bool]]
) -> Outcome | None:
    """
    The outcome, once there is one; None if there is none in time, or the client has ``left``.

    One small read a look, ever more seldom, two seconds apart at last.
    """
    end, pause = time.monotonic() + seconds, FIRST_PAUSE
    while True:
        found = await run_in_threadpool(look)
        remaining = end - time.monotonic()
        if found is not None or remaining <= 0 or await left():
            return found
        await asyncio.sleep(min(pause, remaining))
        pause = min(1.5 * pause, LONGEST_PAUSE)
