"""What only the letters in Firestore have to get right: deaths between two systems, limits of documents."""

import json
import subprocess
import sys
from datetime import timedelta

import pytest

from shared.adapters.gcp.letters import SENDING, FirestoreLetters
from shared.errors import IllegalMove, Unavailable
from shared.events.envelope import payload, push_body
from shared.events.messages import JobFinished
from shared.events.parked import unwrapped
from shared.ports.bus import DeadLetter, LetterState
from tests.contracts.backends import TOPICS
from tests.contracts.gcp import GcpBackend
from tests.contracts.pubsub import PREFIX
from tests.support.boundaries import Boundaries, Fault, Killed
from tests.support.crowd import at_once
from tests.support.facts import SECOND, a_batch, envelope, ref

pytestmark = pytest.mark.gcp
BATCH = a_batch(10)
ANSWER = payload(JobFinished(envelope=envelope(ref(BATCH))))

PARK = f"""
import sys
sys.modules["google.cloud.pubsub_v1"] = None
from google.cloud.firestore import Client
from shared.adapters.gcp.letters import FirestoreLetters
from shared.adapters.local.world import SystemClock

names = {{"prefix": {PREFIX!r}, "subscriptions": {TOPICS!r}}}
letters = FirestoreLetters(Client(project=sys.argv[1]), SystemClock(), **names, bus=lambda: 1 / 0)
letters.park("job-finished", b"message", reason="Malformed")
print(letters.open_letters())
"""


def test_who_refused_is_known_by_the_name_that_pubsub_has_for_it(gcp: GcpBackend) -> None:
    body = push_body(
        ANSWER,
        message_id="1",
        published_at="2026-01-01T12:00:00Z",
        subscription=f"projects/{gcp.project}/subscriptions/{PREFIX}-audit",
        delivery=1,
    )
    gcp.dead_letters.park("job-queued", json.dumps(body).encode(), reason="NotFound")
    assert [it.subscription for it in gcp.dead_letters.letters(state=None, limit=9)] == ["audit"]


def parked(gcp: GcpBackend) -> DeadLetter:
    """A letter with one answer of the engine."""
    gcp.dead_letters.park("job-finished", ANSWER, reason="NotFound")
    [letter] = gcp.dead_letters.letters(state=LetterState.OPEN, limit=9)
    return letter


def struck(gcp: GcpBackend, call: str, fault: Fault) -> FirestoreLetters:
    """Letters whose bus is struck at that call, for ever."""
    boundaries = Boundaries(plan=lambda _, name: fault if name == call else None)
    wrapped = boundaries.wrap("bus", gcp.bus)
    return FirestoreLetters(gcp.database, gcp.clock, prefix=PREFIX, subscriptions=TOPICS, bus=lambda: wrapped)


def arrived(gcp: GcpBackend) -> list[bytes]:
    """What ``complete`` got, acknowledged."""
    taken = gcp.subscriber.lease("complete", limit=9, visibility=60 * SECOND)
    for item in taken:
        gcp.subscriber.acknowledge(item)
    return [item.data for item in taken]


@pytest.mark.parametrize(("fault", "error"), [(Fault.KILL_BEFORE, Killed), (Fault.FAIL_BEFORE, Unavailable)])
def test_a_replay_that_died_before_it_published_is_published_by_collecting(
    gcp: GcpBackend, fault: Fault, error: type[BaseException]
) -> None:
    letter = parked(gcp)
    with pytest.raises(error):
        struck(gcp, "bus.send", fault).replay(letter.id, by="ada")
    gcp.clock.advance(SENDING - SECOND)
    gcp.dead_letters.collect(limit=9)
    assert arrived(gcp) == []
    gcp.clock.advance(SECOND)
    for _ in range(2):
        gcp.dead_letters.collect(limit=9)
    assert arrived(gcp) == [ANSWER]
    closed = gcp.dead_letters.letter(letter.id)
    assert (closed.state, closed.closed_by) == (LetterState.REPLAYED, "ada")


def test_a_replay_that_died_is_published_when_somebody_asks_again(gcp: GcpBackend) -> None:
    letter = parked(gcp)
    with pytest.raises(Killed):
        struck(gcp, "bus.send", Fault.KILL_BEFORE).replay(letter.id, by="ada")
    gcp.dead_letters.replay(letter.id, by="grace")
    assert arrived(gcp) == []
    gcp.clock.advance(SENDING)
    for _ in range(2):
        assert gcp.dead_letters.replay(letter.id, by="grace").closed_by == "ada"
    assert arrived(gcp) == [ANSWER]


def test_a_replay_that_died_after_it_published_comes_twice_and_then_no_more(gcp: GcpBackend) -> None:
    letter = parked(gcp)
    with pytest.raises(Killed):
        struck(gcp, "bus.send", Fault.KILL_AFTER).replay(letter.id, by="ada")
    for _ in range(3):
        gcp.clock.advance(SENDING)
        gcp.dead_letters.collect(limit=9)
    assert arrived(gcp) == [ANSWER, ANSWER]


