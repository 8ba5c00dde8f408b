"""
The embedded runner: the whole platform in one process and its workers, on one state folder.

It holds a lock on the folder for as long as it lives; a crash releases it. Whatever the crash left
half done is finished after the next start.
"""

import gc
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from local.engine import engine
from local.home import locked, noted
from local.listening import WebServer
from local.mount import Mounted, mount
from local.parts import Parts
from local.pool import Pool
from local.pump import Courier, Pump
from local.schedule import Schedule
from shared import wiring
from shared.settings import settings
from shared.topology import topology


class Runner(Parts):
    """
    A context manager: inside it the platform runs at ``url``, and it is ended gracefully.

    The settings of this process are those of the runner meanwhile. Port 0 takes any free one.
    ``load`` loads the functions; a benchmark puts a clock on them.
    """

    def __init__(self, home: Path, *, port: int, workers: int, load: Callable[[], Mounted] = mount) -> None:
        self.home = home.resolve()
        self.url = ""
        self._port = port
        self._workers = workers
        self._load = load

    def _start(self, stack: ExitStack) -> None:
        """Start each part; the stack ends them in reverse, the web server after all that need it."""
        stack.enter_context(locked(self.home))
        all_cores = stack.enter_context(_on_one_core())
        server = WebServer(self._port, settings().host)
        stack.callback(server.stop)
        stack.enter_context(_configured(home=self.home, port=server.port, workers=self._workers))
        self.url = settings().base_url
        _guarded()
        stack.enter_context(noted(self.home, self.url))
        with loaded_for_good():
            mounted = self._load()
        stack.callback(gc.unfreeze)
        server.start(mounted.web)
        stack.callback(server.stop)
        for part in _parts(mounted, self.home / "logs", all_cores):
            part.start()
            stack.callback(part.stop)


class NoKeys(Exception):
    """The server would be open to others, and nobody needs a key."""


def _guarded() -> None:
    if not settings().is_loopback and not wiring.keys().any():
        refused = f"others could reach this server at {settings().host}, and there is no API key"
        raise NoKeys(f"{refused}; make one first: omtx keys create --admin --home {settings().home}")


def _parts(mounted: Mounted, logs: Path, cores: frozenset[int]) -> tuple[Pool, Pump, Schedule]:
    logs.mkdir(exist_ok=True)
    bus, table = wiring.local_bus(), topology()
    pump = Pump(Courier(mounted.subscribers, bus=bus, table=table), bus=bus)
    path = table.functions["reconcile"].routes[0].path
    schedule = Schedule(mounted.functions["reconcile"], path, seconds=settings().reconcile_seconds)
    return engine(logs, cores), pump, schedule


@contextmanager
def loaded_for_good() -> Iterator[None]:
    """
    What is loaded here is not searched for garbage, neither now nor while the platform runs.

    It is most of what the process holds, all of it is needed to the end, and each search of it takes as
    long as some dozens of short jobs.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
    gc.freeze()


@contextmanager
def _on_one_core() -> Iterator[frozenset[int]]:
    """
    Keep this thread, and those it starts, on one core; all the cores there are, for the workers.

    Only one thread of Python runs at a time. On several cores the others wake up just to find that
    out: a chain of short jobs costs a third more processor time, and half of its throughput.
    """
    if not hasattr(os, "sched_setaffinity"):
        yield frozenset()
        return
    cores = frozenset(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {sorted(cores)[os.getpid() % len(cores)]})
    try:
        yield cores
    finally:
        os.sched_setaffinity(0, cores)


@contextmanager
def _configured(*, home: Path, port: int, workers: int) -> Iterator[None]:
    """Settings and wiring of this runner, in place of what the process had."""
    given = {"OMTX_HOME": str(home), "OMTX_PORT": str(port), "OMTX_WORKERS": str(workers)}
    before = {name: os.environ.get(name) for name in given}
    os.environ.update(given)
    wiring.reset()
    try:
        yield
    finally:
        wiring.reset()
        for name, value in before.items():
            os.environ.pop(name)
            if value is not None:
                os.environ[name] = value
