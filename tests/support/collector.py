"""A collector of traces: an HTTP server that takes what OpenTelemetry sends, and shows it by trace."""

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.support.loopback import Handler, served

FAILED = 2


@dataclass(frozen=True)
class Seen:
    """A span as it arrived; ids as hexadecimals, ``parent`` empty for the first of a trace."""

    name: str
    trace: str
    span: str
    parent: str
    fields: dict[str, Any]
    failed: bool
    began: int
    ended: int


class Collector:
    """What arrived by now."""

    def __init__(self) -> None:
        self.spans: list[Seen] = []
        self.paths: set[str] = set()
        self.url = ""

    def named(self, name: str, trace: str | None = None) -> list[Seen]:
        """The spans of a name, in the order in which they began."""
        found = (it for it in self.spans if it.name == name and trace in (None, it.trace))
        return sorted(found, key=lambda it: it.began)

    def take(self, path: str, body: bytes) -> None:
        """One request."""
        request = ExportTraceServiceRequest.FromString(body)
        self.paths.add(path)
        for resource in request.resource_spans:
            for scope in resource.scope_spans:
                self.spans += map(_seen, scope.spans)

    @contextmanager
    def served(self) -> Iterator["Collector"]:
        """On a port of its own."""
        with served(_handler(self)) as self.url:
            yield self


def _handler(collector: Collector) -> type[Handler]:
    class Taking(Handler):
        def asked(self) -> None:
            packed = self.headers.get("Content-Encoding") == "gzip"
            collector.take(self.path, gzip.decompress(self.sent) if packed else self.sent)
            self.answer(200)

    return Taking


def _seen(span: Any) -> Seen:
    return Seen(
        name=span.name,
        trace=span.trace_id.hex(),
        span=span.span_id.hex(),
        parent=span.parent_span_id.hex(),
        fields={it.key.removeprefix("omtx."): _value(it.value) for it in span.attributes},
        failed=span.status.code == FAILED,
        began=span.start_time_unix_nano,
        ended=span.end_time_unix_nano,
    )


def _value(value: Any) -> Any:
    return getattr(value, value.WhichOneof("value"))