def test_what_was_collected_is_acknowledged_only_after_it_is_parked(gcp: GcpBackend) -> None:
    receipts = list[str]()
    boundaries = Boundaries(
        plan=lambda _, name: Fault.KILL_BEFORE if name == "bus.settle" else None,
        seen=lambda name, answer, _: receipts.extend(it.receipt for it in answer),
    )
    wrapped = boundaries.wrap("bus", gcp.bus)
    dying = FirestoreLetters(
        gcp.database, gcp.clock, prefix=PREFIX, subscriptions=TOPICS, bus=lambda: wrapped
    )
    give_up(gcp, ANSWER, CloudPubSubDeadLetterSourceSubscription=f"{PREFIX}-complete")
    with pytest.raises(Killed):
        dying.collect(limit=9)
    gcp.subscriber.hand_back("dead-letters", receipts)
    assert [gcp.dead_letters.collect(limit=9) for _ in range(2)] == [1, 0]
    [letter] = gcp.dead_letters.letters(state=None, limit=9)
    assert (letter.data, letter.subscription, letter.times) == (ANSWER, "complete", 2)


def test_what_nobody_of_ours_gave_up_is_kept_too_and_goes_nowhere(gcp: GcpBackend) -> None:
    give_up(gcp, b"by hand")
    give_up(
        gcp,
        b"odd",
        CloudPubSubDeadLetterSourceSubscription="stranger",
        CloudPubSubDeadLetterSourceDeliveryCount="many",
        CloudPubSubDeadLetterSourceTopicPublishTime="yesterday",
    )
    assert gcp.dead_letters.collect(limit=9) == 2
    found = gcp.dead_letters.letters(state=LetterState.OPEN, limit=9)
    assert {(it.topic, it.subscription, it.data) for it in found} == {
        ("dead-letters", None, b"by hand"),
        ("dead-letters", "stranger", b"odd"),
    }
    for letter in found:
        with pytest.raises(IllegalMove):
            gcp.dead_letters.replay(letter.id, by="ada")


def test_no_more_is_collected_than_asked_for(gcp: GcpBackend) -> None:
    for number in range(5):
        give_up(gcp, b"%d" % number)
    assert [gcp.dead_letters.collect(limit=2) for _ in range(4)] == [2, 2, 1, 0]
    assert gcp.dead_letters.open_letters() == 5


def give_up(gcp: GcpBackend, data: bytes, **attributes: str) -> None:
    """Put a message where Pub/Sub puts what it gave up."""
    gcp.subscriber.put("dead-letters", data, **attributes)


def test_who_only_parks_needs_no_client_of_pubsub(gcp: GcpBackend) -> None:
    told = subprocess.run(
        [sys.executable, "-c", PARK, gcp.project],
        env={**gcp.emulators.firestore.environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert told.stdout.strip() == "1"
    assert gcp.dead_letters.open_letters() == 1


def test_a_message_that_no_document_holds_is_kept_by_its_beginning(gcp: GcpBackend) -> None:
    huge = b'{"ref": "' + b"x" * 2_000_000 + b'"}'
    for _ in range(2):
        gcp.dead_letters.park("job-queued", huge, reason="Malformed: " + "y" * 1_000_000)
    [letter] = gcp.dead_letters.letters(state=LetterState.OPEN, limit=9)
    assert letter.times == 2
    assert unwrapped(letter.data).message is None
    assert b"2000011" in letter.data
    with pytest.raises(IllegalMove):
        gcp.dead_letters.replay(letter.id, by="ada")


def test_whatever_races_every_parking_counts_in_one_letter_of_which_one_is_open_at_most(
    gcp: GcpBackend,
) -> None:
    letters = gcp.dead_letters

    def work(number: int) -> None:
        if number % 4:
            letters.park("job-finished", ANSWER, reason=str(number))
        else:
            for letter in letters.letters(state=LetterState.OPEN, limit=9):
                letters.discard(letter.id, reason="race", by="ada")

    at_once(work, range(16))
    letters.park("job-finished", ANSWER, reason="the last")
    found = letters.letters(state=None, limit=99)
    assert sum(letter.times for letter in found) == 13
    assert [letter.reason for letter in found if letter.state is LetterState.OPEN] == ["the last"]


def test_a_closed_letter_is_kept_for_a_while(gcp: GcpBackend) -> None:
    letter = parked(gcp)
    document = gcp.database.collection("letters").document(letter.id)
    assert "expire_at" not in (document.get().to_dict() or {})
    gcp.dead_letters.discard(letter.id, reason="no", by="ada")
    fields = document.get().to_dict() or {}
    assert fields["expire_at"] - fields["closed_at"] >= timedelta(days=30)
