"""``Closings``: closed once, announced, aggregated under a lease and a fence, finished once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from shared.models.facts import Closing
from shared.models.work import Artefact
from shared.ports.ledger import Ledger
from tests.support.crowd import at_once
from tests.support.facts import a_batch, at
from tests.support.properties import examples
from tests.support.world import NOON

FILE = Artefact(name="summary.json", key="batches/x/summary.json", size=2, sha256="0" * 64)


@pytest.fixture
def batch(ledger: Ledger) -> str:
    return ledger.open(a_batch()).batch_id


def claim(ledger: Ledger, batch: str, second: float = 0) -> int | None:
    """An aggregation claim under a lease of a minute."""
    return ledger.claim_aggregation(batch, 0, now=at(second), lease_until=at(second + 60))


def finish(ledger: Ledger, batch: str, fence: int, status: str = "completed") -> bool:
    """Finish with a summary and one artefact."""
    summary: dict[str, JsonValue] = {"mean": -5.5, "best": [1, None, "x"]}
    return ledger.finish(batch, 0, fence=fence, status=status, summary=summary, artefacts=[FILE], now=at(5))


def test_an_open_round_has_no_closing_and_cannot_be_aggregated(ledger: Ledger, batch: str) -> None:
    assert ledger.closing(batch, 0) is None
    assert claim(ledger, batch) is None


def test_a_round_is_closed_once_and_keeps_its_first_time(ledger: Ledger, batch: str) -> None:
    first = ledger.close(batch, 0, now=NOON)
    assert first == Closing(round=0, closed_at=NOON)
    assert ledger.close(batch, 0, now=at(60)) == first
    assert ledger.closing(batch, 0) == first
    assert ledger.closing(batch, 1) is None


def test_of_sixteen_racing_closings_all_see_the_same(ledger: Ledger, batch: str) -> None:
    closings = at_once(lambda n: ledger.close(batch, 0, now=at(n)), range(16))
    assert len({closing.closed_at for closing in closings}) == 1


def test_an_announcement_is_remembered_by_a_later_close(ledger: Ledger, batch: str) -> None:
    ledger.close(batch, 0, now=NOON)
    for second in (1, 5):
        ledger.announced(batch, 0, now=at(second))
        assert ledger.close(batch, 0, now=at(9)).announced_at == at(second)


@pytest.mark.parametrize(("second", "again"), [(0, False), (59.999999, False), (60, True), (61, True)])
def test_an_aggregation_can_be_claimed_again_once_its_lease_is_over(
    ledger: Ledger, batch: str, second: float, again: bool
) -> None:
    ledger.close(batch, 0, now=NOON)
    assert claim(ledger, batch) == 1
    assert claim(ledger, batch, second) == (2 if again else None)


def test_of_sixteen_racing_aggregators_one_is_let_in(ledger: Ledger, batch: str) -> None:
    ledger.close(batch, 0, now=NOON)
    fences = at_once(lambda _: claim(ledger, batch), range(16))
    assert sorted(fence for fence in fences if fence is not None) == [1]


def test_an_older_fence_cannot_finish(ledger: Ledger, batch: str) -> None:
    ledger.close(batch, 0, now=NOON)
    older, newer = claim(ledger, batch, 0), claim(ledger, batch, 60)
    assert older is not None
    assert newer is not None
    assert newer > older
    assert not finish(ledger, batch, older)
    assert ledger.closing(batch, 0) == Closing(round=0, closed_at=NOON, fence=newer, lease_until=at(120))
    assert finish(ledger, batch, newer)


def test_a_round_is_finished_once_with_what_was_written(ledger: Ledger, batch: str) -> None:
    ledger.close(batch, 0, now=NOON)
    fence = claim(ledger, batch)
    assert fence is not None
    assert finish(ledger, batch, fence)
    assert not finish(ledger, batch, fence, "failed")
    closing = ledger.closing(batch, 0)
    assert closing is not None
    assert (closing.status, closing.finished_at, closing.artefacts) == ("completed", at(5), (FILE,))
    assert closing.summary == {"mean": -5.5, "best": [1, None, "x"]}


def test_a_finished_round_cannot_be_claimed(ledger: Ledger, batch: str) -> None:
    ledger.close(batch, 0, now=NOON)
    fence = claim(ledger, batch)
    assert fence is not None
    finish(ledger, batch, fence)
    assert claim(ledger, batch, 10_000) is None


def test_of_sixteen_racing_finishes_one_counts(ledger: Ledger, batch: str) -> None:
    ledger.close(batch, 0, now=NOON)
    fence = claim(ledger, batch)
    assert fence is not None
    assert sum(at_once(lambda _: finish(ledger, batch, fence), range(16))) == 1


@examples(50)
@given(pauses=st.lists(st.integers(0, 90), min_size=1, max_size=10))
def test_fences_only_grow_and_two_are_never_valid_at_once(ledger: Ledger, pauses: list[int]) -> None:
    batch = ledger.open(a_batch()).batch_id
    ledger.close(batch, 0, now=NOON)
    second, fences, free_at = 0, [0], 0
    for pause in pauses:
        second += pause
        fence = claim(ledger, batch, second)
        assert (fence is not None) == (second >= free_at)
        if fence is not None:
            assert fence > fences[-1]
            fences.append(fence)
            free_at = second + 60
    assert [finish(ledger, batch, fence) for fence in fences[1:]] == [False] * (len(fences) - 2) + [True]
