"""
Spans to a collector, over HTTP.

They are sent in batches by a thread; what a collector does not take in time is dropped, and nothing waits.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Self

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.trace import NonRecordingSpan, SpanContext, SpanKind, Status, StatusCode, TraceFlags

from shared.settings.tracing import TracingSettings
from shared.tracing import Kind, Lived, Place, Span

KINDS: Mapping[Kind, SpanKind] = {"server": SpanKind.SERVER, "consumer": SpanKind.CONSUMER}


class OtlpTracer:
    """Records what its sampler (``OTEL_TRACES_SAMPLER``; a parent's choice by default) lets through."""

    def __init__(self, exporter: OTLPSpanExporter, *, service: str, project: str = "") -> None:
        about = {"service.name": service} | ({"gcp.project_id": project} if project else {})
        self._ids = _Ids()
        self._provider = TracerProvider(resource=Resource.create(about), id_generator=self._ids)
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("omtx")

    @classmethod
    def of(cls, settings: TracingSettings, *, project: str) -> Self:
        """The tracer of this process; who sends to Google logs in there."""
        exporter = OTLPSpanExporter(session=_google_session() if settings.is_google else None)
        return cls(exporter, service=settings.service, project=project if settings.is_google else "")

    def begin(self, name: str, parent: Place | None, kind: Kind) -> Span:
        """See ``Tracer.begin``."""
        span = self._tracer.start_span(name, _context(parent), kind=KINDS[kind])
        return _Recorded(span, _place(span.get_span_context(), parent))

    def record(self, lived: Lived) -> None:
        """See ``Tracer.record``."""
        if lived.place.span is None or not lived.place.sampled:
            return
        began, ended = _nanoseconds(lived.began), _nanoseconds(lived.ended)
        with self._ids.next(int(lived.place.span, 16)):
            span = self._tracer.start_span(lived.name, _context(lived.parent), start_time=began)
        _describe(span, lived.fields, lived.failed)
        span.end(ended)

    def close(self) -> None:
        """See ``Tracer.close``."""
        self._provider.shutdown()


@dataclass(frozen=True)
class _Recorded:
    span: trace.Span
    place: Place

    def end(self, fields: Mapping[str, Any], *, failed: str | None) -> None:
        """See ``Span.end``."""
        if self.span.is_recording():
            _describe(self.span, fields, failed)
        self.span.end()


class _Ids(RandomIdGenerator):
    """Random ids, or the one that a span already has."""

    def __init__(self) -> None:
        self._given: ContextVar[int | None] = ContextVar("span", default=None)

    @contextmanager
    def next(self, span: int) -> Iterator[None]:
        """The span that is begun meanwhile has this id."""
        token = self._given.set(span)
        try:
            yield
        finally:
            self._given.reset(token)

    def generate_span_id(self) -> int:
        return self._given.get() or super().generate_span_id()


def _google_session() -> Any:
    import google.auth
    from google.auth.transport.requests import AuthorizedSession

    credentials, _ = google.auth.default(scopes=["https://www.googleapis.com/auth/trace.append"])
    return AuthorizedSession(credentials)


def _context(parent: Place | None) -> Context:
    """An empty one for a span without a parent: not that of whatever library may run here."""
    if parent is None or parent.span is None:
        return Context()
    flags = TraceFlags(TraceFlags.SAMPLED if parent.sampled else TraceFlags.DEFAULT)
    known = SpanContext(int(parent.trace, 16), int(parent.span, 16), is_remote=True, trace_flags=flags)
    return trace.set_span_in_context(NonRecordingSpan(known), Context())


def _place(known: SpanContext, parent: Place | None) -> Place:
    own = Place(f"{known.trace_id:032x}", f"{known.span_id:016x}", known.trace_flags.sampled)
    return own if parent is None else replace(own, lead=parent.lead)


def _describe(span: trace.Span, fields: Mapping[str, Any], failed: str | None) -> None:
    span.set_attributes({f"omtx.{name}": value for name, value in fields.items() if value is not None})
    if failed is not None:
        span.set_status(Status(StatusCode.ERROR, failed))


def _nanoseconds(instant: datetime) -> int:
    return round(instant.timestamp() * 1_000_000) * 1000
