"""What only buckets in memory promise: they are bounded, and nobody gains by filling them."""

from shared.adapters.local.limiter import MemoryLimiter
from shared.models.limits import Policy

POLICY = Policy(name="slow", most=2, seconds=100.0)


class Seconds:
    """A clock that moves when told."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_when_all_are_in_use_newcomers_share_one_bucket() -> None:
    limiter = MemoryLimiter(clock=Seconds(), most=3)
    for name in "abc":
        limiter.take(name, [POLICY])
    allowed = [limiter.take(f"made up {n}", [POLICY]).allowed for n in range(10)]
    assert allowed == [True] * 2 + [False] * 8
    assert limiter.take("a", [POLICY]).allowed
    assert not limiter.take("a", [POLICY]).allowed  # it was not forgotten


def test_full_buckets_make_room() -> None:
    clock = Seconds()
    limiter = MemoryLimiter(clock=clock, most=3)
    for n in range(3):
        limiter.take(f"first {n}", [POLICY], 2)
    clock.now = 200.0
    allowed = [limiter.take(f"then {n}", [POLICY], 2).allowed for n in range(3)]
    assert allowed == [True] * 3


def test_it_never_holds_more_than_it_may() -> None:
    clock = Seconds()
    limiter = MemoryLimiter(clock=clock, most=50)
    for n in range(5000):
        limiter.take(f"address:{n}", [POLICY])
        clock.now += 0.01
        assert len(limiter) <= 51  # with the shared one
