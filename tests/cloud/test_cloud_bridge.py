"""The bridge between a real emulator and a real server."""

import json
import socket
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from werkzeug.serving import make_server

from local.cloud.bridge import Bridge
from local.cloud.deliveries import Shape
from local.mount import load
from shared.adapters.gcp.bus import PubsubBus
from tests.cloud.conftest import DISPATCH, Topics
from tests.cloud.listening import Posted, listening
from tests.local.running import until

pytestmark = pytest.mark.gcp

FUNCTION = """
import json
import pathlib

import functions_framework

@functions_framework.cloud_event
def listen(event):
    told = {name: event[name] for name in ("id", "source", "type")}
    with (pathlib.Path(__file__).parent / "delivered").open("a") as log:
        log.write(json.dumps({**told, **event.data}) + "\\n")
"""


def test_every_message_is_posted_once_and_acknowledged(topics: Topics) -> None:
    subscription = topics.pulled()
    texts = [f"message {n}" for n in range(300)]
    topics.publish(*texts)
    with (
        listening() as listener,
        Bridge(subscription, listener.url, subscriber=topics.subscriber) as bridge,
    ):
        until(lambda: bridge.answers.total() == 300)
    assert sorted(listener.texts()) == sorted(texts)
    assert bridge.answers == {200: 300}
    assert {posted.path for posted in listener.posted} == {f"/{subscription.topic}"}
    assert topics.waiting(DISPATCH) == []


def test_a_message_has_what_production_adds_to_it(topics: Topics) -> None:
    subscription = topics.pulled()
    topics.publish("one", ordering_key="k", batch_id="b")
    with listening() as listener, Bridge(subscription, listener.url, subscriber=topics.subscriber):
        until(lambda: len(listener.posted) == 1)
    [posted] = listener.posted
    message = posted.body["message"]
    assert (posted.body["subscription"], posted.body["deliveryAttempt"]) == (subscription.name, 1)
    assert (message["orderingKey"], message["attributes"]) == ("k", {"batch_id": "b"})
    assert posted.headers["ce-id"] == message["messageId"]
    assert posted.headers["ce-source"] == f"//pubsub.googleapis.com/{subscription.topic}"
    assert posted.headers["ce-time"] == message["publishTime"]


@pytest.mark.parametrize("shape", Shape)
def test_the_framework_understands_both_shapes(topics: Topics, tmp_path: Path, shape: Shape) -> None:
    (tmp_path / "main.py").write_text(FUNCTION)
    subscription, log = topics.pulled(), tmp_path / "delivered"
    topics.publish("one")
    server = make_server("127.0.0.1", 0, load(tmp_path / "main.py", "listen"), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    url = f"http://127.0.0.1:{server.server_port}"
    with Bridge(subscription, url, subscriber=topics.subscriber, shape=shape):
        until(log.exists)
    server.shutdown()
    thread.join()
    server.server_close()
    event: dict[str, Any] = json.loads(log.read_text())
    assert event["source"] == f"//pubsub.googleapis.com/{subscription.topic}"
    assert event["type"] == "google.cloud.pubsub.topic.v1.messagePublished"
    assert event["id"] == event["message"]["messageId"]
    assert ("deliveryAttempt" in event) is (shape is Shape.EVENTARC)


def test_what_is_not_accepted_comes_again_as_the_next_delivery(topics: Topics) -> None:
    def answer(posted: Posted) -> int:
        return int(posted.text) if posted.body["deliveryAttempt"] == 1 else 204

    subscription, refusals = topics.pulled(), ("202", "302", "404", "500")
    topics.publish(*refusals)
    with (
        listening(answer) as listener,
        Bridge(subscription, listener.url, subscriber=topics.subscriber) as bridge,
    ):
        until(lambda: bridge.answers[204] == 4)
    seen = Counter((posted.text, posted.body["deliveryAttempt"]) for posted in listener.posted)
    assert seen == {(text, number): 1 for text in refusals for number in (1, 2)}
    assert topics.waiting(DISPATCH) == []


def test_a_message_refused_to_the_end_is_among_the_dead_letters(topics: Topics) -> None:
    bus = PubsubBus(topics.names.project, prefix="omtx", table=topics.table)
    subscription, most = topics.pulled(), topics.table.subscription_defaults.max_delivery_attempts
    topics.publish("poison")
    with (
        listening(lambda _: 500) as listener,
        Bridge(subscription, listener.url, subscriber=topics.subscriber),
    ):
        until(lambda: len(listener.posted) == most)
        [given_up] = bus.given_up(limit=9, seconds=10)
    assert (given_up.data, given_up.subscription, given_up.topic) == (b"poison", DISPATCH, "job-queued")
    assert given_up.deliveries == most == len(listener.posted)


def test_nothing_is_lost_while_nobody_answers(topics: Topics) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    subscription = topics.pulled()
    del subscription.dead_letter_policy
    topics.publish(*"abc")
    with Bridge(subscription, f"http://127.0.0.1:{port}", subscriber=topics.subscriber) as bridge:
        until(lambda: bridge.answers[0] >= 1)
        with listening(port=port) as listener:
            until(lambda: bridge.answers[200] == 3)
    assert sorted(listener.texts()) == ["a", "b", "c"]


def test_what_takes_longer_than_its_deadline_comes_again(topics: Topics) -> None:
    def answer(posted: Posted) -> int:
        time.sleep(1.5 if posted.body["deliveryAttempt"] == 1 else 0)
        return 200

    subscription = topics.pulled(deadline=1)
    topics.publish("slow")
    with (
        listening(answer) as listener,
        Bridge(subscription, listener.url, subscriber=topics.subscriber) as bridge,
    ):
        until(lambda: bridge.answers[200] >= 1)
    assert [posted.body["deliveryAttempt"] for posted in listener.posted][:2] == [1, 2]


def test_as_many_messages_are_posted_at_once_as_it_is_wide(topics: Topics) -> None:
    def answer(posted: Posted) -> int:
        time.sleep(0.1)
        return 200

    subscription = topics.pulled()
    topics.publish(*map(str, range(40)))
    with (
        listening(answer) as listener,
        Bridge(subscription, listener.url, subscriber=topics.subscriber, width=8) as bridge,
    ):
        until(lambda: bridge.answers[200] == 40)
    assert 2 < listener.most_at_once <= 8


def test_stopping_ends_what_was_begun_and_hands_back_the_rest(topics: Topics) -> None:
    def answer(posted: Posted) -> int:
        time.sleep(0.3)
        return 200

    subscription = topics.pulled()
    topics.publish(*map(str, range(50)))
    with listening(answer) as listener:
        with Bridge(subscription, listener.url, subscriber=topics.subscriber, width=2) as bridge:
            until(lambda: len(listener.posted) >= 2)
        assert bridge.answers == {200: len(listener.posted)}
    left = topics.waiting(DISPATCH)
    assert len(listener.posted) < 10
    assert sorted(listener.texts() + left) == sorted(map(str, range(50)))


def test_it_goes_on_once_its_subscription_is_there(topics: Topics) -> None:
    subscription = topics.pulled()
    topics.subscriber.delete_subscription(subscription=subscription.name)
    with (
        listening() as listener,
        Bridge(subscription, listener.url, subscriber=topics.subscriber) as bridge,
    ):
        time.sleep(0.2)
        topics.subscriber.create_subscription(request=subscription)
        topics.publish("one")
        until(lambda: bridge.answers[200] == 1)
    assert listener.texts() == ["one"]
