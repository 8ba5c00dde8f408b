"""``Bus`` and its other end: at least once to every subscription, never lost, parked with a reason."""

import json
from datetime import timedelta

import pytest

from shared.adapters.local.bus import Delivery
from shared.events.envelope import payload
from shared.events.messages import BatchFinished, JobFinished, JobQueued
from shared.ports.bus import DeadLetter
from shared.tracing import Place, at, follow, headers_of
from tests.contracts.backends import Backend
from tests.support.crowd import at_once
from tests.support.facts import SECOND, a_batch, envelope, ref
from tests.support.world import NOON

HIDDEN = 60 * SECOND
BATCH = a_batch(1000)
MOST = 5


def queued(*positions: int) -> list[JobQueued]:
    """One message per ligand."""
    return [JobQueued(ref=ref(BATCH, position)) for position in positions]


def take(
    backend: Backend, subscription: str = "dispatch", limit: int = 100, hidden: timedelta = HIDDEN
) -> list[Delivery]:
    """Lease what is due."""
    return backend.subscriber.lease(subscription, limit=limit, visibility=hidden)


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


def test_a_message_carries_the_trace_of_where_it_was_published(backend: Backend) -> None:
    place = Place("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331", sampled=True)
    with at(place):
        follow(headers_of(place)["traceparent"], 1000)
        backend.bus.publish(queued(1))
    backend.bus.publish(queued(2))
    told = {positions([item])[0]: item.attributes for item in take(backend)}
    assert told[1].items() >= {
        ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
        ("tracestate", "omtx=b7ad6b7169203331-1-1000"),
    }
    assert not {"traceparent", "tracestate"} & told[2].keys()


def test_a_leased_message_is_hidden_until_its_visibility_ends(backend: Backend) -> None:
    backend.bus.publish(queued(1))
    assert len(take(backend, hidden=2 * SECOND)) == 1
    backend.wait(SECOND)
    assert take(backend) == []
    backend.wait(SECOND)
    assert [item.number for item in take(backend)] == [2]


def test_an_acknowledged_message_never_comes_again(backend: Backend) -> None:
    backend.bus.publish(queued(1))
    [item] = take(backend, hidden=SECOND)
    backend.subscriber.acknowledge(item)
    backend.subscriber.acknowledge(item)
    backend.wait(2 * SECOND)
    assert take(backend) == []


def test_no_more_is_leased_than_asked_for(backend: Backend) -> None:
    backend.bus.publish(queued(*range(5)))
    sizes = [len(take(backend, limit=2)) for _ in range(4)]
    assert sizes == [2, 2, 1, 0]


def test_a_refused_message_comes_again_with_the_next_number(backend: Backend) -> None:
    backend.bus.publish(queued(1))
    for number in range(1, MOST):
        [item] = take(backend)
        assert item.number == number
        backend.subscriber.refuse(item, reason="500", most=MOST)
        backend.clock.advance(timedelta(minutes=1))


def refused_to_the_end(backend: Backend) -> DeadLetter:
    """The letter of a message that one of its subscriptions refused five times."""
    backend.bus.publish(queued(1))
    for _ in range(MOST):
        [item] = take(backend)
        backend.subscriber.refuse(item, reason="answered 500", most=MOST)
        backend.clock.advance(timedelta(minutes=1))
    assert take(backend) == []
    [letter] = backend.subscriber.dead_letters()
    return letter


def test_a_message_refused_five_times_is_parked(backend: Backend) -> None:
    letter = refused_to_the_end(backend)
    assert (letter.topic, letter.subscription, letter.deliveries) == ("job-queued", "dispatch", MOST)
    assert letter.data == payload(queued(1)[0])
    assert letter.published_at is not None
    assert letter.published_at.utcoffset() == timedelta(0)
    assert len(take(backend, "audit")) == 1


@pytest.mark.gap("gcp", reason="Pub/Sub does not say why a message was refused; the function's log does")
def test_a_message_refused_five_times_is_parked_with_the_last_reason(backend: Backend) -> None:
    assert refused_to_the_end(backend).reason == "answered 500"


def test_a_message_is_parked_once_even_if_its_last_refusal_is_repeated(backend: Backend) -> None:
    backend.bus.publish(queued(1))
    [item] = take(backend)
    for _ in range(2):
        backend.subscriber.refuse(item, reason="poison", most=1)
    assert len(backend.subscriber.dead_letters()) == 1


def test_a_parked_message_is_kept_with_the_reason(backend: Backend) -> None:
    backend.dead_letters.park("job-queued", b'{"not": "ours"}', reason="Malformed: no ref")
    backend.clock.advance(SECOND)
    backend.dead_letters.park("job-finished", b"\xff", reason="NotFound: no batch")
    letters = backend.subscriber.dead_letters()
    assert [(letter.topic, letter.data, letter.reason) for letter in letters] == [
        ("job-queued", b'{"not": "ours"}', "Malformed: no ref"),
        ("job-finished", b"\xff", "NotFound: no batch"),
    ]


@pytest.mark.gap("gcp", reason="Pub/Sub cannot delay a message; dispatch drops one that is early, ADR 0006")
def test_a_message_is_not_delivered_before_its_time(backend: Backend) -> None:
    later = JobQueued(ref=ref(BATCH, 1), not_before=NOON + 10 * SECOND)
    past = JobQueued(ref=ref(BATCH, 2), not_before=NOON - 10 * SECOND)
    backend.bus.publish([later, past])
    assert positions(take(backend)) == [2]
    backend.clock.advance(9.999 * SECOND)
    assert take(backend) == []
    backend.clock.advance(0.001 * SECOND)
    assert positions(take(backend)) == [1]


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
