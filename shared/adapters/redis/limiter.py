"""
Buckets in Redis: one script a request, by the server's clock.

The script is ``domain.bucket.take`` again, as it has to run where the numbers are; the contract suite
holds the two against each other. Numbers are whole microseconds: as text, Lua would round a time of day to
14 digits.
"""

from collections.abc import Sequence
from typing import Any

from shared.adapters.redis.connection import RedisConnection
from shared.domain import bucket
from shared.domain.bucket import Level, Taking
from shared.models.limits import Policy

MICROSECONDS = 1_000_000
TAKE = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local tokens = tonumber(ARGV[1])
local full, wait = {}, 0
for i, key in ipairs(KEYS) do
    local each, span = tonumber(ARGV[2 * i]), tonumber(ARGV[2 * i + 1])
    full[i] = math.min(math.max(tonumber(redis.call('GET', key) or now), now), now + span)
    wait = math.max(wait, full[i] + math.max(tokens, 1) * each - (now + span))
end
local answer = {string.format('%.0f', wait)}
for i, key in ipairs(KEYS) do
    if wait <= 0 and tokens > 0 then
        full[i] = full[i] + tokens * tonumber(ARGV[2 * i])
        redis.call('SET', key, string.format('%.0f', full[i]), 'PX', math.ceil((full[i] - now) / 1000) + 1)
    end
    answer[i + 1] = string.format('%.0f', full[i] - now)
end
return answer
"""


class RedisLimiter:
    """The ``Limiter`` of all processes that use the same Redis; its keys begin with ``prefix``."""

    def __init__(self, connection: RedisConnection, *, prefix: str) -> None:
        self._connection = connection
        self._prefix = prefix

    def take(self, holder: str, policies: Sequence[Policy], tokens: int = 1) -> Taking:
        """See ``Limiter.take``."""
        # In braces is what decides on which node of a cluster a key lies: one script, one node.
        keys = [f"{self._prefix}:limit:{{{holder}}}:{policy.name}" for policy in policies]
        spans = [part for policy in policies for part in (_token(policy), _token(policy) * policy.most)]

        def run(client: Any) -> list[bytes]:
            answer: list[bytes] = client.register_script(TAKE)(keys=keys, args=[tokens, *spans])
            return answer

        wait, *missing = map(int, self._connection.ask(run))
        levels = tuple(map(_level, policies, missing))
        return Taking(wait <= 0, levels, max(0, wait) / MICROSECONDS)


def _token(policy: Policy) -> int:
    """The microseconds in which one token comes back."""
    return max(1, round(bucket.debt(policy, 1) * MICROSECONDS))


def _level(policy: Policy, missing: int) -> Level:
    remaining = policy.most - -(-missing // _token(policy))
    return Level(policy, max(0, remaining), missing / MICROSECONDS)
