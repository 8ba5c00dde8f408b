"""The circuit breaker: when it opens, what it lets through, and how it closes."""

from hypothesis import given
from hypothesis import strategies as st

from shared.domain.breaker import FAILURES, OPEN_SECONDS, Breaker, BreakerState


def opened(at: float = 0.0) -> Breaker:
    """One that has just opened."""
    breaker = Breaker()
    for _ in range(FAILURES):
        breaker = breaker.failed(at)
    return breaker


def test_it_opens_at_the_fifth_failure() -> None:
    breaker = Breaker()
    for _ in range(4):
        breaker = breaker.failed(0.0)
        assert breaker.asked(0.0) == breaker
    assert breaker.failed(0.0).asked(0.0) is None


def test_a_success_takes_one_failure_back() -> None:
    breaker = Breaker()
    for _ in range(4):
        breaker = breaker.failed(0.0)
    breaker = breaker.succeeded().failed(0.0)
    assert breaker.state is BreakerState.CLOSED
    assert breaker.failed(0.0).state is BreakerState.OPEN


def test_after_a_minute_one_call_may_try() -> None:
    assert opened().asked(59.9) is None
    trying = opened().asked(60.0)
    assert trying is not None
    assert trying.state is BreakerState.HALF_OPEN
    assert trying.asked(60.1) is None
    assert trying.succeeded() == Breaker()
    assert trying.failed(61.0) == opened(61.0)


def test_a_try_that_never_ends_does_not_keep_it_shut_for_ever() -> None:
    trying = opened().asked(60.0)
    assert trying is not None
    assert trying.asked(119.9) is None
    assert trying.asked(120.0) is not None


def test_an_answer_to_a_call_of_before_does_not_close_it() -> None:
    assert opened().succeeded() == opened()


def test_a_clock_that_was_set_back_does_not_keep_it_open() -> None:
    assert opened(1000.0).asked(10.0) is not None


@given(st.lists(st.floats(0, 30), max_size=60))
def test_while_all_calls_fail_hardly_any_is_made(pauses: list[float]) -> None:
    breaker, now, made = Breaker(), 0.0, 0
    for pause in pauses:
        now += pause
        asked = breaker.asked(now)
        if asked is not None:
            made, breaker = made + 1, asked.failed(now)
    assert made <= FAILURES + now / OPEN_SECONDS
