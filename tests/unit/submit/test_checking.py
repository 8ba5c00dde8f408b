"""The rows of a long library are checked by several processes, which nobody can tell from the answers."""

import itertools
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.submit import checking
from services.submit.checking import BLOCK, BLOCKS_PER_PROCESS, checked
from services.submit.entries import Entry
from services.submit.filters import MoleculeFilters
from services.submit.sieve import Unwanted
from shared.chemistry.smiles import Ligand
from shared.errors import Unavailable
from tests.support.cages import FULLERENE
from tests.support.orders import molecule


def entries(rows: int) -> Iterator[Entry]:
    """Ligands, some that are none, some with a problem of their own."""
    for n in range(rows):
        problem = "spoilt" if n % 7 == 3 else None
        name = "n" * 201 if n % 11 == 5 else f"n{n}"
        smiles = "C1CC(" if n % 5 == 2 else FULLERENE if n % 97 == 11 else molecule(n)
        yield Entry(n + 1, str(n), name, smiles, problem)


def test_the_answers_are_those_of_one_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking, "ALONE_ROWS", 100)
    rows = 100 + 3 * BLOCK + 1
    alone, crowd = (list(checked(entries(rows), processes=n)) for n in (1, 2))
    assert alone == crowd
    assert [entry for entry, _ in crowd] == list(entries(rows))


def test_filters_answer_the_same_in_one_process_and_in_several(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking, "ALONE_ROWS", 100)
    asked = [{"type": "lipinski_filter"}, {"type": "rdkit_descriptor_filter", "mol_wt": {"max": 300}}]
    filters = MoleculeFilters.model_validate({"custom_filters": asked})
    rows = 100 + 2 * BLOCK + 1
    alone, crowd = (list(checked(entries(rows), filters, processes=n)) for n in (1, 2))
    assert alone == crowd
    assert {type(found) for _, found in crowd} == {Ligand, Unwanted, str}


def test_few_rows_are_in_flight(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking, "ALONE_ROWS", 10)
    read = 0

    def endless() -> Iterator[Entry]:
        nonlocal read
        for n in itertools.count():
            read = n + 1
            yield Entry(n + 1, "", "", "C")

    answers = checked(endless(), processes=2)
    for _ in range(11):
        next(answers)
    assert read <= 10 + BLOCK * (2 * BLOCKS_PER_PROCESS + 2)
    answers.close()  # type: ignore[attr-defined]


def _die(smiles: object, filters: object, seconds: float) -> None:
    os._exit(9)


def test_a_process_that_is_killed_is_worth_another_try(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking, "ALONE_ROWS", 10)
    monkeypatch.setattr(checking, "answers", _die)
    with pytest.raises(Unavailable, match="was ended"):
        list(checked(entries(20), processes=2))


ENDLESS = """
import itertools
from multiprocessing import active_children
from services.submit import checking
from services.submit.entries import Entry
from services.submit.filters import MoleculeFilters
from services.submit.sieve import Unwanted
from shared.chemistry.smiles import Ligand

if __name__ == "__main__":
    checking.ALONE_ROWS = 1
    rows = (Entry(n, "", "", "CCO") for n in itertools.count())
    for n, _ in enumerate(checking.checked(rows, processes=2)):
        if n == 5000:
            print(*(child.pid for child in active_children()), flush=True)
"""


def test_the_processes_end_with_one_that_is_killed(tmp_path: Path) -> None:
    script = tmp_path / "endless.py"
    script.write_text(ENDLESS)
    root = Path(checking.__file__).parents[2]
    command, env = [sys.executable, str(script)], os.environ | {"PYTHONPATH": str(root)}
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        children = [int(pid) for pid in parent.stdout.readline().split()]
        parent.send_signal(signal.SIGKILL)
    assert len(children) == 2
    until = time.monotonic() + 60
    while any(map(runs, children)):
        assert time.monotonic() < until
        time.sleep(0.1)


def runs(pid: int) -> bool:
    """Whether the process is there and no mere entry of the process table."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
