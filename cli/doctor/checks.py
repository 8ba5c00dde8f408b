"""From what was measured to what is wrong and how to mend it: pure. Times in seconds, sizes in bytes."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from shared.adapters.local.inspection import StateFile

OLDEST_PYTHON = (3, 11)
OLDEST_SQLITE = (3, 35, 0)  # the first with RETURNING
LITTLE_DISK, NO_DISK = 5 * 1024**3, 512 * 1024**2
SLOW_SYNC_SECONDS = 0.1
CLOCK_SKEW = timedelta(seconds=5)
FUTURE = timedelta(minutes=1)
BUILT = datetime.fromisoformat("2025-01-01T00:00:00+00:00")
STALLED = timedelta(minutes=15)


class Level(StrEnum):
    """``warn``: it works, or will by itself; ``FAIL``: something will not work until it is mended."""

    OK = "ok"
    WARN = "warn"
    FAIL = "FAIL"


@dataclass(frozen=True)
class Check:
    """What was looked at, what was found, and, unless all is well, what would mend it."""

    name: str
    level: Level
    found: str
    remedy: str = ""


def python(version: tuple[int, ...]) -> Check:
    """The interpreter."""
    said = ".".join(map(str, version[:3]))
    if version[:2] < OLDEST_PYTHON:
        return Check("python", Level.FAIL, f"Python {said}", "install Python 3.11 or newer, then `make demo`")
    return Check("python", Level.OK, f"Python {said}")


def package(name: str, version: str | None, error: str | None) -> Check:
    """A package that the models need."""
    if error is not None:
        remedy = "install again: `pip install -r requirements/embedded.txt`"
        return Check(f"package {name}", Level.FAIL, f"cannot be imported: {error}", remedy)
    return Check(f"package {name}", Level.OK, version or "version unknown")


def home(path: str, *, exists: bool, error: str | None) -> Check:
    """The state folder."""
    if error is not None:
        remedy = "make it yours (chown, chmod), or name another with --home"
        return Check("home", Level.FAIL, f"{path} cannot be written: {error}", remedy)
    return Check("home", Level.OK, path if exists else f"{path} will be made at first use")


def disk(free: int) -> Check:
    """Room for artefacts."""
    said = f"{free / 1024**3:.1f} GiB free"
    if free < LITTLE_DISK:
        level = Level.FAIL if free < NO_DISK else Level.WARN
        return Check("disk", level, said, "free some space, or name a home on another disk")
    return Check("disk", Level.OK, said)


def fsync(seconds: float | None, *, wanted: bool, error: str | None = None) -> Check:
    """Whether what is committed is on disk."""
    if error is not None or seconds is None:
        remedy = "keep the home on a local disk"
        return Check("fsync", Level.FAIL, error or "nothing could be synced", remedy)
    said = f"{seconds * 1000:.1f} ms"
    if not wanted:
        found = f"off (OMTX_FSYNC); it would take {said}"
        return Check("fsync", Level.WARN, found, "unset OMTX_FSYNC: a power cut may lose results")
    if seconds > SLOW_SYNC_SECONDS:
        return Check("fsync", Level.WARN, f"{said} is slow", "keep the home on a local disk, best an SSD")
    return Check("fsync", Level.OK, said)


def sqlite(version: tuple[int, ...]) -> Check:
    """The library."""
    said = ".".join(map(str, version))
    if version < OLDEST_SQLITE:
        return Check("sqlite", Level.FAIL, f"SQLite {said}", "use a Python with SQLite 3.35 or newer")
    return Check("sqlite", Level.OK, f"SQLite {said}")


def state(file: StateFile | None, *, error: str | None = None) -> Check:
    """The state file; None if there is none yet."""
    restore = "stop the server, keep a copy of the home, and restore state.db from a backup"
    if error is not None:
        return Check("state", Level.FAIL, f"state.db cannot be read: {error}", restore)
    if file is None:
        return Check("state", Level.OK, "no batch was submitted here yet")
    if file.problems or file.missing:
        wrong = [*file.problems, *(f"{column} is missing" for column in file.missing)]
        return Check("state", Level.FAIL, f"state.db is damaged: {wrong[0]}", restore)
    if file.steps > file.known:
        found = f"state.db was written by a newer version (schema {file.steps}, known: {file.known})"
        return Check("state", Level.FAIL, found, "use that version, or another home")
    if file.journal_mode != "wal":
        found = f"journal mode is {file.journal_mode}"
        return Check(
            "state", Level.WARN, found, "keep the home on a local disk; the next start sets it to wal"
        )
    older = "" if file.steps == file.known else ", brought up to date at the next start"
    return Check("state", Level.OK, f"sound, schema {file.steps}{older}")


@dataclass(frozen=True)
class Server:
    """``held``: a process holds the lock of the home; ``url`` and ``pid``: what its note says."""

    held: bool
    url: str | None
    pid: int | None
    answers: bool


def server(seen: Server) -> Check:
    """The runner of this home."""
    if not seen.held:
        if seen.url is None:
            return Check("server", Level.OK, "none runs on this home")
        found = f"a crash left a note of process {seen.pid} at {seen.url}; none runs"
        return Check("server", Level.WARN, found, "start it again with `omtx up`, which replaces the note")
    if seen.url is None:
        return Check("server", Level.WARN, "one is starting or stopping", "ask again in a moment")
    if not seen.answers:
        found = f"process {seen.pid} holds the home and does not answer at {seen.url}"
        return Check(
            "server", Level.FAIL, found, f"see logs/runner.log; end process {seen.pid}, then `omtx up`"
        )
    return Check("server", Level.OK, f"process {seen.pid} at {seen.url}")


def port(number: int, *, taken: bool, ours: bool, listener: str | None) -> Check:
    """The port of ``omtx up``."""
    if ours:
        return Check("port", Level.OK, f"{number} is our server's")
    if taken:
        found = f"{number} is taken by {listener or 'another program'}"
        return Check("port", Level.WARN, found, "`omtx up --port 0` takes any free one, or set OMTX_PORT")
    return Check("port", Level.OK, f"{number} is free")


def cores(count: int, workers: int) -> Check:
    """Workers compute one ligand each."""
    found = f"{workers} workers on {count} cores"
    if workers > count:
        return Check("workers", Level.WARN, found, f"set OMTX_WORKERS={count}, or --workers {count}")
    return Check("workers", Level.OK, found)


def own_gpu(engine: str, gpus: int, pythons: Mapping[str, bool]) -> Iterator[Check]:
    """Models with a Python of their own; ``pythons``: whether each can be run."""
    if engine == "local-gpu":
        mend = "install the driver, so that nvidia-smi shows the GPU, or choose another OMTX_ENGINE"
        level = Level.OK if gpus else Level.FAIL
        yield Check("GPU", level, f"{gpus} for OMTX_ENGINE=local-gpu", "" if gpus else mend)
    for model, runs in sorted(pythons.items()):
        name = f"OMTX_PYTHON_{model.upper()}"
        found = f"{model} has a Python of its own" if runs else f"the Python of {model} cannot be run"
        yield Check(name, Level.OK if runs else Level.FAIL, found, "" if runs else f"mend {name}")


def clock(now: datetime, *, file_time: datetime | None, newest_fact: datetime | None) -> Check:
    """Leases, deadlines and signatures hang on it."""
    if now < BUILT or (newest_fact is not None and newest_fact > now + FUTURE):
        latest = f"; the newest batch is of {newest_fact:%Y-%m-%d %H:%M}" if newest_fact else ""
        return Check("clock", Level.FAIL, f"it says {now:%Y-%m-%d %H:%M} UTC{latest}", "set the clock (NTP)")
    if file_time is not None and abs(file_time - now) > CLOCK_SKEW:
        apart = abs(file_time - now).total_seconds()
        found = f"the disk of the home is {apart:.0f} s apart from this machine"
        return Check("clock", Level.WARN, found, "set both clocks by NTP, or keep the home on a local disk")
    return Check("clock", Level.OK, f"{now:%Y-%m-%d %H:%M} UTC")


def secrets(modes: Mapping[str, int]) -> Check:
    """Path → permission bits of the signing keys and of their folder."""
    open_ones = sorted(path for path, mode in modes.items() if mode & 0o077)
    if open_ones:
        found = f"others may read {', '.join(open_ones[:3])}"
        remedy = f"chmod go-rwx {' '.join(open_ones[:3])}; delete the keys if others may have read them"
        return Check("secrets", Level.FAIL, found, remedy)
    return Check("secrets", Level.OK, "only yours" if modes else "none made yet")


def letters(count: int) -> Check:
    """Messages that were given up."""
    if count:
        remedy = "`omtx dead-letters` says why; replay or discard them"
        return Check("dead letters", Level.WARN, f"{count} open", remedy)
    return Check("dead letters", Level.OK, "none open")


@dataclass(frozen=True)
class Unfinished:
    """A batch that is not finished, and when a ligand of it was last settled."""

    batch_id: str
    paused: bool
    moved_at: datetime


def batches(found: Sequence[Unfinished], *, now: datetime, served: bool) -> Check:
    """Batches that make no progress."""
    waiting = [batch for batch in found if not batch.paused]
    if waiting and not served:
        remedy = "`omtx up` goes on with them, or `omtx reconcile` until they are finished"
        return Check("batches", Level.WARN, f"{_named(waiting)} unfinished, and no server runs", remedy)
    still = [batch for batch in waiting if now - batch.moved_at > STALLED]
    if still:
        minutes = STALLED // timedelta(minutes=1)
        found_out = f"no ligand was settled for {minutes} minutes in {_named(still)}"
        return Check(
            "batches", Level.WARN, found_out, "see `omtx top` and `omtx dead-letters`; `omtx reconcile`"
        )
    return Check("batches", Level.OK, f"{len(found)} unfinished" if found else "none unfinished")


def _named(found: Sequence[Unfinished]) -> str:
    more = f" and {len(found) - 1} more" if len(found) > 1 else ""
    return f"{found[0].batch_id}{more}"


def leftovers(count: int, size: int, *, complete: bool) -> Check:
    """Parts of files that a killed process left, older than an hour."""
    seen = "" if complete else " (not all folders were looked at)"
    if count:
        found = f"{count} parts of files, {size / 1024**2:.1f} MiB{seen}"
        return Check("leftovers", Level.WARN, found, "`omtx doctor --mend` deletes them while no server runs")
    return Check("leftovers", Level.OK, f"none{seen}")


def alignments(server: str, error: str | None) -> Check:
    """Where multiple sequence alignments are searched; an installation without GPU models needs none."""
    if not server:
        return Check("alignments", Level.OK, "no server (OMTX_MSA_SERVER); sequences are not searched")
    if error is not None:
        remedy = "see whether it is down, or set OMTX_MSA_SERVER and OMTX_MSA_LOGIN right"
        return Check("alignments", Level.WARN, f"{server} is of no use now: {error}", remedy)
    return Check("alignments", Level.OK, f"{server} answers")
