"""
``python -m bench.doors``: the routes of all functions on one address, and nothing behind them.

What is submitted is stored and waits, as in the cloud, where other instances work it off. There is a process
for each core, as there are instances there: one process of Python computes on one core at a time.
"""

import os
import signal
import threading

from local.home import noted
from local.listening import WebServer
from local.mount import mount
from local.runner import loaded_for_good
from shared import wiring
from shared.settings import settings


def main() -> None:
    """Serve until SIGTERM, in as many processes as there are cores."""
    asked = threading.Event()
    signal.signal(signal.SIGTERM, lambda number, frame: asked.set())
    server = WebServer(0)
    os.environ["OMTX_PORT"] = str(server.port)
    wiring.reset()
    mine, *cores = sorted(os.sched_getaffinity(0))
    others = [_serve_apart(server, asked, core) for core in cores]
    with noted(settings().home, server.url):
        _serve(server, asked, mine)
    for pid in others:
        os.kill(pid, signal.SIGTERM)
    for pid in others:
        os.waitpid(pid, 0)


def _serve_apart(server: WebServer, asked: threading.Event, core: int) -> int:
    """A process that answers on the same socket, until SIGTERM; its id."""
    if pid := os.fork():
        return pid
    _serve(server, asked, core)
    os._exit(0)


def _serve(server: WebServer, asked: threading.Event, core: int) -> None:
    """As the runner does: on one core, and with nothing that is loaded searched for garbage."""
    os.sched_setaffinity(0, {core})
    with loaded_for_good():
        app = mount().web
    server.start(app)
    asked.wait()
    server.stop()
    wiring.reset()


if __name__ == "__main__":
    main()
