"""Work in a child process: what it returns and raises, and how it is ended."""

import os
import signal
import time
from collections.abc import Iterator

import pytest

from shared.apart import Apart, GivenUp
from shared.errors import NotFound, Unavailable
from tests.support.misdeeds import always, hoard, once, refuse, spin


@pytest.fixture
def apart() -> Iterator[Apart]:
    made = Apart()
    yield made
    made.close()


def call(apart: Apart, function: object, *arguments: object) -> object:
    """The answer, with a second and a little memory."""
    return apart.call(function, *arguments, seconds=1.0, mebibytes=64).value  # type: ignore[arg-type]


def test_the_answer_is_that_of_the_function_and_the_child_stays(apart: Apart) -> None:
    first, second = call(apart, os.getpid), call(apart, os.getpid)
    assert first == second != os.getpid()


def test_errors_are_raised_again(apart: Apart) -> None:
    with pytest.raises(NotFound, match="nothing is here"):
        call(apart, refuse)
    assert call(apart, len, "abc") == 3


def test_what_takes_too_long_is_ended_with_what_it_noted_last(apart: Apart) -> None:
    begun = time.thread_time()
    with pytest.raises(GivenUp) as caught:
        call(apart, spin, "one", "two")
    assert (caught.value.why, caught.value.at) == ("takes longer than 1 s", "two")
    assert time.thread_time() - begun < 0.5
    assert call(apart, len, "abc") == 3


def test_waiting_takes_no_time_of_the_processor(apart: Apart) -> None:
    assert call(apart, time.sleep, 1.5) is None


def test_what_takes_too_much_memory_is_ended(apart: Apart) -> None:
    with pytest.raises(GivenUp, match="more than 64 MiB of memory"):
        call(apart, hoard)
    assert call(apart, len, "abc") == 3


def test_what_crashes_is_ended(apart: Apart) -> None:
    with pytest.raises(GivenUp, match=r"crash \(SIGABRT\)"):
        call(apart, os.abort)
    assert call(apart, len, "abc") == 3


def test_a_child_that_is_ended_from_outside_is_worth_another(apart: Apart, tmp_path: object) -> None:
    assert call(apart, once, f"{tmp_path}/was", signal.SIGKILL) == "done"
    with pytest.raises(Unavailable, match="was ended"):
        call(apart, always, signal.SIGTERM)


def test_the_child_ends_with_its_parent(apart: Apart) -> None:
    child = call(apart, os.getpid)
    assert isinstance(child, int)
    assert apart.close() == -signal.SIGKILL
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)
