"""
``python -m local.cloud [COMMAND …]``: the platform on the cloud backend, on this machine.

Without a command it runs in the foreground until Ctrl-C; with one it runs as long as the command does,
which finds the platform by ``OMTX_URL``. Whatever was computed is gone with it.
"""

import argparse
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from local.cloud.emulators import EmulatorMissing
from local.cloud.platform import Cloud
from local.home import HomeInUse
from shared.settings import settings


def main() -> int:
    """The exit status, which is the command's if there is one."""
    given = _arguments()
    asked = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: asked.set())
    print("starting Google's emulators and the functions", file=sys.stderr, flush=True)
    try:
        with Cloud(given.home, port=given.port, workers=given.workers, bridge=given.bridge) as cloud:
            print(f"omtx is ready at {cloud.url}, logs in {cloud.home / 'logs'}", flush=True)
            if given.command:
                return _run(given.command, cloud.url)
            asked.wait()
    except (EmulatorMissing, HomeInUse, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _run(command: Sequence[str], url: str) -> int:
    """The exit status of the command, whose affair it is to be asked to stop."""
    with subprocess.Popen(command, env=os.environ | {"OMTX_URL": url}) as process:
        signal.signal(signal.SIGTERM, lambda *_: process.terminate())
        return process.wait()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m local.cloud", description=__doc__)
    parser.add_argument("--home", type=Path, default=settings().home / "cloud", help="logs and functions")
    parser.add_argument("--port", type=int, default=settings().port, help="0 takes any free one")
    parser.add_argument("--workers", type=int, default=settings().workers, help="of the engine")
    parser.add_argument(
        "--bridge", action="store_true", help="deliver many messages at a time, for large screens"
    )
    parser.add_argument("command", nargs=argparse.REMAINDER, help="run this and end")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
