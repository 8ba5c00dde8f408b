"""A collector of traces: an HTTP server that takes what OpenTelemetry sends, and shows it by trace."""

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

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
        server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield self
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


def _handler(collector: Collector) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            collector.take(self.path, body)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *words: object) -> None:
            pass

    return Handler


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
