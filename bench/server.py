"""
``python -m bench.server``: the embedded runner, with a clock on every function.

At the end it writes ``timings.json`` into its home: per function the calls, the seconds they took,
and the processor seconds of their threads.
"""

import json
import os
import signal
import threading
import time
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from local.mount import Mounted, mount
from local.runner import Runner
from shared.settings import settings


class Clock:
    """What the functions took, by name."""

    def __init__(self) -> None:
        self.taken: dict[str, list[float]] = defaultdict(lambda: [0, 0.0, 0.0])
        self._lock = threading.Lock()

    def on(self, name: str, app: Any) -> Any:
        """The application, timed."""

        def timed(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
            began, cpu = time.perf_counter(), time.thread_time()
            answer = list(app(environ, start_response))
            with self._lock:
                taken = self.taken[name]
                taken[0] += 1
                taken[1] += time.perf_counter() - began
                taken[2] += time.thread_time() - cpu
            return answer

        return timed

    def mount(self) -> Mounted:
        """All functions, timed. What the server itself takes before and after them is not seen."""
        return mount(self.on)

    def answer(self) -> dict[str, dict[str, float]]:
        """Calls, seconds and processor seconds by function."""
        names = ("calls", "seconds", "cpu_seconds")
        return {name: dict(zip(names, values, strict=True)) for name, values in self.taken.items()}


def main() -> None:
    """Serve until SIGTERM."""
    clock, asked = Clock(), threading.Event()
    signal.signal(signal.SIGTERM, lambda number, frame: asked.set())
    home = settings().home
    with Runner(home, port=0, workers=settings().workers, load=clock.mount):
        asked.wait()
    times = os.times()
    answer = {"functions": clock.answer(), "process_cpu_seconds": times.user + times.system}
    (home / "timings.json").write_text(json.dumps(answer))


if __name__ == "__main__":
    main()
