"""
The chemistry of the rows, by several processes where the library is long.

The answers come in the order of the rows and are the same however many processes work: a row's
answer depends on its SMILES and the filters only. Few rows are in flight at a time.
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
from services.submit.filters import MoleculeFilters
from services.submit.patience import TooSlow, within_limits
from services.submit.sieve import Begun, Unwanted, unwanted
from shared.chemistry.smiles import Ligand, read_ligand
from shared.errors import FieldError, InvalidInput, Unavailable

Answer = Ligand | Unwanted | str | None
"""
The ligand, why it is not wanted, why a row cannot be used, or nothing: the row can be used and is no ligand.
"""
NO_FILTERS = MoleculeFilters()
ALONE_ROWS = 5000
BLOCK = 500
BLOCKS_PER_PROCESS = 3
MOST_PROCESSES = 8
Blocks = Iterator[Sequence[Entry]]


def checked(
    entries: Iterable[Entry], filters: MoleculeFilters = NO_FILTERS, *, processes: int | None = None
) -> Iterator[tuple[Entry, Answer]]:
    """
    Each row with its ligand, or with the reason why it has none.

    ``processes``: as many as there are processors unless it is given. They are started, from nothing,
    once ALONE_ROWS rows were read: a start costs as much as some thousand rows. Patterns that a user wrote
    are matched nowhere else, as a process can be ended when one takes too long.

    Raises:
        Unavailable: a process was ended from outside.
        InvalidInput: a pattern takes too long.
    """
    rows, processes = iter(entries), processes or _processors()
    watched = any(filters.patterns)
    if not watched:
        alone = None if processes == 1 else ALONE_ROWS
        yield from (check(entry, filters) for entry in itertools.islice(rows, alone))
    rest = next(rows, None)
    if rest is not None:
        yield from _by_processes(itertools.chain([rest], rows), filters, processes)


def answer(
    smiles: str | None, filters: MoleculeFilters = NO_FILTERS, begun: Begun = lambda _: None
) -> Answer:
    """The ligand, or the reason why there is none; None for None."""
    if smiles is None:
        return None
    try:
        ligand = read_ligand(smiles)
    except ValueError as error:
        return str(error)
    return (unwanted(ligand.smiles, filters, begun) if filters.custom_filters else None) or ligand


def answers(smiles: Sequence[str | None], filters: MoleculeFilters) -> list[Answer]:
    """
    One for each, in order. What a process of the pool does.

    Raises:
        TooSlow: a pattern takes too long; see ``patience``.
    """
    if any(filters.patterns):
        return within_limits(smiles, lambda text, begun: answer(text, filters, begun))
    return [answer(text, filters) for text in smiles]


def check(entry: Entry, filters: MoleculeFilters = NO_FILTERS) -> tuple[Entry, Answer]:
    """One row with its ligand, or with the reason why it has none."""
    return entry, _problem(entry) or answer(entry.smiles, filters)


def _problem(entry: Entry) -> str | None:
    """A row must stay small, as a chunk of rows is held in memory wherever one of them is read."""
    if entry.problem is None and len(entry.name) > LONGEST_NAME:
        return f"the name has {len(entry.name)} characters; at most {LONGEST_NAME} are accepted"
    beside = sum(len(label) + len(value) for label, value in entry.data.items())
    if entry.problem is None and beside > LONGEST_DATA:
        return f"has {beside:,} characters beside name and SMILES; at most {LONGEST_DATA:,} are accepted"
    return entry.problem


def _by_processes(
    rows: Iterable[Entry], filters: MoleculeFilters, processes: int
) -> Iterator[tuple[Entry, Answer]]:
    context = multiprocessing.get_context("spawn")
    waiting = deque[tuple[Sequence[Entry], Future[list[Answer]]]]()
    pool = ProcessPoolExecutor(processes, mp_context=context, initializer=_begin)
    try:
        for block in _blocks(rows):
            smiles = [None if _problem(entry) else entry.smiles for entry in block]
            waiting.append((block, pool.submit(answers, smiles, filters)))
            if len(waiting) > BLOCKS_PER_PROCESS * processes:
                yield from _answered(*waiting.popleft())
        while waiting:
            yield from _answered(*waiting.popleft())
    except BrokenProcessPool as error:
        raise Unavailable("a process that checked the library was ended") from error
    finally:
        pool.shutdown(cancel_futures=True)


def _answered(block: Sequence[Entry], found: Future[list[Answer]]) -> Iterator[tuple[Entry, Answer]]:
    try:
        given = found.result()
    except TooSlow as slow:
        raise _too_slow(slow, block[slow.index]) from slow
    for entry, answered in zip(block, given, strict=True):
        yield entry, answered if answered is not None else _problem(entry)


def _too_slow(slow: TooSlow, entry: Entry) -> InvalidInput:
    field = slow.what or "molecule_filters"
    message = f"takes too long: matching was given up after {slow.seconds:g} s, at line {entry.line}"
    return InvalidInput(f"{field}: {message}", [FieldError(field, message)])


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
