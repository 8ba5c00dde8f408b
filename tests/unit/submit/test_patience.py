"""A pattern that would match for years is given up, wherever it stands in a library."""

import time
from collections.abc import Callable
from multiprocessing import active_children

import pytest

from services.submit import patience
from services.submit.checking import answer, answers, checked
from services.submit.entries import Entry
from services.submit.filters import MoleculeFilters
from services.submit.patience import TooSlow, within_limits
from shared.errors import InvalidInput

BRANCHED = "C" * 20 + "C(C)(C)" * 60 + "C"
ENDLESS = "*" + "(~*)~*" * 25 + "~[U]"


def smarts(*patterns: str) -> MoleculeFilters:
    """Ligands that match one of these are left out."""
    one = {"type": "smarts_custom_filter", "patterns": patterns}
    return MoleculeFilters.model_validate({"custom_filters": [one]})


def test_an_endless_pattern_refuses_the_library_by_its_place_and_the_line() -> None:
    rows = [Entry(n + 1, "", "", "CCO" if n != 3 else BRANCHED) for n in range(6)]
    began = time.monotonic()
    with pytest.raises(InvalidInput, match="given up after 2 s, at line 4") as caught:
        list(checked(rows, smarts("[Au]", ENDLESS)))
    assert [it.path for it in caught.value.errors] == ["molecule_filters.custom_filters.0.patterns.1"]
    assert time.monotonic() - began < 30


def test_its_process_is_not_left_behind() -> None:

    with pytest.raises(InvalidInput):
        list(checked([Entry(1, "", "", BRANCHED)], smarts(ENDLESS), processes=1))
    assert active_children() == []


def test_with_patience_the_answers_are_those_without() -> None:
    rows = ["CCO", None, "C1CC(", "c1ccccc1", "C" * 501]
    asked = smarts("c", "[N+](=O)[O-]")
    assert answers(rows, asked, 0.0) == ([answer(text, asked) for text in rows], 0.0)


def test_much_that_is_a_little_slow_is_too_slow_altogether(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "SECONDS_FOR_ALL", 0.5)

    def work(item: int, begun: Callable[[str], None]) -> int:
        begun(f"step {item}")
        until = time.process_time() + 0.05
        while time.process_time() < until:
            pass
        return item

    assert within_limits(range(3), work) == [0, 1, 2]
    with pytest.raises(TooSlow) as caught:
        within_limits(range(1000), work)
    assert 3 <= caught.value.index <= 20
    assert caught.value.what == f"step {caught.value.index}"


def test_what_goes_wrong_in_the_work_goes_wrong_for_who_waits() -> None:
    with pytest.raises(ZeroDivisionError):
        within_limits([1, 0], lambda item, _: 1 // item)
