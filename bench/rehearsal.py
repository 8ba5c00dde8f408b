"""
The chain on the cloud backend in one process, with a relay before each emulator that counts.

The functions are loaded from their entry points, as deployed; messages are pulled and posted to them,
calls are run and their webhooks sent, until nothing is left to do.
"""

import json
import os
import sys
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
from google.cloud.pubsub_v1 import PublisherClient, SubscriberClient
from google.pubsub_v1.types import ReceivedMessage
from werkzeug.test import Client as Caller

from bench.library import lines
from local.cloud.deliveries import body
from local.cloud.emulators import Emulator
from local.cloud.meter import Meter
from local.cloud.postage import Postage
from local.cloud.relay import Relay
from local.cloud.subscriptions import Names, make, plan
from local.mount import SERVICES, load
from local.parts import Parts
from modal_gpu.attempt import attempt
from modal_gpu.predictors import predictor
from modal_gpu.transfer import Transfer
from shared import wiring
from shared.adapters.local.calls import Call
from shared.domain.signature import sign
from shared.models.work import Envelope
from shared.topology import topology

MOST_PULLED = 100
AT_ONCE = 8
PREFIX = "omtx"


class Rehearsal(Parts):
    """
    A context manager: the functions on these emulators, and what they asked for.

    Nothing happens by itself: ``screen`` submits and lets everything happen that follows.
    """

    def __init__(
        self, home: Path, project: str, *, firestore: Emulator, pubsub: Emulator, storage: Emulator
    ) -> None:
        self.meter, self.postage = Meter(), Postage()
        self._home, self._project = home, project
        self._emulators = {"firestore": firestore, "pubsub": pubsub, "storage": storage}
        self._names = Names(project, PREFIX)
        self._done = Counter[str]()
        self._lock = threading.Lock()
        self.requests = 0

    def _start(self, stack: ExitStack) -> None:
        # The functions' framework swaps both during a request, and its threads may leave it so.
        for name in ("stdout", "stderr"):
            stack.callback(setattr, sys, name, getattr(sys, name))
        database = stack.enter_context(Relay(self._emulators["firestore"].address, seen=self.meter.see))
        topics = stack.enter_context(Relay(self._emulators["pubsub"].address, seen=self.postage.see))
        stack.enter_context(
            environment(
                {
                    **self._emulators["storage"].environment,
                    "FIRESTORE_EMULATOR_HOST": database.address,
                    "PUBSUB_EMULATOR_HOST": topics.address,
                    "OMTX_BACKEND": "gcp",
                    "OMTX_PROJECT": self._project,
                    "OMTX_BUCKET": self._project,
                    "OMTX_PUBLIC_URL": "http://127.0.0.1:1",
                    "OMTX_SECRETS": "folder",
                    "OMTX_PUSH_UNSIGNED": "1",
                    "OMTX_WITHOUT_KEYS": "1",
                    "OMTX_TEST_MODELS": "1",
                    "OMTX_FSYNC": "0",
                    "OMTX_LIMITS_ENABLED": "0",
                    "OMTX_LOG": "text",
                    "OMTX_HOME": str(self._home),
                }
            )
        )
        wiring.reset()
        stack.callback(wiring.reset)
        for client in (wiring.gcp_database, wiring.gcp_storage):
            stack.callback(client().close)
        wiring.gcp_storage().create_bucket(self._project)
        self._subscriber = stack.enter_context(SubscriberClient())
        publisher = PublisherClient()
        with closing(publisher.transport):
            make(plan(topology(), self._names, bases={}), publisher, self._subscriber)
        self._transfer = Transfer(stack.enter_context(httpx.Client(timeout=60, trust_env=False)))
        self._pool = stack.enter_context(ThreadPoolExecutor(AT_ONCE))
        self._functions = {
            name: load(SERVICES / name / "main.py", it.entry_point)
            for name, it in topology().functions.items()
            if it.interface == "function"
        }

    def screen(self, jobs: int) -> str:
        """Submit a screen of no-op jobs, and return its id once nothing is left to do."""
        order = {
            "job_name": f"{jobs} no-op jobs",
            "protein_name": "none",
            "model_name": "noop",
            "library": {"format": "smi", "content": "".join(lines(jobs))},
        }
        batch_id: str = self._post("submit", "/", json.dumps(order).encode())["batch_id"]
        while self._deliver() or self._run():
            pass
        return batch_id

    def objects(self) -> dict[str, int]:
        """The operations on objects since the server was started, by class."""
        [host] = self._emulators["storage"].environment.values()
        counts: dict[str, int] = httpx.get(f"{host}/operations", trust_env=False).json()
        return counts

    def _deliver(self) -> int:
        """Deliver what was published and not yet delivered; how many messages that were."""
        return sum(map(self._deliver_to, topology().functions))

    def _deliver_to(self, function: str) -> int:
        subscription = topology().functions[function].subscription
        if subscription is None:
            return 0
        topic, path = self._names.topic(subscription.topic), self._names.subscription(subscription.name)
        due = self.postage.published[topic.rpartition("/")[2]] - self._done[topic]
        self._done[topic] += due
        left = due
        while left:
            answer = self._subscriber.pull(subscription=path, max_messages=min(left, MOST_PULLED))
            received = answer.received_messages
            list(self._pool.map(lambda it: self._push(function, topic, path, it), received))
            receipts = [it.ack_id for it in received]
            self._subscriber.acknowledge(subscription=path, ack_ids=receipts)
            left -= len(receipts)
        return due

    def _push(self, function: str, topic: str, subscription: str, received: ReceivedMessage) -> None:
        self._post(function, f"/{topic}", json.dumps(body(received, subscription)).encode())

    def _run(self) -> int:
        """Run the calls that wait, and send their webhooks; how many there were."""
        calls = wiring.local_calls().take(10_000)
        # One after the other, as in a worker: a run has the process's output to itself.
        envelopes = [self._answered(call) for call in calls]
        list(self._pool.map(self._report, envelopes))
        return len(calls)

    def _answered(self, call: Call) -> Envelope:
        model = predictor(call.order.model)
        envelope = attempt(call.order, call_id=call.call_id, predictor=model, transfer=self._transfer)
        wiring.local_calls().answer([(call.call_id, envelope)])
        return envelope

    def _report(self, envelope: Envelope) -> None:
        content = envelope.model_dump_json(exclude_none=True).encode()
        key, now = wiring.secrets().keys("webhook")[0], int(wiring.clock().now().timestamp())
        self._post("webhook", "/", content, sign(content, key_id=key.id, secret=key.secret, timestamp=now))

    def _post(self, function: str, path: str, content: bytes, headers: Any = None) -> Any:
        sent = {"Content-Type": "application/json", **(headers or {})}
        with self._lock:
            self.requests += 1
        reply = Caller(self._functions[function]).post(path, data=content, headers=sent)
        if reply.status_code >= 300:
            raise RuntimeError(f"{function} answered {reply.status}: {reply.text[:500]}")
        return reply.json if reply.is_json else None


@contextmanager
def environment(changes: Mapping[str, str]) -> Iterator[None]:
    """Inside, these variables are set besides those that are."""
    before = dict(os.environ)
    os.environ.update(changes)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
