"""
The chemistry of the rows, by several processes where the library is long.

The answers come in the order of the rows and are the same however many processes work: a row's
answer depends on its SMILES and the filters only. Few rows are in flight at a time. Molecules of many rings,
which may take any time, are worked out by a process that can be ended: ``shared.chemistry.effort``.
"""

import itertools
import multiprocessing
import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import wait

from services.submit.entries import LONGEST_DATA, LONGEST_NAME, Entry
from services.submit.filters import MoleculeFilters
from services.submit.patience import TooSlow, within_limits
from services.submit.sieve import Begun, Unwanted, unwanted
from shared.apart import note
from shared.chemistry.effort import Spent, TooDemanding, demanding, read_whole, watched
from shared.chemistry.smiles import Ligand, read_ligand
from shared.errors import FieldError, InvalidInput, Unavailable
from shared.settings.chemistry import chemistry

Answer = Ligand | Unwanted | str | None
"""
The ligand, why it is not wanted, why a row cannot be used, or nothing: the row can be used and is no ligand.
"""
NO_FILTERS = MoleculeFilters()
ALONE_ROWS = 5000
BLOCK = 500
BLOCKS_PER_PROCESS = 3
MOST_PROCESSES = 8
MOST_GIVEN_UP, SECONDS_FOR_EACH = 30, 0.02
"""What molecules of many rings may take together: so many times the limit for one, and this for each row."""
Blocks = Iterator[Sequence[Entry]]
Answers = tuple[list[Answer], float]


class TooMuch(ValueError):
    """Molecules of many rings took too long together, whatever each of them took."""


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
        TooMuch: molecules of many rings take too long together.
    """
    rows, processes = iter(entries), processes or _processors()
    spent = Spent(MOST_GIVEN_UP * chemistry().ligand_seconds)
    if not any(filters.patterns):
        alone = None if processes == 1 else ALONE_ROWS
        for entry in itertools.islice(rows, alone):
            yield check(entry, filters, spent)
            _go_on(spent, 1)
    rest = next(rows, None)
    if rest is not None:
        yield from _by_processes(itertools.chain([rest], rows), filters, processes, spent)


def _go_on(spent: Spent, rows: int) -> None:
    """After so many more rows."""
    spent.most += rows * SECONDS_FOR_EACH
    if spent.all:
        raise TooMuch(
            f"holds too many molecules whose rings are joined in too many ways: {spent.seconds:.0f} s of the "
            "processor were spent on them; leave them out"
        )


def answer(
    smiles: str | None,
    filters: MoleculeFilters = NO_FILTERS,
    begun: Begun = lambda _: None,
    spent: Spent | None = None,
) -> Answer:
    """
    The ligand, or the reason why there is none; None for None.

    Raises:
        TooDemanding: a pattern takes too long on a molecule of many rings.
    """
    if smiles is None:
        return None
    try:
        if demanding(smiles):
            return watched(_worked_out, read_whole, smiles, filters, note, spent=spent)
        return _worked_out(read_ligand, smiles, filters, begun)
    except TooDemanding as error:
        if error.at:
            raise
        return str(error)
    except ValueError as error:
        return str(error)


def _worked_out(
    read: Callable[[str], Ligand], smiles: str, filters: MoleculeFilters, begun: Begun
) -> Ligand | Unwanted:
    ligand = read(smiles)
    return (unwanted(ligand.smiles, filters, begun) if filters.custom_filters else None) or ligand


def answers(smiles: Sequence[str | None], filters: MoleculeFilters, seconds: float) -> Answers:
    """
    One for each, in order, and what molecules of many rings took. What a process of the pool does.

    Raises:
        TooSlow: a pattern takes too long; see ``patience``.
        TooMuch: molecules of many rings take longer than ``seconds`` together.
    """
    spent = Spent(seconds)

    def found(text: str | None, begun: Begun) -> Answer:
        given = answer(text, filters, begun, spent)
        _go_on(spent, 1)
        return given

    if any(filters.patterns):
        return within_limits(smiles, found), spent.seconds
    return [found(text, lambda _: None) for text in smiles], spent.seconds


def check(
    entry: Entry, filters: MoleculeFilters = NO_FILTERS, spent: Spent | None = None
) -> tuple[Entry, Answer]:
    """One row with its ligand, or with the reason why it has none."""
    return entry, _problem(entry) or answer(entry.smiles, filters, spent=spent)


def _problem(entry: Entry) -> str | None:
    """A row must stay small, as a chunk of rows is held in memory wherever one of them is read."""
    if entry.problem is None and len(entry.name) > LONGEST_NAME:
        return f"the name has {len(entry.name)} characters; at most {LONGEST_NAME} are accepted"
    beside = sum(len(label) + len(value) for label, value in entry.data.items())
    if entry.problem is None and beside > LONGEST_DATA:
        return f"has {beside:,} characters beside name and SMILES; at most {LONGEST_DATA:,} are accepted"
    return entry.problem


def _by_processes(
    rows: Iterable[Entry], filters: MoleculeFilters, processes: int, spent: Spent
) -> Iterator[tuple[Entry, Answer]]:
    context = multiprocessing.get_context("spawn")
    waiting = deque[tuple[Sequence[Entry], Future[Answers]]]()
    pool = ProcessPoolExecutor(processes, mp_context=context, initializer=_begin)
    try:
        for block in _blocks(rows):
            smiles = [None if _problem(entry) else entry.smiles for entry in block]
            left = spent.most - spent.seconds
            waiting.append((block, pool.submit(answers, smiles, filters, left)))
            if len(waiting) > BLOCKS_PER_PROCESS * processes:
                yield from _answered(*waiting.popleft(), spent)
        while waiting:
            yield from _answered(*waiting.popleft(), spent)
    except BrokenProcessPool as error:
        raise Unavailable("a process that checked the library was ended") from error
    finally:
        pool.shutdown(cancel_futures=True)


def _answered(block: Sequence[Entry], found: Future[Answers], spent: Spent) -> Iterator[tuple[Entry, Answer]]:
    try:
        given, seconds = found.result()
    except TooSlow as slow:
        raise _too_slow(slow, block[slow.index]) from slow
    spent.seconds += seconds
    _go_on(spent, len(block))
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
