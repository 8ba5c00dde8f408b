"""Rate limits shared through a real redis-server that dies and comes back: they hold all the while."""

from contextlib import closing
from pathlib import Path

import pytest

from shared import wiring
from shared.adapters.redis.connection import RedisConnection
from shared.domain.breaker import BreakerState
from tests.support.chain import Chain, chain_at
from tests.support.redis_server import RedisServer


def lists(chain: Chain, times: int) -> list[int]:
    """How lists are answered."""
    return [chain.api("/api/v3/batches").status for _ in range(times)]


def test_limits_hold_while_redis_is_killed_and_started_again(
    redis_server: RedisServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMTX_LIMITS_ENABLED", "1")
    monkeypatch.setenv("OMTX_LIMITS_RATES", '{"enterprise": {"list": 4, "overall": 1000}}')
    now = [0.0]
    connection = RedisConnection(redis_server.url, answer_seconds=5.0, clock=lambda: now[0])
    monkeypatch.setattr("shared.wiring.limits.redis", lambda: connection)
    with closing(connection), chain_at(tmp_path) as chain:
        assert lists(chain, 6) == [200] * 4 + [429] * 2
        wiring.reset()  # another instance: it counts in the same buckets
        assert lists(chain, 2) == [429] * 2

        redis_server.kill()
        assert lists(chain, 6) == [200] * 4 + [429] * 2  # by this instance's own count from now on
        assert connection.state().state is BreakerState.OPEN

        redis_server.start()
        assert lists(chain, 2) == [429] * 2
        now[0] += 61.0
        assert lists(chain, 6) == [200] * 4 + [429] * 2  # its buckets were lost with it, and are full
        assert connection.state().state is BreakerState.CLOSED


def test_the_settings_name_the_redis(
    redis_server: RedisServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMTX_LIMITS_ENABLED", "1")
    monkeypatch.setenv("OMTX_REDIS_URL", redis_server.url)
    monkeypatch.setenv("OMTX_REDIS_ANSWER_SECONDS", "5")
    with chain_at(tmp_path) as chain:
        assert lists(chain, 1) == [200]
        redis = wiring.redis()
        assert redis is not None
        assert redis.ask(lambda client: client.keys("omtx:limit:{owner:local}:*")) != []
