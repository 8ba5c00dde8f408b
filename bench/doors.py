"""
``python -m bench.doors``: the routes of all functions on one address, and nothing behind them.

What is submitted is stored and waits, as in the cloud, where other instances work it off.
"""

import os
import signal
import threading

from local.home import noted
from local.listening import WebServer
from local.mount import mount
from shared import wiring
from shared.settings import settings


def main() -> None:
    """Serve until SIGTERM."""
    asked = threading.Event()
    signal.signal(signal.SIGTERM, lambda number, frame: asked.set())
    server = WebServer(0)
    os.environ["OMTX_PORT"] = str(server.port)
    wiring.reset()
    with noted(settings().home, server.url):
        server.start(mount().web)
        asked.wait()
        server.stop()
    wiring.reset()


if __name__ == "__main__":
    main()
