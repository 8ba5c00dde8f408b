"""``Bus`` and its other end: at least once to every subscription, never lost, parked with a reason."""

import json
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from shared.adapters.local.bus import Delivery
from shared.events.messages import BatchFinished, JobFinished, JobQueued
from tests.contracts.backends import Backend
from tests.support.crowd import at_once
from tests.support.facts import SECOND, a_batch, envelope, ref
from tests.support.properties import examples
from tests.support.world import NOON

HIDDEN = 60 * SECOND
BATCH = a_batch(1000)
MOST = 5


def queued(*positions: int) -> list[JobQueued]:
    """One message per ligand."""
    return [JobQueued(ref=ref(BATCH, position)) for position in positions]


def take(backend: Backend, subscription: str = "dispatch", limit: int = 100) -> list[Delivery]:
    """Lease what is due for a minute."""
    return backend.subscriber.lease(subscription, limit=limit, visibility=HIDDEN)


def positions(deliveries: list[Delivery]) -> list[int]:
    """Which ligands the messages are about."""
    return [json.loads(delivery.data)["ref"]["position"] for delivery in deliveries]


def test_every_subscription_gets_a_copy_of_its_own(backend: Backend) -> None:
    backend.bus.publish([*queued(1, 2), JobFinished(envelope=envelope(ref(BATCH)))])
    for name in ("dispatch", "audit"):
        taken = take(backend, name)
        assert sorted(positions(taken)) == [1, 2]
        assert {(item.subscription, item.topic, item.number) for item in taken} == {(name, "job-queued", 1)}
        for item in taken:
            backend.subscriber.acknowledge(item)
    assert [item.topic for item in take(backend, "complete")] == ["job-finished"]


def test_a_topic_without_subscriptions_swallows_its_messages(backend: Backend) -> None:
    backend.bus.publish([BatchFinished(batch_id=BATCH.batch_id)])
    assert [take(backend, name) for name in ("dispatch", "audit", "complete")] == [[], [], []]


def test_publishing_nothing_is_no_error(backend: Backend) -> None:
    backend.bus.publish([])
    assert take(backend) == []


def test_a_message_arrives_as_it_was_sent(backend: Backend) -> None:
    sent = JobFinished(envelope=envelope(ref(BATCH, 7), metrics={"affinity": -5.25, "name": "β-ionone"}))
    backend.bus.publish([sent])
    [item] = take(backend, "complete")
    assert JobFinished.model_validate_json(item.data) == sent
    assert item.published_at == NOON


def test_a_leased_message_is_hidden_until_its_visibility_ends(backend: Backend) -> None:
    backend.bus.publish(queued(1))
    assert len(take(backend)) == 1
    backend.wait(HIDDEN - SECOND)
    assert take(backend) == []
    backend.wait(SECOND)
    assert [item.number for item in take(backend)] == [2]


def test_an_acknowledged_message_never_comes_again(backend: Backend) -> None:
    backend.bus.publish(queued(1))
    [item] = take(backend)
    backend.subscriber.acknowledge(item)
    backend.subscriber.acknowledge(item)
    backend.wait(timedelta(days=1))
    assert take(backend) == []


def test_no_more_is_leased_than_asked_for(backend: Backend) -> None:
    backend.bus.publish(queued(*range(5)))
    sizes = [len(take(backend, limit=2)) for _ in range(4)]
    assert sizes == [2, 2, 1, 0]


def test_a_refused_message_comes_again_after_a_growing_backoff(backend: Backend) -> None:
    backend.bus.publish(queued(1))
    for number, seconds in enumerate((1, 2, 4, 8), start=1):
        [item] = take(backend)
        assert item.number == number
        backend.subscriber.refuse(item, reason="500", most=MOST)
        backend.wait((seconds - 0.001) * SECOND)
        assert take(backend) == []
        backend.wait(0.001 * SECOND)


def test_the_backoff_never_exceeds_a_minute(backend: Backend) -> None:
    backend.bus.publish(queued(1))
    for number in range(1, 12):
        [item] = take(backend)
        assert item.number == number
        backend.subscriber.refuse(item, reason="500", most=99)
        backend.wait(timedelta(minutes=1))


