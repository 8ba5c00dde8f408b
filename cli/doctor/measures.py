"""Looking at this machine. What cannot be measured comes back as the reason why."""

import contextlib
import fcntl
import importlib
import importlib.metadata
import json
import os
import socket
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx

from cli.doctor.checks import Server
from local.gpus import gpus as found
from services.align.server import Later, Refused, connection
from shared import wiring
from shared.settings import settings

PART = ".part-"
PART_HOURS = 1.0
MOST_FILES, MOST_SECONDS = 2_000_000, 20.0
LISTENING = "0A"
ANSWER_SECONDS = 5.0


def imported(name: str) -> tuple[str | None, str | None]:
    """Version and error of a package."""
    try:
        importlib.import_module(name)
        return importlib.metadata.version(name), None
    except importlib.metadata.PackageNotFoundError:
        return None, None
    except (ImportError, OSError) as error:
        return None, str(error).splitlines()[0]


def gpus() -> int:
    """How many this machine has, as its driver says."""
    return len(found())


def pythons(named: Mapping[str, Path]) -> dict[str, bool]:
    """Whether the Python of each model can be run."""
    return {model: os.access(python, os.X_OK) for model, python in named.items()}


def standing(home: Path) -> Path:
    """The home, or of the folders above it the first that exists."""
    return next(path for path in (home.resolve(), *home.resolve().parents) if path.exists())


@dataclass(frozen=True)
class Written:
    """A file was written, synced and deleted: how long the sync took, and the disk's time of it."""

    seconds: float | None = None
    file_time: datetime | None = None
    error: str | None = None


def written(folder: Path) -> Written:
    """Try it; three syncs, the middle one counts."""
    try:
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".doctor-") as file:
            times = sorted(_synced(file.fileno()) for _ in range(3))
            return Written(times[1], datetime.fromtimestamp(os.fstat(file.fileno()).st_mtime, UTC))
    except OSError as error:
        return Written(error=error.strerror or str(error))


def _synced(handle: int) -> float:
    os.write(handle, b"doctor" * 1000)
    begun = time.perf_counter()
    os.fsync(handle)
    return time.perf_counter() - begun


@contextlib.contextmanager
def home_to_ourselves(home: Path) -> Iterator[bool]:
    """Whether no runner works on the home; none can start inside."""
    lock = home / "runner.lock"
    if not lock.exists():
        yield True
        return
    with lock.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True


def server(home: Path) -> Server:
    """The runner of the home."""
    with home_to_ourselves(home) as free:
        held = not free
    try:
        note = json.loads((home / "runner.json").read_text())
        url, pid = str(note["url"]), int(note["pid"])
    except (OSError, ValueError, KeyError, TypeError):
        return Server(held, None, None, False)
    return Server(held, url, pid, held and _answers(url))


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health", timeout=ANSWER_SECONDS, trust_env=False).is_success
    except (httpx.HTTPError, httpx.InvalidURL):
        return False


def alignments_error() -> str | None:
    """What is wrong with the server of alignments: it is asked after a ticket that it never gave."""
    try:
        with connection(settings(), wiring.secrets) as server:
            server.poll("doctor")
    except Later as error:
        return str(error)
    except Refused as error:
        return None if error.answered in (400, 404) else str(error)
    return None


def taken(port: int) -> bool:
    """Whether a program listens there."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def listener(port: int) -> str | None:
    """The process that listens at a port, where Linux tells us: its number and name."""
    with contextlib.suppress(OSError, ValueError):
        sockets = {f"socket:[{inode}]" for inode in _listening(port)}
        for link in Path("/proc").glob("[0-9]*/fd/*"):
            with contextlib.suppress(OSError):
                if os.readlink(link) in sockets:
                    name = (link.parents[1] / "comm").read_text().strip()
                    return f"process {link.parents[1].name} ({name})"
    return None


def _listening(port: int) -> Iterator[str]:
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == LISTENING and int(fields[1].rpartition(":")[2], 16) == port:
                yield fields[9]


def cores() -> int:
    """Those this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def key_modes(home: Path) -> dict[str, int]:
    """Path → permission bits, of the folder of the signing keys and of what lies in it."""
    folder = home / "secrets"
    paths = [folder, *folder.iterdir()] if folder.is_dir() else []
    return {str(path): path.stat().st_mode & 0o777 for path in paths}


@dataclass(frozen=True)
class Leftovers:
    """Parts of objects that were never renamed to what they were to be."""

    count: int
    size: int
    complete: bool
    deleted: int


def leftovers(home: Path, *, now: datetime, delete: bool = False) -> Leftovers:
    """Those older than an hour, as younger ones may be being written; a huge home is looked at in part."""
    count = size = deleted = seen = 0
    end = time.monotonic() + MOST_SECONDS
    for folder, _, names in os.walk(home / "objects"):
        seen += len(names)
        if seen > MOST_FILES or time.monotonic() > end:
            return Leftovers(count, size, False, deleted)
        for name in names:
            if not name.startswith(PART) or (found := _old(Path(folder, name), now)) is None:
                continue
            if delete:
                Path(folder, name).unlink(missing_ok=True)
                deleted += 1
            else:
                count, size = count + 1, size + found
    return Leftovers(count, size, True, deleted)


def _old(path: Path, now: datetime) -> int | None:
    """The size of a file that nobody has written to for an hour."""
    with contextlib.suppress(OSError):
        found = path.stat()
        if now.timestamp() - found.st_mtime > PART_HOURS * 3600:
            return found.st_size
    return None
