"""Every check of this installation, in the order in which one would mend it."""

import shutil
import sqlite3
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cli.doctor import checks, measures
from cli.doctor.checks import Check, Level, Unfinished
from shared import wiring
from shared.adapters.local.inspection import inspect
from shared.errors import TransientError
from shared.settings import settings
from shared.steps.reading import Overview, overview

PACKAGES = ("vina", "meeko", "rdkit", "gemmi", "posebusters")
MOST_BATCHES = 100


@dataclass(frozen=True)
class Facts:
    """What the state says; nothing, where it could not be opened."""

    letters: int = 0
    unfinished: tuple[Unfinished, ...] = ()
    newest: datetime | None = None


def examine(home: Path) -> Iterator[Check]:
    """Look at everything; the state is changed by none of it."""
    yield checks.python(sys.version_info[:3])
    yield from (checks.package(name, *measures.imported(name)) for name in PACKAGES)
    written = measures.written(measures.standing(home))
    yield checks.home(str(home), exists=home.exists(), error=written.error)
    yield checks.disk(shutil.disk_usage(measures.standing(home)).free)
    yield checks.fsync(written.seconds, wanted=settings().fsync, error=written.error)
    yield checks.sqlite(sqlite3.sqlite_version_info)
    state = _state(home)
    yield state
    seen = measures.server(home)
    yield checks.server(seen)
    number = settings().port
    ours = seen.answers and (seen.url or "").endswith(f":{number}")
    taken = measures.taken(number)
    yield checks.port(number, taken=taken, ours=ours, listener=measures.listener(number) if taken else None)
    yield checks.cores(measures.cores(), settings().workers)
    yield from checks.own_gpu(settings().engine, measures.gpus(), measures.pythons(settings().pythons))
    facts = _facts(home) if state.level is not Level.FAIL else Facts()
    now = wiring.clock().now()
    yield checks.clock(now, file_time=written.file_time, newest_fact=facts.newest)
    yield checks.secrets(measures.key_modes(home))
    yield checks.letters(facts.letters)
    yield checks.batches(facts.unfinished, now=now, served=seen.held)
    msa = settings().msa_server
    yield checks.alignments(msa, measures.alignments_error() if msa else None)
    parts = measures.leftovers(home, now=now)
    yield checks.leftovers(parts.count, parts.size, complete=parts.complete)


def mend(home: Path) -> int | None:
    """Delete leftovers; how many, None while a runner works on the home."""
    with measures.home_to_ourselves(home) as free:
        if not free:
            return None
        return measures.leftovers(home, now=wiring.clock().now(), delete=True).deleted


def _state(home: Path) -> Check:
    path = home / "state.db"
    if not path.exists():
        return checks.state(None)
    try:
        return checks.state(inspect(path))
    except sqlite3.Error as error:
        return checks.state(None, error=str(error))


def _facts(home: Path) -> Facts:
    """What the state says; a home without state is not given one."""
    if not (home / "state.db").exists():
        return Facts()
    ledger = wiring.ledger()
    try:
        newest = ledger.batches(owner=None, unfinished=False, limit=1, after=None)
        found = ledger.batches(owner=None, unfinished=True, limit=MOST_BATCHES, after=None)
        unfinished = [_unfinished(overview(ledger, batch)) for batch in found]
        letters = wiring.dead_letters().open_letters()
    except TransientError:
        return Facts()  # the check of the state tells what is wrong with it
    return Facts(letters, tuple(unfinished), newest[0].created_at if newest else None)


def _unfinished(view: Overview) -> Unfinished:
    moved = max(leaf.moved_at for tally in view.tallies for leaf in tally.leaves)
    return Unfinished(view.batch.batch_id, view.intents.paused, moved)
