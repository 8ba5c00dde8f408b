"""
What the client wants of the world, as values: nothing in here opens a connection or sleeps.

A *flow* is a generator that yields steps and is sent what became of them. What a method does is written
once, as a flow; ``wires`` carries the steps out, blocking or awaited.
"""

import json
from collections.abc import Callable, Generator, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, Protocol, TypeAlias, TypeVar

T = TypeVar("T")
U = TypeVar("U")

ANSWER_SECONDS = 120.0
SUBMIT_SECONDS = 1800.0


@dataclass(frozen=True)
class Request:
    """
    One HTTP request. ``path`` is one of the server, or a whole URL; None among ``params`` is left out.

    ``repeatable``: sent twice, it does no more than once, so that it may be repeated when its answer is
    lost. ``content``: a file, or bytes, in place of a JSON ``body``.
    """

    method: str
    path: str
    params: Mapping[str, Any] = field(default_factory=dict)
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    content: Path | bytes | None = None
    repeatable: bool = False
    seconds: float = ANSWER_SECONDS


@dataclass(frozen=True)
class Reply:
    """An answer of the server; header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes = b""

    @property
    def is_error(self) -> bool:
        """Whether it refuses."""
        return self.status >= 400

    def json(self) -> Any:
        """The document in it."""
        return json.loads(self.body)


@dataclass(frozen=True)
class Lost:
    """No answer. ``sent``: the server may have got the request, and acted on it."""

    reason: str
    sent: bool


class Sink(Protocol):
    """Where a streamed answer goes: once its beginning, then its pieces."""

    def onward(self) -> Mapping[str, str]:
        """Headers of the next attempt: what is there already need not come again."""
        ...

    def begin(self, reply: Reply) -> None:
        """An answer begins that is no refusal; ``reply`` has no body."""
        ...

    def write(self, piece: bytes) -> None:
        """The next piece."""
        ...


@dataclass(frozen=True)
class Send:
    """Send a request; sent back: a Reply or Lost. What is no refusal goes to the ``sink``, if any."""

    request: Request
    sink: Sink | None = None


@dataclass(frozen=True)
class Pause:
    """Wait so long."""

    seconds: float


@dataclass(frozen=True)
class Item(Generic[T]):
    """Hand this to whoever iterates."""

    value: T


Step: TypeAlias = Send | Pause
Flow: TypeAlias = Generator[Step, Any, T]
Stream: TypeAlias = Generator[Step | Item[T], Any, None]
"""A flow that hands out items on its way and ends without a value."""


def fed(stream: Stream[T], take: Callable[[T], None]) -> Flow[None]:
    """A stream as part of a flow: its items go to ``take``."""
    outcome: Any = None
    while True:
        try:
            step = stream.send(outcome)
        except StopIteration:
            return
        if isinstance(step, Item):
            take(step.value)
            outcome = None
        else:
            outcome = yield step


def expanded(stream: Stream[T], parts: Callable[[T], Iterable[U]]) -> Stream[U]:
    """The stream of what is in the items of another."""
    outcome: Any = None
    while True:
        try:
            step = stream.send(outcome)
        except StopIteration:
            return
        if isinstance(step, Item):
            yield from map(Item, parts(step.value))
            outcome = None
        else:
            outcome = yield step


def get(path: str, **params: Any) -> Request:
    """Reading may always be repeated."""
    return Request("GET", path, params, repeatable=True)


def post(path: str, body: Any = None, *, repeatable: bool = False, **params: Any) -> Request:
    """A step; ``repeatable`` where the server takes a second one for the first."""
    return Request("POST", path, params, body, repeatable=repeatable)


def keyed(path: str, body: Any, key: str) -> Request:
    """Creating something at most once: the server answers a repetition with what it made."""
    headers = {"Idempotency-Key": key}
    return Request("POST", path, body=body, headers=headers, repeatable=True, seconds=SUBMIT_SECONDS)
