"""
``/metrics``: the figures of this process as Prometheus reads them, and how the system stands.

It tells of all owners together: a server with keys wants one with the scope ``admin``, one without keys
answers its own machine alone.
"""

from collections.abc import Iterator
from datetime import datetime
from ipaddress import ip_address

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Send
from starlette.types import Scope as Asked

from shared import wiring
from shared.answers import problem
from shared.errors import Forbidden, PermanentError
from shared.metrics import REGISTRY, Counter, Gauge, Histogram, Spread
from shared.models.access import Scope
from shared.settings import settings

PATH = "/metrics"
TEXT = "text/plain; version=0.0.4; charset=utf-8"
MOST_COUNTED = 100_000
Family = CounterMetricFamily | GaugeMetricFamily | HistogramMetricFamily


async def metrics(scope: Asked, receive: Receive, send: Send) -> None:
    """The ASGI application."""
    await (await run_in_threadpool(_answer, Request(scope)))(scope, receive, send)


def _answer(request: Request) -> Response:
    try:
        _check(request)
    except PermanentError as error:
        body, status, headers = problem(error.status, error.title, str(error))
        return Response(bytes(str(body), "utf-8"), status, headers)
    registry = CollectorRegistry()
    registry.register(_Figures())
    registry.register(_Standing())
    return PlainTextResponse(generate_latest(registry), media_type=TEXT)


def _check(request: Request) -> None:
    asking = wiring.access().caller(request.headers)
    asking.require(Scope.ADMIN)
    if asking.key_id is None and not _is_of_this_machine(request):
        raise Forbidden("the figures are for this machine alone")


def _is_of_this_machine(request: Request) -> bool:
    try:
        return request.client is not None and ip_address(request.client.host).is_loopback
    except ValueError:
        return False


class _Figures(Collector):
    """What was measured."""

    def collect(self) -> Iterator[Family]:
        for metric in REGISTRY:
            yield _family(metric)


def _family(metric: Counter | Gauge | Histogram) -> Family:
    if isinstance(metric, Histogram):
        drawn = HistogramMetricFamily(metric.name, metric.about, labels=metric.labels)
        for labels, spread in metric.spreads().items():
            drawn.add_metric(labels, _buckets(spread), spread.sum)
        return drawn
    kind = GaugeMetricFamily if isinstance(metric, Gauge) else CounterMetricFamily
    told: CounterMetricFamily | GaugeMetricFamily = kind(metric.name, metric.about, labels=metric.labels)
    for labels, value in metric.values().items():
        told.add_metric(labels, value)
    return told


def _buckets(spread: Spread) -> list[tuple[str, float]]:
    """As Prometheus has them: each holds the ones below it, too."""
    bounds, seen, drawn = [*map(str, spread.bounds), "+Inf"], 0, []
    for bound, inside in zip(bounds, spread.buckets, strict=True):
        seen += inside
        drawn.append((bound, float(seen)))
    return drawn


class _Standing(Collector):
    """What the state says at this moment: queues, runs, dead letters."""

    def collect(self) -> Iterator[Family]:
        yield from _queues(wiring.clock().now())
        letters = wiring.dead_letters().open_letters()
        yield GaugeMetricFamily("omtx_dead_letters_open", "Messages that were given up", value=letters)
        yield from _workers()


def _queues(now: datetime) -> Iterator[Family]:
    messages = GaugeMetricFamily(
        "omtx_queue_messages", "Messages of a subscription, leased ones included", labels=["subscription"]
    )
    age = GaugeMetricFamily(
        "omtx_queue_oldest_due_seconds", "How long the first message has been due", labels=["subscription"]
    )
    for queue in wiring.queues().queues(most=MOST_COUNTED):
        name = [queue.subscription]
        if queue.messages is not None:
            messages.add_metric(name, queue.messages)
            since = queue.due_since
            age.add_metric(name, max((now - since).total_seconds(), 0.0) if since else 0.0)
    yield messages
    yield age


def _workers() -> Iterator[Family]:
    """Nothing where runs are made elsewhere."""
    size = settings().workers
    counts, runs = wiring.runs().counts(), wiring.runs().running(limit=size)
    if counts is None or runs is None:
        return
    calls = sum(counts.get(state, 0) for state in ("waiting", "running"))
    yield GaugeMetricFamily("omtx_workers", "Workers of the pool", value=size)
    yield GaugeMetricFamily("omtx_workers_busy", "Workers that compute", value=len(runs))
    yield GaugeMetricFamily("omtx_runs_waiting", "Runs without a worker", value=max(calls - len(runs), 0))
