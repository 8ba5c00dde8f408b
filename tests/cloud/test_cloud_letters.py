"""What Pub/Sub gave up, through the real ``reconcile`` and ``api``, on a home of its own."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from local.cloud.bridge import Bridge
from shared import wiring
from shared.adapters.gcp.bus import PubsubBus
from shared.adapters.gcp.letters import FirestoreLetters
from shared.events.envelope import payload
from shared.events.messages import JobQueued
from shared.topology import topology
from tests.cloud.conftest import DISPATCH, Topics
from tests.cloud.listening import listening
from tests.local.running import until
from tests.support.chain import Chain, chain_at
from tests.support.emulators import Emulators
from tests.support.facts import a_batch, ref

pytestmark = pytest.mark.gcp
MESSAGE = JobQueued(ref=ref(a_batch(), 7))


@pytest.fixture
def chain(
    tmp_path: Path, topics: Topics, emulators: Emulators, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Chain]:
    """The embedded chain, whose dead letters are those of the cloud."""
    with (
        chain_at(tmp_path) as chain,
        closing(emulators.firestore_client(topics.names.project)) as client,
    ):
        bus = PubsubBus(topics.names.project, prefix="omtx", table=topics.table)
        letters = FirestoreLetters(
            client, chain.clock, prefix="omtx", subscriptions=topology().subscriptions(), bus=lambda: bus
        )
        monkeypatch.setattr(wiring, "dead_letters", lambda: letters)
        yield chain


def test_a_message_that_pubsub_gave_up_is_found_by_reconcile_and_can_be_sent_again(
    topics: Topics, chain: Chain
) -> None:
    subscription = topics.pulled()
    most = topics.table.subscription_defaults.max_delivery_attempts
    topics.publish(payload(MESSAGE).decode())
    with (
        listening(lambda _: 500) as listener,
        Bridge(subscription, listener.url, subscriber=topics.subscriber) as bridge,
    ):
        until(lambda: bridge.answers[500] == most)
        assert chain.reconcile().status == 200
    [letter] = chain.api("/api/v3/dead-letters").body["dead_letters"]
    assert (letter["batch_id"], letter["job_id"]) == (MESSAGE.ref.batch_id, MESSAGE.ref.job_id)
    assert (letter["subscription"], letter["deliveries"], letter["times"]) == (DISPATCH, most, 1)
    assert letter["replayable"]
    sent = chain.api(f"/api/v3/dead-letters/{letter['id']}/replay", "POST")
    assert (sent.status, sent.body["state"]) == (200, "replayed")
    assert topics.waiting(DISPATCH) == [payload(MESSAGE).decode()]
    assert chain.api("/api/v3/dead-letters").body["open"] == 0