def test_a_message_refused_five_times_is_parked_with_the_reason(backend: Backend) -> None:
    backend.bus.publish(queued(1))
    for _ in range(MOST):
        [item] = take(backend)
        backend.subscriber.refuse(item, reason="answered 500", most=MOST)
        backend.wait(timedelta(minutes=1))
    assert take(backend) == []
    [letter] = backend.subscriber.dead_letters()
    assert (letter.reason, letter.topic, letter.subscription) == ("answered 500", "job-queued", "dispatch")
    assert (letter.deliveries, letter.data) == (MOST, item.data)
    assert len(take(backend, "audit")) == 1


def test_a_message_is_parked_once_even_if_its_last_refusal_is_repeated(backend: Backend) -> None:
    backend.bus.publish(queued(1))
    [item] = take(backend)
    for _ in range(2):
        backend.subscriber.refuse(item, reason="poison", most=1)
    assert len(backend.subscriber.dead_letters()) == 1


def test_a_parked_message_is_kept_with_the_reason(backend: Backend) -> None:
    backend.dead_letters.park("job-queued", b'{"not": "ours"}', reason="Malformed: no ref")
    backend.dead_letters.park("job-finished", b"\xff", reason="NotFound: no batch")
    letters = backend.subscriber.dead_letters()
    assert [(letter.topic, letter.data, letter.reason) for letter in letters] == [
        ("job-queued", b'{"not": "ours"}', "Malformed: no ref"),
        ("job-finished", b"\xff", "NotFound: no batch"),
    ]


def test_a_message_is_not_delivered_before_its_time(backend: Backend) -> None:
    later = JobQueued(ref=ref(BATCH, 1), not_before=NOON + 10 * SECOND)
    past = JobQueued(ref=ref(BATCH, 2), not_before=NOON - 10 * SECOND)
    backend.bus.publish([later, past])
    assert positions(take(backend)) == [2]
    backend.wait(9.999 * SECOND)
    assert take(backend) == []
    backend.wait(0.001 * SECOND)
    assert positions(take(backend)) == [1]


def test_what_a_dead_subscriber_had_leased_is_returned_at_once(backend: Backend) -> None:
    backend.bus.publish(queued(1, 2, 3))
    backend.subscriber.acknowledge(take(backend, limit=1)[0])
    [refused] = take(backend, limit=1)
    backend.subscriber.refuse(refused, reason="500", most=MOST)
    take(backend, limit=1)
    assert backend.subscriber.return_leased() == 1
    assert [item.number for item in take(backend)] == [2]


def test_eight_threads_lose_nothing_and_share_the_work_without_overlap(backend: Backend) -> None:
    backend.bus.publish(queued(*range(400)))

    def work(_: int) -> list[int]:
        mine = list[int]()
        while batch := take(backend, limit=7):
            mine += positions(batch)
            for item in batch:
                backend.subscriber.acknowledge(item)
        return mine

    shares = at_once(work, range(8))
    assert sorted(position for share in shares for position in share) == list(range(400))


def test_what_many_threads_publish_all_arrives(backend: Backend) -> None:
    at_once(lambda n: backend.bus.publish(queued(*range(n, n + 10))), range(0, 160, 10))
    assert sorted(positions(take(backend, limit=1000))) == list(range(160))


@examples(25)
@given(fates=st.lists(st.sampled_from(["ack", "refuse", "forget"]), max_size=25), data=st.data())
def test_whatever_a_subscriber_does_a_message_is_done_parked_or_still_to_come(
    backend: Backend, fates: list[str], data: st.DataObject
) -> None:
    backend.wait(timedelta(hours=1))
    for item in take(backend, limit=1000):
        backend.subscriber.acknowledge(item)
    before = len(backend.subscriber.dead_letters())
    fresh = a_batch(4)  # a letter of an earlier example is counted again if the same message is given up
    backend.bus.publish([JobQueued(ref=ref(fresh, position)) for position in range(4)])
    done = set[int]()
    for fate in fates:
        backend.wait(timedelta(seconds=data.draw(st.sampled_from([1, 61]))))
        for item in take(backend, limit=1):
            if fate == "ack":
                backend.subscriber.acknowledge(item)
                done.add(positions([item])[0])
            elif fate == "refuse":
                backend.subscriber.refuse(item, reason="500", most=MOST)
    backend.wait(timedelta(hours=1))
    left = positions(take(backend, limit=1000))
    parked = [json.loads(it.data)["ref"]["position"] for it in backend.subscriber.dead_letters()[before:]]
    assert sorted([*done, *left, *parked]) == [0, 1, 2, 3]
