"""
Methods from flows: the same flow becomes a method that blocks, or one that is awaited.

A blocking class and its asynchronous sister hold one line for each method and nothing else; signature,
documentation and types are those of the flow.
"""

from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from omtx.calls import Flow, Stream
from omtx.session import Session
from omtx.wires import AsyncWire, Wire

P = ParamSpec("P")
T = TypeVar("T")
H = TypeVar("H", bound="Speaking")


class Speaking:
    """What has a session to speak through."""

    def __init__(self, session: Session) -> None:
        self.session = session


def blocking(flow: Callable[Concatenate[H, P], Flow[T]]) -> Callable[Concatenate[H, P], T]:
    """The method that waits for what the flow returns."""

    @wraps(flow)
    def method(self: H, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return _wire(self).run(flow(self, *args, **kwargs))

    return method


def iterating(stream: Callable[Concatenate[H, P], Stream[T]]) -> Callable[Concatenate[H, P], Iterator[T]]:
    """The method that is iterated over; it asks for more as its items are taken."""

    @wraps(stream)
    def method(self: H, /, *args: P.args, **kwargs: P.kwargs) -> Iterator[T]:
        return _wire(self).iterate(stream(self, *args, **kwargs))

    return method


def awaitable(
    flow: Callable[Concatenate[H, P], Flow[T]],
) -> Callable[Concatenate[H, P], Coroutine[Any, Any, T]]:
    """The method that is awaited."""

    @wraps(flow)
    async def method(self: H, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await _async_wire(self).run(flow(self, *args, **kwargs))

    return method


def async_iterating(
    stream: Callable[Concatenate[H, P], Stream[T]],
) -> Callable[Concatenate[H, P], AsyncIterator[T]]:
    """The method that is iterated over with ``async for``."""

    @wraps(stream)
    def method(self: H, /, *args: P.args, **kwargs: P.kwargs) -> AsyncIterator[T]:
        return _async_wire(self).iterate(stream(self, *args, **kwargs))

    return method


def _wire(it: Speaking) -> Wire:
    assert isinstance(it.session.wire, Wire)
    return it.session.wire


def _async_wire(it: Speaking) -> AsyncWire:
    assert isinstance(it.session.wire, AsyncWire)
    return it.session.wire
