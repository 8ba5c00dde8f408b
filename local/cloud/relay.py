"""
A relay between Firestore clients and the emulator: it sees every call, and can spoil one.

It knows nothing of what it carries: one request in, any number of answers out, as bytes. So it can do
what a network does (lose a request, or the answer of something that did happen) to the real client
and the real emulator.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from enum import Enum, auto
from types import TracebackType
from typing import Any, Self

import grpc

from local.cloud.emulators import ADDRESS

THREADS = 64
MOST_BYTES = 64 * 1024 * 1024
_LIMITS = [("grpc.max_receive_message_length", MOST_BYTES), ("grpc.max_send_message_length", MOST_BYTES)]


class Loss(Enum):
    """
    What is lost: the request, so that nothing happens, or the answer to what did happen.

    ``PERMISSION`` is lost for good: the client is refused and does not try again.
    """

    REQUEST = auto()
    ANSWER = auto()
    PERMISSION = auto()


class Relay:
    """
    A context manager that listens on ``address`` and passes calls on to ``upstream``.

    ``lose`` is asked before each call, ``seen`` told after each that succeeded upstream; both get the
    method's name and the request, and are called from many threads.
    """

    def __init__(
        self,
        upstream: str,
        *,
        lose: Callable[[str, bytes], Loss | None] = lambda method, request: None,
        seen: Callable[[str, bytes, list[bytes]], object] = lambda method, request, answers: None,
    ) -> None:
        self.lose = lose
        self._seen = seen
        self._channel = grpc.insecure_channel(upstream, options=_LIMITS)
        self._server = grpc.server(ThreadPoolExecutor(THREADS), options=_LIMITS)
        self._server.add_generic_rpc_handlers((_Everything(self._answers),))
        self.address = f"{ADDRESS}:{self._server.add_insecure_port(f'{ADDRESS}:0')}"

    def _answers(self, path: str, request: bytes, context: grpc.ServicerContext) -> Iterator[bytes]:
        method = path.rpartition("/")[2]
        lost = self.lose(method, request)
        if lost is Loss.REQUEST:
            context.abort(grpc.StatusCode.UNAVAILABLE, "the request was lost")
        if lost is Loss.PERMISSION:
            context.abort(grpc.StatusCode.PERMISSION_DENIED, "not allowed")
        sent = [(key, value) for key, value in context.invocation_metadata() if _is_of_the_call(key)]
        try:
            answers = list(self._channel.unary_stream(path)(request, metadata=sent))
        except grpc.RpcError as error:
            context.abort(error.code(), error.details())
        self._seen(method, request, answers)
        if lost is Loss.ANSWER:
            context.abort(grpc.StatusCode.UNAVAILABLE, "the answer was lost")
        yield from answers

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.stop(grace=None).wait()
        self._channel.close()


class _Everything:
    """Takes every method; on the wire one answer is a stream of one."""

    def __init__(self, answers: Callable[[str, bytes, grpc.ServicerContext], Iterator[bytes]]) -> None:
        self._answers = answers

    def service(self, handler_call_details: Any) -> Any:
        path = handler_call_details.method
        return grpc.unary_stream_rpc_method_handler(
            lambda request, context: self._answers(path, request, context)
        )


def _is_of_the_call(key: str) -> bool:
    return key == "authorization" or key.startswith("google-") or key.startswith("x-goog-request")
