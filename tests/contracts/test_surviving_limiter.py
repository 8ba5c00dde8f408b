"""The shared limiter whose server is killed under load: everybody is counted, nobody meets an error."""

from contextlib import closing

from shared.adapters.local.limiter import MemoryLimiter
from shared.adapters.redis.connection import RedisConnection
from shared.adapters.redis.limiter import RedisLimiter
from shared.adapters.redis.surviving import SurvivingLimiter
from shared.domain.breaker import BreakerState
from shared.models.limits import Policy
from tests.support.crowd import at_once
from tests.support.redis_server import RedisServer

POLICY = Policy(name="slow", most=20, seconds=20_000.0)


def test_a_server_that_dies_under_load_lets_nobody_in_uncounted(redis_server: RedisServer) -> None:
    with closing(RedisConnection(redis_server.url, answer_seconds=5.0)) as connection:
        limiter = SurvivingLimiter(RedisLimiter(connection, prefix="test"), MemoryLimiter())

        def ask(number: int) -> int:
            if number == 12:
                redis_server.kill()
                return 0
            return sum(limiter.take("ada", [POLICY]).allowed for _ in range(10))

        allowed = sum(at_once(ask, range(24)))
        assert POLICY.most <= allowed <= 2 * POLICY.most  # of Redis, and of this process
        assert not limiter.take("ada", [POLICY]).allowed
        assert connection.state().state is BreakerState.OPEN
        assert limiter.survived >= 1
        assert connection.state().opened == 1
