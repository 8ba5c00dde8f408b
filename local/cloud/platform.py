"""
The platform on the cloud backend, on one machine: a process for each thing that is one in the cloud.

Google's emulators stand in for its services, the process pool for the GPUs, a front door for the load
balancer, a thread for the scheduler. The emulators keep nothing on disk, so all of it begins empty.
"""

import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from google.cloud.pubsub_v1 import PublisherClient, SubscriberClient

from local.cloud.bridge import Bridge
from local.cloud.child import Child, inherited
from local.cloud.door import Proxy, front_door
from local.cloud.emulators import Emulator, firestore, pubsub
from local.cloud.functions import FunctionProcess
from local.cloud.storage import storage
from local.cloud.subscriptions import Names, Plan, make, plan
from local.home import locked, noted
from local.listening import WebServer
from local.parts import Parts
from local.schedule import Schedule
from shared.settings import Settings
from shared.topology import Topology, topology

PROJECT = BUCKET = "omtx-local"


class Cloud(Parts):
    """
    A context manager: inside it the platform runs at ``url``.

    ``home`` holds the logs, the unpacked functions and the engine's calls; what lies there of an earlier
    run is removed. ``environment`` is that of every function, on top of the ``OMTX_`` variables of this
    process. With ``bridge`` messages are pulled and posted instead of pushed, as the emulator pushes no
    more than two at a time. ``pythons`` are the interpreters of functions that have one of their own.
    Port 0 takes any free one.
    """

    def __init__(
        self,
        home: Path,
        *,
        port: int = 0,
        workers: int = 2,
        bridge: bool = False,
        environment: Mapping[str, str] | None = None,
        pythons: Mapping[str, Path] | None = None,
        table: Topology | None = None,
    ) -> None:
        self.home = home.resolve()
        self.url = ""
        self.table = table or topology()
        self.environment: dict[str, str] = {}
        self.emulators: dict[str, Emulator] = {}
        self.functions: dict[str, FunctionProcess] = {}
        self.bridges: dict[str, Bridge] = {}
        self.proxies: dict[str, Proxy] = {}
        self._given = dict(environment or {})
        self._port, self._workers, self._bridge = port, workers, bridge
        self._pythons = dict(pythons or {})

    def subscribe(self) -> None:
        """Make the topics and subscriptions; to be repeated after the emulator of Pub/Sub was restarted."""
        with self.as_environment(), SubscriberClient() as subscriber:
            publisher = PublisherClient()
            with closing(publisher.transport):
                make(self._plan, publisher, subscriber)

    @contextmanager
    def as_environment(self) -> Iterator[None]:
        """Clients that are made inside find the emulators."""
        before = dict(os.environ)
        os.environ.update(self.environment)
        try:
            yield
        finally:
            os.environ.clear()
            os.environ.update(before)

    def _start(self, stack: ExitStack) -> None:
        """Launch all processes at once, as most of their start is waiting for each other's imports."""
        stack.enter_context(locked(self.home))
        for name in ("logs", "functions", "engine", "objects"):
            shutil.rmtree(self.home / name, ignore_errors=True)
        server = WebServer(self._port)
        stack.callback(server.stop)
        self.url = server.url
        stack.enter_context(noted(self.home, self.url))
        self.emulators = self._emulators()
        self.environment = self._settings()
        self.functions = {name: self._function(name) for name in self.table.functions}
        children = (*self.emulators.values(), *self.functions.values(), self._engine())
        for child in children:
            stack.callback(child.stop)
            child.launch()
        for child in children:
            child.wait()
        self._deliver(stack)
        self.proxies = {name: Proxy(it.url) for name, it in self.functions.items()}
        server.start(front_door(self.table, self.proxies))
        schedule = self._schedule()
        schedule.start()
        stack.callback(schedule.stop)

    @property
    def _plan(self) -> Plan:
        names = Names(PROJECT, self.environment["OMTX_PREFIX"])
        bases = {} if self._bridge else {name: it.url for name, it in self.functions.items()}
        return plan(self.table, names, bases=bases)

    def _deliver(self, stack: ExitStack) -> None:
        self.subscribe()
        if not self._bridge:
            return
        with self.as_environment():
            subscriber = stack.enter_context(SubscriberClient())
        requests = {request.name.rpartition("/")[2]: request for request in self._plan.subscriptions}
        for name, function in self.table.functions.items():
            if function.subscription:
                request = requests[f"{self.environment['OMTX_PREFIX']}-{function.subscription.name}"]
                bridge = Bridge(request, self.functions[name].url, subscriber=subscriber)
                self.bridges[name] = stack.enter_context(bridge)

    def _emulators(self) -> dict[str, Emulator]:
        logs = self.home / "logs"
        return {
            "firestore": firestore(logs / "firestore.log"),
            "pubsub": pubsub(logs / "pubsub.log"),
            "storage": storage(logs / "storage.log", bucket=BUCKET, folder=self.home / "objects"),
        }

    def _settings(self) -> dict[str, str]:
        own = {name: value for name, value in os.environ.items() if name.startswith("OMTX_")}
        found = {
            variable: it
            for emulator in self.emulators.values()
            for variable, it in emulator.environment.items()
        }
        return {
            "OMTX_PREFIX": "omtx",
            "OMTX_LIMITS_ENABLED": "0",  # one user, on one machine
            **own,
            "OMTX_BACKEND": "gcp",
            "OMTX_PROJECT": PROJECT,
            "OMTX_BUCKET": BUCKET,
            "OMTX_PUBLIC_URL": self.url,
            "OMTX_HOME": str(self.home / "engine"),
            "OMTX_WORKERS": str(self._workers),
            "OMTX_FSYNC": "0",
            "OMTX_PUSH_UNSIGNED": "1",
            "OMTX_WITHOUT_KEYS": "1",
            "OMTX_SECRETS": "folder",
            **found,
            **self._given,
        }

    def _function(self, name: str) -> FunctionProcess:
        return FunctionProcess(
            name,
            folder=self.home / "functions" / name,
            log=self.home / "logs" / f"{name}.log",
            environment=self.environment,
            python=self._pythons.get(name, Path(sys.executable)),
        )

    def _engine(self) -> Child:
        log = self.home / "logs" / "engine.log"
        return Child(
            "the engine",
            (sys.executable, "-m", "local.engine"),
            ready=lambda: "ready" in log.read_text().splitlines(),
            log=log,
            environment=inherited() | self.environment,
        )

    def _schedule(self) -> Schedule:
        path = self.table.functions["reconcile"].routes[0].path
        with self.as_environment():
            seconds = Settings().reconcile_seconds
        return Schedule(self.proxies["reconcile"], path, seconds=seconds)
