"""Keys pressed while something is shown."""

import os
import select
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

QUIT = frozenset("qQ\x1b")


@contextmanager
def pressed() -> Iterator["Keys"]:
    """Keys come one by one, without the enter key; what the terminal was set to is put back."""
    if not sys.stdin.isatty():
        yield Keys(None)
        return
    import termios  # not there on every system
    import tty

    terminal = sys.stdin.fileno()
    before = termios.tcgetattr(terminal)
    try:
        tty.setcbreak(terminal)  # Ctrl-C stays what it is
        yield Keys(terminal)
    finally:
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)


class Keys:
    """Those of a terminal; None: there are no keys, only time."""

    def __init__(self, terminal: int | None) -> None:
        self._terminal = terminal

    def quit_within(self, seconds: float) -> bool:
        """Wait so long, or until somebody presses ``q``; whether somebody did."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if self._terminal is None:
                time.sleep(left)
            elif select.select([self._terminal], [], [], left)[0]:
                key = os.read(self._terminal, 1).decode(errors="replace")
                if not key or key in QUIT:  # no key at all: the terminal is gone
                    return True
        return False
