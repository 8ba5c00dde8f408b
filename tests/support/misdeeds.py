"""What a process that looks at molecules may come to; it imports these by name."""

import os
from pathlib import Path

from shared.apart import note
from shared.errors import NotFound


def spin(*noted: str) -> None:
    """Never end."""
    for it in noted:
        note(it)
    while True:
        pass


def hoard() -> int:
    """Take a gibibyte."""
    return len(bytearray(1 << 30))


def refuse() -> None:
    """Raise."""
    raise NotFound("nothing is here")


def once(path: str, how: int) -> str:
    """Ends its process the first time that it is called with this path."""
    if Path(path).exists():
        return "done"
    Path(path).touch()
    os.kill(os.getpid(), how)
    return "not reached"


def always(how: int) -> None:
    """End the own process."""
    os.kill(os.getpid(), how)
