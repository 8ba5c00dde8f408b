"""Who goes next under a limit."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.dispatch.line import choose
from shared.models.facts import Line
from tests.support.properties import examples


def line(in_flight: int, last: int, *, holds: bool = False) -> Line:
    """How the jobs stand."""
    return Line(in_flight=in_flight, last=last, holds=holds)


@pytest.mark.parametrize(
    ("place", "spare", "standing", "expected"),
    [
        (0, False, line(0, -1), 0),
        (2, False, line(0, -1), 2),
        (7, False, line(0, -1), 0),
        (7, False, line(2, 4), 7),
        (8, False, line(2, 4), 5),
        (8, True, line(2, 9), None),
        (3, False, line(2, 4), 3),
        (3, True, line(2, 4, holds=True), 5),
        (3, True, line(2, 9, holds=True), None),
        (9, False, line(3, 4), None),
        (3, True, line(3, 4, holds=True), None),
        (3, False, line(3, 4, holds=True), 3),
        (3, False, line(9, 4, holds=True), 3),
    ],
)
def test_room_goes_to_the_ligand_itself_or_else_to_the_next_in_line(
    place: int, spare: bool, standing: Line, expected: int | None
) -> None:
    assert choose(place, standing, spare=spare, limit=3, jobs=10) == expected


@examples(200)
@given(jobs=st.integers(1, 40), limit=st.integers(1, 10), chance=st.randoms(use_true_random=False))
def test_one_token_per_settled_job_keeps_the_line_full_and_starts_every_job_once(
    jobs: int, limit: int, chance: Random
) -> None:
    tokens, running, settled = list(range(min(limit, jobs))), set[int](), set[int]()
    while tokens or running:
        if tokens and (not running or chance.random() < 0.5):
            bring(tokens.pop(chance.randrange(len(tokens))), running, settled, limit=limit, jobs=jobs)
        else:
            over = chance.choice(sorted(running))
            running.remove(over)
            settled.add(over)
            tokens.append(over)
        left = jobs - len(running | settled)
        assert len(running) + min(len(tokens), left) >= min(limit, len(running) + left)
    assert settled == set(range(jobs))


def bring(place: int, running: set[int], settled: set[int], *, limit: int, jobs: int) -> None:
    """A message about this place is handled, as ``dispatch`` does."""
    begun = running | settled
    standing = line(len(running), max(begun, default=-1), holds=place in begun)
    chosen = choose(place, standing, spare=place in settled, limit=limit, jobs=jobs)
    if chosen in running:  # the claim is refused
        chosen = choose(place, standing, spare=True, limit=limit, jobs=jobs)
    if chosen is not None:
        assert chosen not in begun
        running.add(chosen)
        assert len(running) <= limit
