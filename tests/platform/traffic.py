"""Deliveries of a whole platform by the bridge, and calls of its users and its schedule, behind storms."""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager

from google.cloud.pubsub_v1 import PublisherClient, SubscriberClient

from local.cloud.bridge import Bridge
from local.cloud.platform import PROJECT, Cloud
from local.cloud.subscriptions import Names, Plan, make, plan
from shared import wiring
from shared.domain.identity import job_id
from shared.events.messages import JobQueued
from shared.models.work import JobRef
from shared.topology import topology
from tests.local.running import until
from tests.platform.storm import BURST, Odds, Storm, serving

NAMES = Names(PROJECT, "omtx")
ACK_SECONDS = 4
CALLED = ("webhook", "reconcile", "api")
"""By the engine, the schedule and people."""
# Those that a screen passes without alignments and without webhooks.
EVENT_FUNCTIONS = {
    name: it.subscription.name
    for name, it in topology().functions.items()
    if it.subscription and name not in ("align", "notify")
}


class Traffic:
    """What a test can do to the messages and the functions of a running platform."""

    def __init__(self, cloud: Cloud, chance: random.Random) -> None:
        self.cloud = cloud
        self.chance = chance
        self.storms = {name: Storm(cloud.functions[name].url, chance) for name in (*EVENT_FUNCTIONS, *CALLED)}

    def subscribe(self) -> None:
        """Make everything so that it is pulled, with a short deadline."""
        with self.cloud.as_environment(), SubscriberClient() as subscriber:
            publisher = PublisherClient()
            with closing(publisher.transport):
                make(_plan(self.cloud), publisher, subscriber)

    def set(self, odds: Odds) -> None:
        """The weather for all functions."""
        for storm in self.storms.values():
            storm.odds = odds

    def burst(self, name: str, ask: Callable[[], object] | None = None) -> None:
        """Refuse whatever comes to a function until something has come, which ``ask`` may bring about."""
        storm = self.storms[name]
        odds, before = storm.odds, storm.seen["refused"]
        storm.odds = BURST

        def refused() -> bool:
            if ask is not None:
                ask()
            return storm.seen["refused"] > before

        until(refused)
        time.sleep(self.chance.uniform(0.1, 0.4))
        storm.odds = odds

    def seen(self, what: str) -> int:
        """How often that misfortune struck."""
        return sum(storm.seen[what] for storm in self.storms.values())

    def kill(self, *names: str) -> None:
        """Functions die and are started again."""
        for name in names:
            self.cloud.functions[name].kill()
            self.cloud.functions[name].launch()

    def repeat(self, batch_id: str, positions: range) -> None:
        """Say again of some jobs that they are queued."""
        refs = [JobRef(batch_id=batch_id, job_id=job_id(batch_id, n), position=n) for n in positions]
        wiring.bus().publish([JobQueued(ref=ref) for ref in refs])


def _plan(cloud: Cloud) -> Plan:
    wanted = plan(cloud.table, NAMES, bases={})
    for request in wanted.subscriptions:
        request.ack_deadline_seconds = ACK_SECONDS
    return wanted


@contextmanager
def traffic_on(cloud: Cloud, chance: random.Random) -> Iterator[Traffic]:
    """The bridges run; afterwards the emulator pushes again."""
    traffic = Traffic(cloud, chance)
    traffic.subscribe()
    requests = {request.name: request for request in _plan(cloud).subscriptions}
    try:
        with ExitStack() as stack:
            with cloud.as_environment():
                subscriber = stack.enter_context(SubscriberClient())
            for name, storm in traffic.storms.items():
                url = stack.enter_context(serving(storm))
                if name in CALLED:
                    cloud.proxies[name].base = url
                    stack.callback(setattr, cloud.proxies[name], "base", storm.base)
                    continue
                request = requests[NAMES.subscription(EVENT_FUNCTIONS[name])]
                stack.enter_context(Bridge(request, url, subscriber=subscriber))
            yield traffic
    finally:  # a test that fails leaves a platform that works
        cloud.subscribe()
