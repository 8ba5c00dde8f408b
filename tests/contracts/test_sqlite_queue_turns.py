"""The embedded queue's line: a burst of one batch does not stand in the way of another."""

import json
from datetime import timedelta

from shared.events.messages import JobQueued
from tests.contracts.conftest import LocalBackend
from tests.support.facts import SECOND, a_batch, ref

LARGE, SMALL = a_batch(999), a_batch(10)


def leased(local: LocalBackend, limit: int) -> list[str]:
    """The batches of the next messages, which are then done with."""
    taken = local.bus.lease("dispatch", limit=limit, visibility=60 * SECOND)
    local.bus.acknowledge_all(taken)
    return [json.loads(delivery.data)["ref"]["batch_id"] for delivery in taken]


def test_what_is_published_together_is_all_due_at_once(local: LocalBackend) -> None:
    local.bus.publish([JobQueued(ref=ref(LARGE, position)) for position in range(999)])
    assert len(leased(local, 2000)) == 999


def test_a_few_messages_pass_a_burst_that_came_just_before(local: LocalBackend) -> None:
    local.bus.publish([JobQueued(ref=ref(LARGE, position)) for position in range(999)])
    local.wait(timedelta(milliseconds=100))
    local.bus.publish([JobQueued(ref=ref(SMALL, position)) for position in range(10)])
    assert leased(local, 40).count(SMALL.batch_id) == 10


def test_the_end_of_a_burst_is_not_passed_by_what_comes_after_its_turn(local: LocalBackend) -> None:
    local.bus.publish([JobQueued(ref=ref(LARGE, position)) for position in range(999)])
    local.wait(10 * SECOND)
    local.bus.publish([JobQueued(ref=ref(SMALL))])
    assert leased(local, 999) == [LARGE.batch_id] * 999
