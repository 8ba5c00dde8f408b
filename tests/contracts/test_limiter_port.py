"""``Limiter``: never more than a bucket and what came back, for each holder, whoever asks at once."""

import time
from collections.abc import Iterator
from typing import Protocol
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis import Redis

from shared.adapters.local.limiter import MemoryLimiter
from shared.adapters.redis.connection import RedisConnection
from shared.adapters.redis.limiter import MICROSECONDS, RedisLimiter
from shared.domain import bucket
from shared.domain.bucket import Taking
from shared.models.limits import Policy
from shared.ports.limiter import Limiter
from tests.support.crowd import at_once
from tests.support.properties import examples
from tests.support.redis_server import RedisServer

SLOW = Policy(name="slow", most=5, seconds=5000.0)
WIDE = Policy(name="wide", most=12, seconds=6000.0)
SLACK = 60.0
"""Seconds that pass in a test by themselves, at the most: less than any token takes to come back."""


class Room(Protocol):
    """A limiter, and its time."""

    limiter: Limiter

    def wait(self, seconds: float) -> None:
        """Let time pass; a negative span sets the clock back."""
        ...


class MemoryRoom:
    """Under a clock that the test moves."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.limiter = MemoryLimiter(clock=lambda: self.now)

    def wait(self, seconds: float) -> None:
        """See ``Room.wait``."""
        self.now += seconds


class RedisRoom:
    """The server's time cannot be moved: instead every bucket is put so much nearer to being full."""

    def __init__(self, server: RedisServer) -> None:
        self.connection = RedisConnection(server.url, answer_seconds=5.0)
        self.limiter = RedisLimiter(self.connection, prefix="test")
        self._client: Redis = Redis.from_url(server.url)

    def wait(self, seconds: float) -> None:
        """See ``Room.wait``."""
        for key in self._client.scan_iter("test:limit:*"):
            self._client.decrby(key, round(seconds * MICROSECONDS))

    def close(self) -> None:
        """Close what is open."""
        self.connection.close()
        self._client.close()


@pytest.fixture(scope="module")
def redis_room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisRoom]:
    """On a server of its own."""
    with RedisServer.installed(tmp_path_factory.mktemp("redis")) as server:
        room = RedisRoom(server)
        yield room
        room.close()


@pytest.fixture
def memory_room() -> MemoryRoom:
    """In this process."""
    return MemoryRoom()


@pytest.fixture(params=["memory_room", "redis_room"])
def room(request: pytest.FixtureRequest) -> Room:
    """Each in turn."""
    found: Room = request.getfixturevalue(request.param)
    return found


def somebody() -> str:
    """A holder with full buckets."""
    return uuid4().hex


def remaining(taking: Taking) -> list[int]:
    """By policy."""
    return [level.remaining for level in taking.levels]


def test_a_full_bucket_can_be_emptied_at_once(room: Room) -> None:
    holder = somebody()
    takings = [room.limiter.take(holder, [SLOW]) for _ in range(6)]
    assert [it.allowed for it in takings] == [True] * 5 + [False]
    assert [remaining(it) for it in takings] == [[4], [3], [2], [1], [0], [0]]
    assert takings[4].levels[0].reset == pytest.approx(5000, abs=SLACK)
    assert takings[5].retry_after == pytest.approx(1000, abs=SLACK)
    assert takings[5].empty == ("slow",)


def test_after_retry_after_the_same_request_is_allowed(room: Room) -> None:
    holder = somebody()
    for _ in range(5):
        room.limiter.take(holder, [SLOW])
    refused = room.limiter.take(holder, [SLOW], 2)
    room.wait(refused.retry_after - SLACK)
    assert not room.limiter.take(holder, [SLOW], 2).allowed
    room.wait(SLACK + 0.001)
    assert room.limiter.take(holder, [SLOW], 2).allowed


def test_from_all_buckets_or_from_none(room: Room) -> None:
    holder = somebody()
    for _ in range(5):
        room.limiter.take(holder, [SLOW, WIDE])
    assert not room.limiter.take(holder, [SLOW, WIDE]).allowed
    assert not room.limiter.take(holder, [WIDE, SLOW]).allowed
    assert remaining(room.limiter.take(holder, [WIDE], 0)) == [7]


def test_a_look_takes_nothing(room: Room) -> None:
    holder = somebody()
    assert [remaining(room.limiter.take(holder, [SLOW], 0)) for _ in range(3)] == [[5]] * 3
    room.limiter.take(holder, [SLOW], 5)
    assert not room.limiter.take(holder, [SLOW], 0).allowed


def test_holders_do_not_take_from_each_other(room: Room) -> None:
    one, other = somebody(), somebody()
    room.limiter.take(one, [SLOW], 5)
    assert room.limiter.take(other, [SLOW], 5).allowed


def test_more_than_a_bucket_holds_is_never_allowed(room: Room) -> None:
    assert not room.limiter.take(somebody(), [SLOW], 6).allowed


def test_of_many_at_once_as_many_are_allowed_as_there_are_tokens(room: Room) -> None:
    holder = somebody()
    takings = at_once(lambda _: room.limiter.take(holder, [SLOW, WIDE]), range(24))
    assert sum(it.allowed for it in takings) == 5
    assert remaining(room.limiter.take(holder, [SLOW, WIDE], 0)) == [0, 7]


def test_a_clock_that_is_set_back_gives_nothing_and_locks_nobody_out(room: Room) -> None:
    holder = somebody()
    room.limiter.take(holder, [SLOW], 5)
    room.wait(-1_000_000)
    refused = room.limiter.take(holder, [SLOW])
    assert not refused.allowed
    assert refused.retry_after <= 1000 + SLACK
    room.wait(1000.001)
    # A look writes nothing: the bucket is known to be empty only since it was asked by the new clock.
    assert room.limiter.take(holder, [SLOW], 0).retry_after <= 1000 + SLACK


def steps_of(*pauses: float) -> st.SearchStrategy[list[tuple[int, float]]]:
    """Tokens to take, and the seconds that pass then."""
    return st.lists(st.tuples(st.integers(0, 6), st.sampled_from(pauses)), min_size=1, max_size=12)


@examples(60)
@given(steps=steps_of(0.0, 0.0, 400.0, 1500.0, 9000.0, -700.0))
def test_never_more_than_a_bucket_and_what_came_back(room: Room, steps: list[tuple[int, float]]) -> None:
    holder, began, taken, forward = somebody(), time.monotonic(), 0, 0.0
    for tokens, pause in steps:
        if room.limiter.take(holder, [SLOW], tokens).allowed:
            taken += tokens
        room.wait(pause)
        forward += max(0.0, pause)
        real = time.monotonic() - began
        assert taken <= SLOW.most + (forward + real) * SLOW.most / SLOW.seconds + 0.01


@examples(60)
@given(steps=steps_of(0.0, 0.0, 300.0, 1500.0, 9000.0))
def test_every_backend_keeps_buckets_as_the_rule_says(room: Room, steps: list[tuple[int, float]]) -> None:
    holder, now = somebody(), 0.0
    full = [now, now]
    for tokens, pause in steps:
        expected, full = bucket.take(full, [SLOW, WIDE], tokens, now=now)
        found = room.limiter.take(holder, [SLOW, WIDE], tokens)
        assert (found.allowed, remaining(found)) == (expected.allowed, remaining(expected))
        assert found.retry_after == pytest.approx(expected.retry_after, abs=SLACK)
        room.wait(pause)
        now += pause
