"""``DeadLetters``: kept with the reason, counted when they repeat, published again once, or put aside."""

import json
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.adapters.local.bus import Delivery
from shared.errors import IllegalMove, NotFound
from shared.events.envelope import payload, push_body
from shared.events.messages import BatchFinished, Event, JobFinished, JobQueued
from shared.ports.bus import DeadLetter, LetterState
from tests.contracts.backends import Backend
from tests.support.crowd import at_once
from tests.support.facts import SECOND, a_batch, at, envelope, ref
from tests.support.properties import examples
from tests.support.world import NOON

BATCH = a_batch(1000)


def queued(position: int = 0) -> JobQueued:
    """A message that two subscriptions get."""
    return JobQueued(ref=ref(BATCH, position))


def delivery_of(event: Event, subscription: str = "", delivery: int = 1) -> bytes:
    """What a function parks: the whole delivery."""
    path = f"projects/omtx/subscriptions/{subscription}" if subscription else ""
    body = push_body(
        payload(event),
        message_id=f"m{delivery}",
        published_at=f"2026-01-01T12:00:0{delivery}Z",
        subscription=path,
        delivery=delivery,
    )
    return json.dumps(body).encode()


def parked(backend: Backend, *events: Event, reason: str = "NotFound: no batch") -> list[DeadLetter]:
    """The open letters after these messages were parked by a function, newest first."""
    for event in events:
        backend.dead_letters.park(event.topic, delivery_of(event), reason=reason)
    return open_ones(backend)


def open_ones(backend: Backend) -> list[DeadLetter]:
    """What waits for somebody."""
    return backend.dead_letters.letters(state=LetterState.OPEN, limit=1000)


def arrived(backend: Backend) -> dict[str, list[bytes]]:
    """What every subscription got, acknowledged."""
    found = dict[str, list[bytes]]()
    for name in ("dispatch", "audit", "complete"):
        for item in take(backend, name):
            found.setdefault(name, []).append(item.data)
            backend.subscriber.acknowledge(item)
    return found


def take(backend: Backend, name: str) -> list[Delivery]:
    """What is due for one subscription, leased."""
    return backend.subscriber.lease(name, limit=1000, visibility=60 * SECOND)


def refused_to_the_end(backend: Backend, event: Event, subscription: str) -> DeadLetter:
    """The letter of a message that its subscription refused for good."""
    backend.bus.publish([event])
    [item] = take(backend, subscription)
    backend.subscriber.refuse(item, reason="answered 500", most=1)
    arrived(backend)
    backend.dead_letters.collect(limit=100)
    return open_ones(backend)[0]


def test_letters_come_newest_first_and_in_pages(backend: Backend) -> None:
    for position in range(5):
        parked(backend, queued(position))
        backend.clock.advance(SECOND)
    first = backend.dead_letters.letters(state=LetterState.OPEN, limit=2)
    rest = backend.dead_letters.letters(state=LetterState.OPEN, limit=9, after=first[-1].id)
    ids = [letter.id for letter in open_ones(backend)]
    assert [letter.id for letter in first + rest] == ids
    assert [letter.data for letter in open_ones(backend)] == [delivery_of(queued(n)) for n in (4, 3, 2, 1, 0)]
    assert backend.dead_letters.letters(state=LetterState.OPEN, limit=9, after=rest[-1].id) == []
    assert backend.dead_letters.open_letters() == 5


def test_letters_that_were_parked_at_the_same_moment_are_paged_through_once(backend: Backend) -> None:
    everything = {letter.id for letter in parked(backend, *map(queued, range(5)))}
    seen, after = list[str](), None
    while page := backend.dead_letters.letters(state=None, limit=2, after=after):
        seen, after = [*seen, *(letter.id for letter in page)], page[-1].id
    assert len(seen) == 5
    assert set(seen) == everything


def test_letters_can_be_limited_to_those_parked_by_a_time(backend: Backend) -> None:
    parked(backend, queued(1))
    backend.clock.advance(10 * SECOND)
    parked(backend, queued(2))
    for second, count in ((-1, 0), (0, 1), (9, 1), (10, 2)):
        assert backend.dead_letters.open_letters(parked_by=at(second)) == count
        found = backend.dead_letters.letters(state=None, limit=9, parked_by=at(second))
        assert len(found) == count


