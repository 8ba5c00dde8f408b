"""``python -m local``: the embedded runner in the foreground."""

import argparse
import sys
from pathlib import Path

from local.home import HomeInUse
from local.serve import serve
from shared.settings import settings


def main() -> int:
    """The exit status."""
    parser = argparse.ArgumentParser(prog="python -m local", description=__doc__)
    parser.add_argument("--home", type=Path, default=settings().home, help="the state folder")
    parser.add_argument("--port", type=int, default=settings().port, help="0 takes any free one")
    parser.add_argument("--workers", type=int, default=settings().workers, help="worker processes")
    given = parser.parse_args()
    try:
        serve(given.home, port=given.port, workers=given.workers)
    except (HomeInUse, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
