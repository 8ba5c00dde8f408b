"""The state folder: one runner at a time works on it, and says in it where it is reached."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class HomeInUse(Exception):
    """Another runner works on this state folder."""


@contextmanager
def locked(home: Path) -> Iterator[None]:
    """Be the only one on ``home``, until the process ends; HomeInUse if somebody is."""
    home.mkdir(parents=True, exist_ok=True)
    with (home / "runner.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise HomeInUse(f"{home} is in use by {_holder(home)}") from error
        yield


def _holder(home: Path) -> str:
    try:
        note = json.loads((home / "runner.json").read_text())
        return f"process {note['pid']} at {note['url']}"
    except FileNotFoundError:
        return "another process, which is starting or stopping"


@contextmanager
def noted(home: Path, url: str) -> Iterator[None]:
    """Say in ``runner.json`` where the runner is reached. One that a crash left has no lock beside it."""
    note, temporary = home / "runner.json", home / ".runner.json"
    temporary.write_text(json.dumps({"pid": os.getpid(), "url": url}))
    temporary.replace(note)
    try:
        yield
    finally:
        note.unlink(missing_ok=True)
