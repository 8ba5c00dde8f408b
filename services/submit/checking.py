"""
The chemistry of the rows, by several processes where the library is long.

The answers come in the order of the rows and are the same however many processes work: a row's
answer depends on its SMILES only. Few rows are in flight at a time.
"""

import itertools
import multiprocessing
import os
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import wait

from services.submit.entries import LONGEST_DATA, LONGEST_NAME, Entry
from shared.chemistry.smiles import Ligand, read_ligand
from shared.errors import Unavailable

Answer = Ligand | str | None
"""The ligand, why a row cannot be used, or nothing: the row can be used and is no ligand."""
ALONE_ROWS = 5000
BLOCK = 500
BLOCKS_PER_PROCESS = 3
MOST_PROCESSES = 8
Blocks = Iterator[Sequence[Entry]]


def checked(entries: Iterable[Entry], *, processes: int | None = None) -> Iterator[tuple[Entry, Answer]]:
    """
    Each row with its ligand, or with the reason why it has none.

    ``processes``: as many as there are processors unless it is given. They are started, from nothing,
    once ALONE_ROWS rows were read: a start costs as much as some thousand rows.

    Raises:
        Unavailable: a process was ended from outside.
    """
    rows = iter(entries)
    yield from map(check, itertools.islice(rows, ALONE_ROWS))
    rest = next(rows, None)
    if rest is None:
        return
    rows, processes = itertools.chain([rest], rows), processes or _processors()
    if processes == 1:
        yield from map(check, rows)
    else:
        yield from _by_processes(rows, processes)


def answer(smiles: str | None) -> Answer:
    """The ligand, or the reason why there is none; None for None."""
    if smiles is None:
        return None
    try:
        return read_ligand(smiles)
    except ValueError as error:
        return str(error)


def answers(smiles: Sequence[str | None]) -> list[Answer]:
    """One for each, in order. What a process of the pool does."""
    return [answer(text) for text in smiles]


def check(entry: Entry) -> tuple[Entry, Answer]:
    """One row with its ligand, or with the reason why it has none."""
    return entry, _problem(entry) or answer(entry.smiles)


def _problem(entry: Entry) -> str | None:
    """A row must stay small, as a chunk of rows is held in memory wherever one of them is read."""
    if entry.problem is None and len(entry.name) > LONGEST_NAME:
        return f"the name has {len(entry.name)} characters; at most {LONGEST_NAME} are accepted"
    beside = sum(len(label) + len(value) for label, value in entry.data.items())
    if entry.problem is None and beside > LONGEST_DATA:
        return f"has {beside:,} characters beside name and SMILES; at most {LONGEST_DATA:,} are accepted"
    return entry.problem


def _by_processes(rows: Iterable[Entry], processes: int) -> Iterator[tuple[Entry, Answer]]:
    context = multiprocessing.get_context("spawn")
    waiting = deque[tuple[Sequence[Entry], Future[list[Answer]]]]()
    pool = ProcessPoolExecutor(processes, mp_context=context, initializer=_begin)
    try:
        for block in _blocks(rows):
            smiles = [None if _problem(entry) else entry.smiles for entry in block]
            waiting.append((block, pool.submit(answers, smiles)))
            if len(waiting) > BLOCKS_PER_PROCESS * processes:
                yield from _answered(*waiting.popleft())
        while waiting:
            yield from _answered(*waiting.popleft())
    except BrokenProcessPool as error:
        raise Unavailable("a process that checked the library was ended") from error
    finally:
        pool.shutdown(cancel_futures=True)


def _answered(block: Sequence[Entry], found: Future[list[Answer]]) -> Iterator[tuple[Entry, Answer]]:
    for entry, given in zip(block, found.result(), strict=True):
        yield entry, given if given is not None else _problem(entry)


def _blocks(rows: Iterable[Entry]) -> Blocks:
    rows = iter(rows)
    while block := list(itertools.islice(rows, BLOCK)):
        yield block


def _processors() -> int:
    return min(MOST_PROCESSES, os.cpu_count() or 1)


def _begin() -> None:
    """The process that started this one may keep itself to one core (ADR 0007), and may be killed."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, range(os.cpu_count() or 1))
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """Without this it would wait for work for ever, as it holds the other end of its queue itself."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
