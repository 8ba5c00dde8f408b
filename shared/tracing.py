"""
The trace that what happens here belongs to: where it stands, how it travels, and which ligands are in it.

The headers are those of W3C: ``traceparent``, and a member of our own in ``tracestate`` that names the
batch's *lead*, the span under which each of its ligands begins. They travel as headers of requests, as
attributes of messages, and in a run's order and answer. See ``docs/adr/0039``.
"""

import hashlib
import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from typing import Any, Literal, Protocol

PARENT, STATE, CLOUD = "traceparent", "tracestate", "x-cloud-trace-context"
MOST_LIGANDS = 1000
"""Of a larger library, about so many ligands have spans of their own."""

_PARENT = re.compile(r"[0-9a-f]{2}-((?!0{32})[0-9a-f]{32})-((?!0{16})[0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?")
_LEAD = re.compile(r"(?:^|.*,)\s*omtx=([0-9a-f]{16})-([01])-([1-9]\d{0,9})\s*(?:,.*|$)")
_CLOUD = re.compile(r"([0-9a-f]{32})(?:/(\d{1,20}))?(?:;o=(\d))?")


@dataclass(frozen=True)
class Lead:
    """The span that opened a batch of so many ``jobs``."""

    trace: str
    span: str
    sampled: bool
    jobs: int


@dataclass(frozen=True)
class Place:
    """A place in a trace: ids in lower-case hexadecimals, and whether its spans are recorded."""

    trace: str
    span: str | None
    sampled: bool
    lead: Lead | None = None
    job: str | None = None


class Span(Protocol):
    """What is going on; ``place`` is its own."""

    @property
    def place(self) -> Place:
        """Where it stands."""
        ...

    def end(self, fields: Mapping[str, Any], *, failed: str | None) -> None:
        """It is over. ``failed``: why, if it did not do what it should."""
        ...


@dataclass(frozen=True)
class Lived:
    """
    A span that somebody lived through who sends none, at the ``place`` that it had.

    ``failed``: why, if it did not do what it should.
    """

    name: str
    place: Place
    parent: Place
    began: datetime
    ended: datetime
    fields: Mapping[str, Any]
    failed: str | None


Kind = Literal["server", "consumer"]


class Tracer(Protocol):
    """Where spans go. None of this raises, or waits for anybody."""

    def begin(self, name: str, parent: Place | None, kind: Kind) -> Span:
        """A span that begins now."""
        ...

    def record(self, lived: Lived) -> None:
        """A span that is over, and was somebody else's."""
        ...

    def close(self) -> None:
        """Send what is left, and begin nothing more."""
        ...


@dataclass(frozen=True)
class _Unrecorded:
    place: Place

    def end(self, fields: Mapping[str, Any], *, failed: str | None) -> None:
        """Nobody is told."""


class Unrecorded:
    """Keeps no spans: a place is passed on as it came, so that the ids of a trace hold all the same."""

    def begin(self, name: str, parent: Place | None, kind: Kind) -> Span:
        """See ``Tracer.begin``."""
        return _Unrecorded(parent or Place(secrets.token_hex(16), secrets.token_hex(8), sampled=False))

    def record(self, lived: Lived) -> None:
        """Nobody is told."""

    def close(self) -> None:
        """There is nothing left."""


UNRECORDED = Unrecorded()


@dataclass
class _Here:
    """A box, so that what is learnt on the way holds to the end of the step."""

    place: Place = field()


_here: ContextVar[_Here | None] = ContextVar("here", default=None)


@contextmanager
def at(place: Place | None) -> Iterator[None]:
    """Be there; None: in no trace at all."""
    token = _here.set(_Here(place) if place is not None else None)
    try:
        yield
    finally:
        _here.reset(token)


def current() -> Place | None:
    """Where we are."""
    found = _here.get()
    return found.place if found is not None else None


def about(job_id: str | None) -> None:
    """What happens here is about one ligand: what it brings about for the same hangs under it."""
    if (found := _here.get()) is not None and (place := found.place).job != job_id:
        found.place = Place(place.trace, place.span, place.sampled, place.lead, job_id)


def follow(parent: str | None, jobs: int) -> None:
    """
    What is published from here on belongs to the batch of ``jobs`` that was opened at ``parent``.

    None: to a batch of which that is not known.
    """
    if (found := _here.get()) is not None:
        place, lead = found.place, _opened(parent, jobs)
        if place.lead != lead:
            found.place = Place(place.trace, place.span, place.sampled, lead, place.job)


def place_of(headers: Mapping[str, str]) -> Place | None:
    """The place that headers, their names in lower case, tell; None if they do not."""
    if w3c := _matched(headers.get(PARENT, "").strip()):
        trace, span, sampled = w3c
        return Place(trace, span, sampled, _lead(trace, headers.get(STATE, "")))
    if own := _CLOUD.fullmatch(headers.get(CLOUD, "").strip().lower()):
        trace, number, flag = own.groups()
        return Place(trace, f"{int(number) % 2**64:016x}" if number else None, flag == "1")
    return None


def headers_of(place: Place | None) -> dict[str, str]:
    """The headers that tell the place."""
    if place is None or place.span is None:
        return {}
    told = {PARENT: f"00-{place.trace}-{place.span}-{place.sampled:02d}"}
    lead = place.lead
    if lead is not None and lead.trace == place.trace:
        told[STATE] = f"omtx={lead.span}-{lead.sampled:d}-{lead.jobs}"
    return told


def mark(job_id: str | None, *, goes_on: bool) -> dict[str, str]:
    """
    What a message of this place carries.

    It hangs under this place where it ``goes_on`` with the ligand that this is about. Any other ligand
    begins under the batch's lead, as does what concerns the batch.
    """
    place = current()
    if place is None or place.lead is None or (goes_on and job_id == place.job):
        return headers_of(place)
    lead = place.lead
    sampled = lead.sampled and (job_id is None or is_chosen(job_id, lead.jobs))
    return headers_of(Place(lead.trace, lead.span, sampled, lead))


def is_chosen(job_id: str, jobs: int) -> bool:
    """Whether a ligand of so many is among the about ``MOST_LIGANDS`` with spans: the same at each try."""
    if jobs <= MOST_LIGANDS:
        return True
    drawn = int.from_bytes(hashlib.sha256(job_id.encode()).digest()[:8])
    return drawn * jobs < MOST_LIGANDS * 2**64


def run_place(told: Mapping[str, str], run: str) -> Place | None:
    """Where the ``run`` stands that was ordered at the place ``told``: computed, so that all agree on it."""
    ordered = place_of(told)
    if ordered is None:
        return None
    span = hashlib.sha256(f"{ordered.trace} {run}".encode()).hexdigest()[:16]
    return replace(ordered, span=span)


@lru_cache(maxsize=1024)
def _opened(parent: str | None, jobs: int) -> Lead | None:
    """Kept: each step of each ligand of a batch asks for the same."""
    opened = _matched(parent or "")
    return Lead(*opened, jobs) if opened else None


def _matched(text: str) -> tuple[str, str, bool] | None:
    found = _PARENT.fullmatch(text)
    return None if found is None else (found[1], found[2], bool(int(found[3], 16) & 1))


def _lead(trace: str, state: str) -> Lead | None:
    found = _LEAD.fullmatch(state)
    return None if found is None else Lead(trace, found[1], found[2] == "1", int(found[3]))
