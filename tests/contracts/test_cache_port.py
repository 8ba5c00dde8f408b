"""``Cache``: what was put is found until its time is over or its tag is let go, and nothing else is."""

import time
from collections.abc import Callable, Iterator
from typing import NamedTuple
from uuid import uuid4

import pytest

from shared.adapters.local.cache import MemoryCache
from shared.adapters.redis.cache import RedisCache
from shared.adapters.redis.connection import RedisConnection
from shared.domain.breaker import BreakerState
from shared.ports.cache import MOST_VALUE_BYTES, Cache
from tests.support.crowd import at_once
from tests.support.redis_server import RedisServer


class Room(NamedTuple):
    """A cache, and how its time passes."""

    cache: Cache
    wait: Callable[[float], None]


@pytest.fixture
def connection(redis_server: RedisServer) -> Iterator[RedisConnection]:
    """To the running server."""
    connection = RedisConnection(redis_server.url, answer_seconds=5.0)
    yield connection
    connection.close()


@pytest.fixture(params=["memory", "redis"])
def room(request: pytest.FixtureRequest) -> Room:
    """Each adapter in turn."""
    if request.param == "memory":
        now = [1000.0]

        def wait(seconds: float) -> None:
            now[0] += seconds

        return Room(MemoryCache(clock=lambda: now[0]), wait)
    connection: RedisConnection = request.getfixturevalue("connection")
    return Room(RedisCache(connection, MemoryCache(), prefix=uuid4().hex), time.sleep)


def test_values_are_found_by_their_keys_in_the_order_asked(room: Room) -> None:
    room.cache.put("a", b"\x00one", seconds=60, tag="t")
    room.cache.put("b", b"", seconds=60, tag="t")
    assert room.cache.get(["b", "missing", "a"]) == [b"", None, b"\x00one"]
    assert room.cache.get([]) == []


def test_the_last_value_stands(room: Room) -> None:
    room.cache.put("a", b"one", seconds=60, tag="t")
    room.cache.put("a", b"two", seconds=60, tag="other")
    room.cache.forget("other")
    assert room.cache.get(["a"]) == [None]


def test_a_value_is_gone_when_its_time_is_over(room: Room) -> None:
    room.cache.put("short", b"one", seconds=0.05, tag="t")
    room.cache.put("long", b"two", seconds=60, tag="t")
    room.wait(0.1)
    assert room.cache.get(["short", "long"]) == [None, b"two"]


def test_a_tag_takes_along_what_was_put_under_it_and_nothing_else(room: Room) -> None:
    for number in range(1200):
        room.cache.put(f"a{number}", b"x", seconds=60, tag="a")
    room.cache.put("b", b"y", seconds=60, tag="b")
    room.cache.forget("a")
    room.cache.forget("unknown")
    assert room.cache.get([f"a{number}" for number in range(1200)]) == [None] * 1200
    assert room.cache.get(["b"]) == [b"y"]


def test_what_is_too_large_is_not_kept(room: Room) -> None:
    room.cache.put("a", bytes(MOST_VALUE_BYTES + 1), seconds=60, tag="t")
    assert room.cache.get(["a"]) == [None]


def test_a_crowd_finds_what_each_has_put(room: Room) -> None:
    def put_and_get(number: int) -> list[bytes | None]:
        room.cache.put(f"k{number}", f"v{number}".encode(), seconds=60, tag="t")
        return room.cache.get([f"k{number}"])

    assert at_once(put_and_get, list(range(16))) == [[f"v{number}".encode()] for number in range(16)]


def test_memory_holds_no_more_than_it_may_and_lets_go_of_what_is_used_least() -> None:
    cache = MemoryCache(most_bytes=10_000)
    for key in "abc":
        cache.put(key, bytes(3000), seconds=60, tag=key)
    assert cache.get(["a"]) == [bytes(3000)]
    cache.put("d", bytes(3000), seconds=60, tag="d")
    assert [value is not None for value in cache.get(list("abcd"))] == [True, False, True, True]


def test_without_redis_each_process_has_its_own_and_finds_the_shared_one_again(
    redis_server: RedisServer,
) -> None:
    now = [0.0]
    connection = RedisConnection(redis_server.url, clock=lambda: now[0])
    cache = RedisCache(connection, MemoryCache(), prefix="test")
    cache.put("a", b"shared", seconds=60, tag="t")
    redis_server.kill()
    assert cache.get(["a"]) == [None]
    cache.put("a", b"own", seconds=60, tag="t")
    assert cache.get(["a"]) == [b"own"]
    for _ in range(5):
        cache.forget("nothing")
    assert connection.state().state is BreakerState.OPEN
    assert cache.get(["a"]) == [b"own"]
    redis_server.start()
    now[0] += 61.0
    assert cache.get(["a"]) == [None]
    cache.put("a", b"again", seconds=60, tag="t")
    assert cache.get(["a"]) == [b"again"]
    connection.close()
