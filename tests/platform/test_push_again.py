"""The emulator's own redelivery: real push subscriptions to functions that spoil each first answer."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager

import httpx
import pytest
from google.cloud.pubsub_v1 import PublisherClient, SubscriberClient

from local.cloud.platform import PROJECT, Cloud
from local.cloud.subscriptions import Names, make, plan
from tests.cloud.listening import Listener, Posted, listening
from tests.local.running import until
from tests.platform.audit import audit, status_of
from tests.platform.test_push import accepted
from tests.platform.traffic import EVENT_FUNCTIONS

pytestmark = [pytest.mark.gcp, pytest.mark.slow, pytest.mark.usefixtures("inside")]
DEADLINE_SECONDS, LATE_SECONDS, QUIET_SECONDS = 2, 5.0, 3.0


def late(status: int) -> int | None:
    """Answer when the message has long been sent again."""
    time.sleep(LATE_SECONDS)
    return status


SPOILED: dict[str, tuple[int, Callable[[int], int | None]]] = {
    "says that it failed": (4, lambda status: 500),
    "closes the connection": (4, lambda status: None),
    "lets the deadline pass": (1, late),
}
"""
How many ligands, and what becomes of the first answers.

The emulator pushes two messages at a time, and what came too late counts as long as it was not sent again:
with two messages that both wait, neither would be.
"""


def spoiling(url: str, spoil: Callable[[int], int | None]) -> Callable[[Posted], int | None]:
    """Hand every delivery to the function at ``url``, and spoil the answer to the first of each message."""
    known: Counter[str] = Counter()

    def answer(posted: Posted) -> int | None:
        message = posted.body["message"]["messageId"]
        known[message] += 1
        is_first = known[message] == 1
        status = httpx.post(f"{url}{posted.path}", json=posted.body, timeout=60, trust_env=False).status_code
        return spoil(status) if is_first else status

    return answer


@contextmanager
def pushed_by(cloud: Cloud, spoil: Callable[[int], int | None]) -> Iterator[dict[str, Listener]]:
    """All event functions, by listeners; the emulator pushes to these, and no bridge is between."""
    with ExitStack() as stack:
        listeners = {
            name: stack.enter_context(listening(spoiling(cloud.functions[name].url, spoil)))
            for name in EVENT_FUNCTIONS
        }
        wanted = plan(
            cloud.table, Names(PROJECT, "omtx"), bases={name: it.url for name, it in listeners.items()}
        )
        for request in wanted.subscriptions:
            request.ack_deadline_seconds = DEADLINE_SECONDS
        with cloud.as_environment(), SubscriberClient() as subscriber:
            publisher = PublisherClient()
            with closing(publisher.transport):
                make(wanted, publisher, subscriber)
        stack.callback(cloud.subscribe)
        yield listeners


@pytest.mark.parametrize("what", SPOILED)
def test_what_a_function_did_and_could_not_say_is_pushed_again_and_done_once(
    cloud: Cloud, client: httpx.Client, what: str
) -> None:
    jobs, spoil = SPOILED[what]
    with pushed_by(cloud, spoil) as listeners:
        batch_id = accepted(client, jobs)
        until(lambda: status_of(client, batch_id)["status"] == "completed")
        until(lambda: all(again(it) for it in listeners.values()))
        came = [len(it.posted) for it in listeners.values()]
        audit(client, batch_id, jobs=jobs)
        time.sleep(QUIET_SECONDS)
        assert [len(it.posted) for it in listeners.values()] == came, "what was accepted came again"


def again(listener: Listener) -> bool:
    """Whether each message that came has come a second time; there is one at least."""
    found = Counter(posted.body["message"]["messageId"] for posted in list(listener.posted))
    return bool(found) and min(found.values()) >= 2
