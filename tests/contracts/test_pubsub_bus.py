"""What only the bus on Pub/Sub has to get right: requests within limits, hints, and errors in our words."""

import pytest
from google.pubsub_v1.types import PubsubMessage

from shared.adapters.gcp import bus as module
from shared.adapters.gcp.bus import MOST_BYTES, MOST_MESSAGES, PubsubBus, requests
from shared.errors import Unavailable, Unknown
from shared.events.messages import BatchFinished, JobQueued
from shared.ports.bus import Queue
from tests.contracts.backends import TOPICS
from tests.contracts.gcp import GcpBackend
from tests.contracts.pubsub import PREFIX, table_of
from tests.support.facts import SECOND, a_batch, ref

BATCH = a_batch(5000)


@pytest.mark.parametrize(
    ("sizes", "shapes"),
    [
        ([], []),
        ([10] * MOST_MESSAGES, [MOST_MESSAGES]),
        ([10] * (2 * MOST_MESSAGES + 1), [MOST_MESSAGES, MOST_MESSAGES, 1]),
        ([MOST_BYTES // 2, MOST_BYTES // 2], [1, 1]),
        ([MOST_BYTES // 3, MOST_BYTES // 3, MOST_BYTES], [2, 1]),
    ],
)
def test_a_request_holds_what_pubsub_takes_at_once(sizes: list[int], shapes: list[int]) -> None:
    messages = [PubsubMessage(data=b"x" * size) for size in sizes]
    made = list(requests(messages))
    assert [len(request) for request in made] == shapes
    assert [len(it.data) for request in made for it in request] == sizes


@pytest.mark.gcp
def test_more_messages_than_a_request_holds_all_arrive(gcp: GcpBackend) -> None:
    refs = [ref(BATCH, position) for position in range(2500)]
    gcp.bus.publish([JobQueued(ref=it) for it in refs])
    taken = gcp.subscriber.lease("dispatch", limit=3000, visibility=60 * SECOND)
    assert sorted(JobQueued.model_validate_json(item.data).ref.position for item in taken) == list(
        range(2500)
    )


@pytest.mark.gcp
def test_attributes_say_what_a_message_is_about(gcp: GcpBackend) -> None:
    gcp.bus.publish([JobQueued(ref=ref(BATCH, 7))])
    [received] = gcp.subscriber.attributes("dispatch")
    assert received == {
        "event": "job-queued",
        "batch_id": BATCH.batch_id,
        "job_id": ref(BATCH, 7).job_id,
    }


@pytest.mark.gcp
def test_a_missing_topic_is_nobodys_mistake_who_publishes(gcp: GcpBackend) -> None:
    bus = PubsubBus(gcp.project, prefix="other", table=gcp.table)
    with pytest.raises(Unavailable, match="NotFound"):
        bus.publish([BatchFinished(batch_id="b")])
    with pytest.raises(Unavailable, match="NotFound"):
        bus.given_up(limit=1, seconds=2)


def test_without_an_answer_nobody_knows_whether_it_was_published(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PUBSUB_EMULATOR_HOST", "127.0.0.1:1")
    monkeypatch.setattr(module, "PATIENTLY", module.PATIENTLY.with_timeout(0.3))
    bus = PubsubBus("a-project", prefix=PREFIX, table=table_of(TOPICS))
    with pytest.raises(Unknown):
        bus.publish([BatchFinished(batch_id="b")])


def test_it_says_that_it_does_not_know_how_long_its_queues_are() -> None:
    bus = PubsubBus("a-project", prefix=PREFIX, table=table_of(TOPICS))
    names = ("audit", "complete", "dispatch")
    assert bus.queues(most=10) == [Queue(name, messages=None, due_since=None) for name in names]
