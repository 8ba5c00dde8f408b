"""
Logs as Cloud Logging reads them: one JSON object a line, and on each the request that it belongs to.

A *step* is one request or delivery from its arrival to its answer. It writes one line when it ends,
and whatever else is logged meanwhile carries the same fields: those of the trace, and what was
noted, such as the batch. Contents have no place here; what looks like one is struck out.
"""

import json
import logging
import re
import sys
import time
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, TextIO

from shared import measures, tracing

steps = logging.getLogger("omtx.steps")
LEVELS = {
    "done": logging.INFO,
    "dropped": logging.INFO,
    "refused": logging.WARNING,
    "unavailable": logging.WARNING,
    "parked": logging.ERROR,
    "failed": logging.ERROR,
}
REPORTED = "type.googleapis.com/google.devtools.clouderrorreporting.v1beta1.ReportedErrorEvent"
GOOGLE = "logging.googleapis.com"
LONGEST_VALUE, LONGEST_TEXT = 200, 16_000
_STRUCK_OUT = (
    (re.compile(r"\b(omtx_[a-z0-9]{12}_)[A-Za-z0-9]+"), r"\1[…]"),
    (re.compile(r"(?i)(x-api-key[\"']?\s*[:=]\s*[\"']?)[^\s\"']+"), r"\1[…]"),
    (re.compile(r"(?i)((?:signature|credential|token|secret)=)[^\s&\"']+"), r"\1[…]"),
    (re.compile(r"(?i)(bearer\s+)\S+"), r"\1[…]"),
    (re.compile(r"\b[ACDEFGHIKLMNPQRSTVWYX]{25,}\b"), "[sequence]"),
)


class Step:
    """
    One request under way, and how it ends: ``outcome`` is a key of ``LEVELS``.

    ``headers`` go with its answer, whatever that will be.
    """

    def __init__(self, function: str, headers: Mapping[str, str], span: tracing.Span) -> None:
        self.function = function
        self.outcome = "done"
        self.said = ""
        self.quiet = False
        self.headers: dict[str, str] = {}
        execution = headers.get("function-execution-id")
        self.fields: dict[str, Any] = {"function": function} | ({"execution": execution} if execution else {})
        self._span = span
        self._began = time.perf_counter()

    @property
    def seconds(self) -> float:
        """How long it has taken by now."""
        return time.perf_counter() - self._began

    def end(self, error: BaseException | None = None) -> None:
        """Write the line; with ``error``, its stack. A quiet step that went well says nothing."""
        seconds = self.seconds
        measures.STEP_SECONDS.observe(seconds, self.function, self.outcome)
        self._span.end(self.fields | {"outcome": self.outcome}, failed=self._failure)
        if self.quiet and self.outcome == "done":
            return
        text = f"{self.function} {self.outcome}" + (f": {self.said}" if self.said else "")
        more = {"outcome": self.outcome, "milliseconds": round(1000 * seconds, 1)}
        steps.log(LEVELS[self.outcome], "%s", text, exc_info=error, extra={"fields": more})

    @property
    def _failure(self) -> str | None:
        """What the trace calls an error: not what was refused to a user."""
        return clean(self.said, LONGEST_VALUE) if LEVELS[self.outcome] >= logging.ERROR else None


_current: ContextVar[Step | None] = ContextVar("step", default=None)


@contextmanager
def step(
    function: str,
    headers: Mapping[str, str],
    *,
    tracer: tracing.Tracer = tracing.UNRECORDED,
    kind: tracing.Kind = "server",
    parent: tracing.Place | None = None,
) -> Iterator[Step]:
    """
    A step; a thread that serves the next request finds nothing of it.

    It hangs under ``parent``, or where its headers say; the names of the headers are in lower case.
    """
    span = tracer.begin(function, parent or tracing.place_of(headers), kind)
    begun = Step(function, headers, span)
    token = _current.set(begun)
    try:
        with tracing.at(span.place):
            yield begun
    finally:
        _current.reset(token)


def note(**fields: Any) -> None:
    """What the step under way is about; nothing if None, or if there is no step."""
    if (found := _current.get()) is not None:
        found.fields |= {name: value for name, value in fields.items() if value is not None}


def answer_with(headers: Mapping[str, str]) -> None:
    """Fields for the answer of the step under way; nothing if there is no step."""
    if (found := _current.get()) is not None:
        found.headers |= headers


def tell(text: str, **fields: Any) -> None:
    """A line of its own, about ``fields`` rather than what the step is about."""
    steps.info("%s", text, extra={"fields": fields})


class CloudLines(logging.StreamHandler[TextIO]):
    """
    One line a record, to the stream of the moment in which it was made.

    The framework can put its own stream in place of ``sys.stdout`` during a request, for all threads at
    once, to add the execution's id; the id is added here, and no thread's lines pass through another's.
    """

    def __init__(self, stream: TextIO, *, project: str) -> None:
        super().__init__(stream)
        self._project = project

    def format(self, record: logging.LogRecord) -> str:
        """The record as JSON."""
        under_way = _current.get()
        about = dict(under_way.fields) if under_way else {}
        about |= getattr(record, "fields", {})
        line = {
            "severity": record.levelname,
            "message": clean(record.getMessage(), LONGEST_TEXT),
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="microseconds"),
            "logger": record.name,
            **self._google(about),
            **{name: clean(value, LONGEST_VALUE) for name, value in about.items()},
        }
        if record.exc_info:
            stack = "".join(traceback.format_exception(*record.exc_info))
            line |= {"stack_trace": clean(stack, LONGEST_TEXT), "@type": REPORTED}
            line["serviceContext"] = {"service": line.get("function", "omtx")}
        return json.dumps(line, default=str)

    def _google(self, about: dict[str, Any]) -> dict[str, Any]:
        """What Cloud Logging has names of its own for; taken out of ``about``, or from where we are."""
        named: dict[str, Any] = {}
        if (place := tracing.current()) is not None:
            inside = f"projects/{self._project}/traces/{place.trace}" if self._project else place.trace
            named = {f"{GOOGLE}/trace": inside, f"{GOOGLE}/trace_sampled": place.sampled}
            named |= {f"{GOOGLE}/spanId": place.span} if place.span else {}
        if execution := about.pop("execution", None):
            named[f"{GOOGLE}/labels"] = {"execution_id": clean(execution, LONGEST_VALUE)}
        return named


def clean(value: Any, longest: int) -> Any:
    """A value fit for a log: texts are cut, and signatures, tokens and sequences struck out."""
    if not isinstance(value, str):
        return value
    for pattern, instead in _STRUCK_OUT:
        value = pattern.sub(instead, value)
    return value if len(value) <= longest else f"{value[:longest]}…"


def to_cloud(*, project: str, stream: TextIO | None = None) -> None:
    """
    Log as JSON to ``stream`` (standard output) from now on; a second time changes nothing.

    What the framework installed for the same purpose is taken away, or each line would come twice.
    Other libraries' records are taken from WARNING on: at INFO, some of them log whole URLs.
    """
    root = logging.getLogger()
    for handler in list(root.handlers):
        if isinstance(handler, CloudLines) or type(handler) is logging.StreamHandler:
            root.removeHandler(handler)
    root.addHandler(CloudLines(stream or sys.stdout, project=project))
    root.setLevel(logging.WARNING)
    logging.getLogger("omtx").setLevel(logging.INFO)