@pytest.mark.parametrize("letter_id", ["0", "1", "nothing", "", "-1", "9" * 30, "²"])
def test_there_is_no_letter_under_another_id(backend: Backend, letter_id: str) -> None:
    with pytest.raises(NotFound):
        backend.dead_letters.letter(letter_id)
    with pytest.raises(NotFound):
        backend.dead_letters.replay(letter_id, by="ada")
    with pytest.raises(NotFound):
        backend.dead_letters.discard(letter_id, reason="none", by="ada")


def test_the_same_message_parked_again_is_counted_not_multiplied(backend: Backend) -> None:
    for reason in ("first", "second", "third"):
        refused_to_the_end(backend, queued(1), "dispatch")
        backend.clock.advance(SECOND)
        parked(backend, queued(2), reason=reason)
    counted = {letter.times for letter in open_ones(backend)}
    assert (len(open_ones(backend)), counted) == (2, {3})
    newest = open_ones(backend)[0]
    assert (newest.reason, newest.deliveries) == ("third", 3)
    assert (newest.parked_at, newest.last_parked_at) == (at(1), at(3))


def test_the_delivery_around_a_message_does_not_make_it_another(backend: Backend) -> None:
    for delivery in (1, 2):
        data = delivery_of(queued(), "dispatch", delivery)
        backend.dead_letters.park("job-queued", data, reason="NotFound")
    assert refused_to_the_end(backend, queued(), "dispatch").times == 3


def test_a_topic_with_one_subscription_needs_no_name_for_it(backend: Backend) -> None:
    answer = JobFinished(envelope=envelope(ref(BATCH)))
    [letter] = parked(backend, answer)
    assert letter.subscription == "complete"
    assert refused_to_the_end(backend, answer, "complete").times == 2


def test_two_subscriptions_that_refuse_the_same_message_are_two_letters(backend: Backend) -> None:
    for name in ("dispatch", "audit"):
        refused_to_the_end(backend, queued(), name)
    assert {letter.subscription for letter in open_ones(backend)} == {"dispatch", "audit"}


@pytest.mark.gap(
    "gcp", reason="a topic of Pub/Sub brings a message to every subscription; ours have one each"
)
def test_what_the_queue_parked_goes_back_to_the_subscription_that_refused_it(backend: Backend) -> None:
    letter = refused_to_the_end(backend, queued(7), "audit")
    backend.clock.advance(5 * SECOND)
    replayed = backend.dead_letters.replay(letter.id, by="ada")
    assert arrived(backend) == {"audit": [payload(queued(7))]}
    assert (replayed.state, replayed.closed_by, replayed.closed_at) == (LetterState.REPLAYED, "ada", at(5))
    assert open_ones(backend) == []
    assert backend.dead_letters.letter(letter.id) == replayed


def arrived_again(backend: Backend, named: str) -> dict[str, list[bytes]]:
    """Who got a message again that a function had parked, and was told of that subscription."""
    backend.dead_letters.park("job-queued", delivery_of(queued(3), named), reason="NotFound")
    backend.dead_letters.replay(open_ones(backend)[0].id, by="ada")
    return arrived(backend)


@pytest.mark.gap(
    "gcp", reason="a topic of Pub/Sub brings a message to every subscription; ours have one each"
)
def test_what_a_function_parked_goes_to_the_subscription_it_came_by(backend: Backend) -> None:
    assert arrived_again(backend, "dispatch") == {"dispatch": [payload(queued(3))]}


@pytest.mark.parametrize("named", ["stranger", ""])
def test_what_a_function_parked_goes_to_all_if_nobody_knows_whence_it_came(
    backend: Backend, named: str
) -> None:
    assert arrived_again(backend, named) == {name: [payload(queued(3))] for name in ("dispatch", "audit")}


def test_a_letter_is_published_once_however_often_it_is_replayed(backend: Backend) -> None:
    [letter] = parked(backend, queued())
    first = backend.dead_letters.replay(letter.id, by="ada")
    backend.clock.advance(SECOND)
    assert backend.dead_letters.replay(letter.id, by="grace") == first
    assert arrived(backend) == {name: [payload(queued())] for name in ("dispatch", "audit")}


def test_of_racing_replays_one_publishes(backend: Backend) -> None:
    [letter] = parked(backend, queued())
    at_once(lambda n: backend.dead_letters.replay(letter.id, by=f"user {n}"), range(8))
    assert [len(messages) for messages in arrived(backend).values()] == [1, 1]


