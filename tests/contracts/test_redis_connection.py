"""The connection to a real redis-server that is killed and started again."""

import logging
from collections.abc import Iterator

import pytest

from shared.adapters.redis.connection import RedisConnection
from shared.domain.breaker import FAILURES, BreakerState
from shared.errors import Unavailable
from tests.support.redis_server import RedisServer


class Seconds:
    """A monotonic clock that moves when told."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def seconds() -> Seconds:
    """The breaker's time."""
    return Seconds()


@pytest.fixture
def connection(redis_server: RedisServer, seconds: Seconds) -> Iterator[RedisConnection]:
    """Of the running server."""
    connection = RedisConnection(redis_server.url, answer_seconds=5.0, clock=seconds)
    yield connection
    connection.close()


def refused(connection: RedisConnection, times: int) -> None:
    """Ask in vain."""
    for _ in range(times):
        with pytest.raises(Unavailable):
            connection.ask(lambda client: client.ping())


def test_it_asks_a_dead_server_five_times_and_a_living_one_again_after_a_minute(
    redis_server: RedisServer,
    connection: RedisConnection,
    seconds: Seconds,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "omtx.redis")
    assert connection.ask(lambda client: client.ping())
    redis_server.kill()
    refused(connection, FAILURES)
    assert connection.state().state is BreakerState.OPEN
    redis_server.start()
    refused(connection, 7)  # it is back, and nobody asks before the minute is over
    assert (connection.state().calls, connection.state().refused) == (FAILURES + 1, 7)
    seconds.now = 60.0
    assert connection.ask(lambda client: client.ping())
    assert connection.state().state is BreakerState.CLOSED
    assert [record.message for record in caplog.records] == [
        "Redis does not answer; for 60 s nobody asks it",
        "Redis answers again",
    ]


def test_a_restart_of_the_server_between_two_calls_is_not_noticed(
    redis_server: RedisServer, connection: RedisConnection
) -> None:
    connection.ask(lambda client: client.ping())
    redis_server.kill()
    redis_server.start()
    assert connection.ask(lambda client: client.ping())
    assert connection.state().failures == 0


def test_a_refusal_of_the_server_is_no_answer_either(connection: RedisConnection) -> None:
    connection.ask(lambda client: client.set("text", "x"))
    with pytest.raises(Unavailable):
        connection.ask(lambda client: client.incr("text"))
    assert connection.state().failures == 1
