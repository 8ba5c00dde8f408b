"""What only the embedded queue promises: exact backoffs, delays, and leases that a restart ends."""

import json
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from shared.adapters.local.bus import Delivery, SqliteBus
from shared.events.messages import JobQueued
from shared.topology import topology
from tests.contracts.backends import TOPICS
from tests.contracts.conftest import LocalBackend
from tests.contracts.test_bus_port import MOST, positions, queued
from tests.support.facts import SECOND, a_batch, ref
from tests.support.properties import examples
from tests.support.world import NOON


def take(local: LocalBackend, limit: int = 100) -> list[Delivery]:
    """Lease what is due for a minute."""
    return local.bus.lease("dispatch", limit=limit, visibility=60 * SECOND)


def test_a_delivery_says_when_the_message_was_published(local: LocalBackend) -> None:
    local.bus.publish(queued(1))
    local.wait(SECOND)
    assert [item.published_at for item in take(local)] == [NOON]


def test_a_refused_message_comes_again_after_a_growing_backoff(local: LocalBackend) -> None:
    local.bus.publish(queued(1))
    for number, seconds in enumerate((1, 2, 4, 8), start=1):
        [item] = take(local)
        assert item.number == number
        local.subscriber.refuse(item, reason="500", most=MOST)
        local.wait((seconds - 0.001) * SECOND)
        assert take(local) == []
        local.wait(0.001 * SECOND)


def test_the_backoff_never_exceeds_a_minute(local: LocalBackend) -> None:
    local.bus.publish(queued(1))
    for number in range(1, 12):
        [item] = take(local)
        assert item.number == number
        local.subscriber.refuse(item, reason="500", most=99)
        local.wait(timedelta(minutes=1))


def test_half_an_hour_of_refusals_gives_nothing_up_and_a_poison_message_ends(local: LocalBackend) -> None:
    """As often and with such pauses as the product says, and each pause only half as long."""
    product = topology().subscription_defaults
    bus = SqliteBus(local.database, local.clock, TOPICS, pause=lambda number: product.pause(number) / 2)
    bus.publish(queued(1))
    while bus.waiting().get("dispatch"):
        [item] = bus.lease("dispatch", limit=1, visibility=SECOND)
        bus.refuse(item, reason="500", most=product.max_delivery_attempts)
        local.wait(product.pause(item.number) / 2)
    [letter] = [it for it in bus.dead_letters() if it.subscription == "dispatch"]
    assert timedelta(minutes=30) < letter.parked_at - NOON < timedelta(hours=2)
    assert letter.deliveries == product.max_delivery_attempts


def test_what_a_dead_subscriber_had_leased_is_returned_at_once(local: LocalBackend) -> None:
    local.bus.publish(queued(1, 2, 3))
    local.subscriber.acknowledge(take(local, limit=1)[0])
    [refused] = take(local, limit=1)
    local.subscriber.refuse(refused, reason="500", most=MOST)
    take(local, limit=1)
    assert local.subscriber.return_leased() == 1
    assert [item.number for item in take(local)] == [2]


@examples(25)
@given(fates=st.lists(st.sampled_from(["ack", "refuse", "forget"]), max_size=25), data=st.data())
def test_whatever_a_subscriber_does_a_message_is_done_parked_or_still_to_come(
    local: LocalBackend, fates: list[str], data: st.DataObject
) -> None:
    local.wait(timedelta(hours=1))
    for item in take(local, limit=1000):
        local.subscriber.acknowledge(item)
    before = len(local.subscriber.dead_letters())
    fresh = a_batch(4)  # a letter of an earlier example is counted again if the same message is given up
    local.bus.publish([JobQueued(ref=ref(fresh, position)) for position in range(4)])
    done = set[int]()
    for fate in fates:
        local.wait(timedelta(seconds=data.draw(st.sampled_from([1, 61]))))
        for item in take(local, limit=1):
            if fate == "ack":
                local.subscriber.acknowledge(item)
                done.add(positions([item])[0])
            elif fate == "refuse":
                local.subscriber.refuse(item, reason="500", most=MOST)
    local.wait(timedelta(hours=1))
    left = positions(take(local, limit=1000))
    parked = [json.loads(it.data)["ref"]["position"] for it in local.subscriber.dead_letters()[before:]]
    assert sorted([*done, *left, *parked]) == [0, 1, 2, 3]
