"""The runner in the foreground, until it is asked to stop."""

import logging
import signal
import threading
from pathlib import Path

from local.runner import Runner
from shared.settings import settings

# RDKit takes SIGINT over during some computations, and does not always give it back.
LISTEN_AGAIN_SECONDS = 1.0
LOG_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


def serve(home: Path, *, port: int, workers: int) -> None:
    """
    Run the platform until SIGTERM or SIGINT; a second signal ends the process at once.

    Raises:
        HomeInUse: another runner works on this state folder.
        OSError: the port is taken.
    """
    asked = threading.Event()

    def ask(number: int, _: object) -> None:
        signal.signal(number, signal.SIG_DFL)
        asked.set()

    def listen() -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, ask)

    listen()
    _log_to(home / "logs" / "runner.log")
    with Runner(home, port=port, workers=workers) as runner:
        print(f"omtx is ready at {runner.url}, state in {runner.home}", flush=True)
        while not asked.wait(LISTEN_AGAIN_SECONDS):
            listen()


def _log_to(path: Path) -> None:
    """Everything to the file, but of steps those that went wrong; errors to the terminal as well."""
    path.parent.mkdir(parents=True, exist_ok=True)
    terminal = logging.StreamHandler()
    terminal.setLevel(logging.ERROR)
    logging.basicConfig(level=logging.INFO, format=LOG_FORMAT, handlers=[logging.FileHandler(path), terminal])
    logging.getLogger("httpx").setLevel(logging.WARNING)
    if not settings().logs_json:
        logging.getLogger("omtx.steps").setLevel(logging.WARNING)