def test_a_replayed_message_that_fails_again_is_a_letter_of_its_own(backend: Backend) -> None:
    first = refused_to_the_end(backend, queued(), "dispatch")
    backend.dead_letters.replay(first.id, by="ada")
    [item] = take(backend, "dispatch")
    backend.subscriber.refuse(item, reason="answered 500", most=1)
    backend.dead_letters.collect(limit=100)
    [second] = open_ones(backend)
    assert second.id != first.id
    assert second.times == 1


def test_a_discarded_letter_is_kept_with_who_when_and_why(backend: Backend) -> None:
    [letter] = parked(backend, queued())
    backend.clock.advance(SECOND)
    gone = backend.dead_letters.discard(letter.id, reason="a test of mine", by="ada")
    assert (gone.state, gone.closed_by, gone.closed_at) == (LetterState.DISCARDED, "ada", at(1))
    assert gone.remark == "a test of mine"
    assert backend.dead_letters.discard(letter.id, reason="another", by="grace") == gone
    assert open_ones(backend) == []
    assert backend.dead_letters.letters(state=None, limit=9) == [gone]
    assert arrived(backend) == {}


def test_what_was_closed_one_way_is_not_closed_the_other(backend: Backend) -> None:
    second, first = parked(backend, queued(1), queued(2))
    backend.dead_letters.discard(first.id, reason="no", by="ada")
    with pytest.raises(IllegalMove, match="discarded before"):
        backend.dead_letters.replay(first.id, by="ada")
    backend.dead_letters.replay(second.id, by="ada")
    with pytest.raises(IllegalMove, match="replayed before"):
        backend.dead_letters.discard(second.id, reason="no", by="ada")
    assert [len(messages) for messages in arrived(backend).values()] == [1, 1]


def test_a_delivery_whose_message_is_unreadable_can_only_be_discarded(backend: Backend) -> None:
    backend.dead_letters.park("job-queued", b'{"message": {"data": "*"}}', reason="Malformed")
    [letter] = open_ones(backend)
    with pytest.raises(IllegalMove, match="no message"):
        backend.dead_letters.replay(letter.id, by="ada")
    assert backend.dead_letters.discard(letter.id, reason="rubbish", by="ada").remark == "rubbish"


@examples(4)
@given(contents=st.sets(st.binary(min_size=1, max_size=40), min_size=1, max_size=20), often=st.integers(1, 3))
def test_any_bytes_the_queue_parked_come_back_as_they_were(
    backend: Backend, contents: set[bytes], often: int
) -> None:
    for content in contents:
        backend.dead_letters.park("job-finished", content, reason="poison")
    for letter in open_ones(backend):
        for _ in range(often):
            backend.dead_letters.replay(letter.id, by="ada")
    assert sorted(arrived(backend)["complete"]) == sorted(contents)


def test_an_empty_message_can_only_be_discarded(backend: Backend) -> None:
    backend.dead_letters.park("job-queued", b"", reason="Malformed: the message carries no data")
    [letter] = open_ones(backend)
    with pytest.raises(IllegalMove, match="no message"):
        backend.dead_letters.replay(letter.id, by="ada")
    assert backend.dead_letters.discard(letter.id, reason="empty", by="ada").remark == "empty"


def test_what_was_given_up_is_collected_once(backend: Backend) -> None:
    for position in range(2):
        refused_to_the_end(backend, queued(position), "audit")
    assert backend.dead_letters.collect(limit=100) == 0
    assert {letter.times for letter in open_ones(backend)} == {1}
    assert len(open_ones(backend)) == 2


def test_every_subscription_has_a_queue(backend: Backend) -> None:
    found = backend.queues.queues(most=2)
    assert [queue.subscription for queue in found] == ["audit", "complete", "dispatch"]


@pytest.mark.gap("gcp", reason="Pub/Sub does not say how long its queues are; Cloud Monitoring does")
def test_queues_say_how_many_wait_and_since_when_they_could_be_delivered(backend: Backend) -> None:
    later = JobFinished(envelope=envelope(ref(BATCH)))
    backend.bus.publish([*map(queued, range(3)), BatchFinished(batch_id=BATCH.batch_id), later])
    take(backend, "complete")
    backend.clock.advance(5 * SECOND)
    found = {queue.subscription: (queue.messages, queue.due_since) for queue in backend.queues.queues(most=2)}
    assert found == {"audit": (2, NOON), "complete": (1, None), "dispatch": (2, NOON)}
    backend.clock.advance(timedelta(minutes=1))
    assert backend.queues.queues(most=9)[1].due_since == at(60)
