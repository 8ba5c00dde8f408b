"""
The network for a call to somewhere that a user named: look up once, check, connect to what was checked.

Between the check and the connection no name is looked up again, so that an answer that changes leads
nowhere else. The name stays what TLS checks and what the request names as its host.
"""

import queue
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from ipaddress import ip_address
from typing import Any

import httpcore

from shared.domain.outside import Address, Target, refusal

MOST_ADDRESSES = 3
Resolve = Callable[[str, int], Sequence[Address]]


class Closed(Exception):
    """Nothing is sent there; the text says why."""


class Late(Exception):
    """The time of the whole call is up."""


class Deadline:
    """One limit for all the steps of a call, on a clock that never goes back."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """Seconds; Late if there are none."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise Late
        return left


def addresses_of(host: str, port: int) -> Sequence[Address]:
    """What the system's resolver says of a name or a number, without repetitions."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(ip_address(at[4][0]) for at in found))


class CheckedNetwork(httpcore.NetworkBackend):
    """The connections of one call to ``target``, and to nothing else."""

    def __init__(self, target: Target, resolve: Resolve, deadline: Deadline, *, loopback: bool) -> None:
        self._target = target
        self._resolve = resolve
        self._deadline = deadline
        self._loopback = loopback
        self._sockets = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """A connection to one of the checked addresses, the first that answers."""
        addresses = self._looked_up(port)
        why = refusal(self._target, addresses, loopback=self._loopback)
        if why is not None:
            raise Closed(why)
        *others, last = [str(address) for address in addresses[:MOST_ADDRESSES]]
        for address in others:
            try:
                return self._connect(address, port, share=0.5)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        return self._connect(last, port, share=1.0)

    def _connect(self, address: str, port: int, *, share: float) -> httpcore.NetworkStream:
        stream = self._sockets.connect_tcp(address, port, timeout=share * self._deadline.left())
        return _Hurried(stream, self._deadline)

    def _looked_up(self, port: int) -> Sequence[Address]:
        """The resolver takes its own time, so it is asked on a thread that may be left behind."""
        answers: queue.SimpleQueue[Sequence[Address]] = queue.SimpleQueue()

        def ask() -> None:
            try:
                answers.put(self._resolve(self._target.host, port))
            except (OSError, ValueError):  # no such name, or one that cannot be a name
                answers.put([])

        threading.Thread(target=ask, name="resolve", daemon=True).start()
        try:
            return answers.get(timeout=self._deadline.left())
        except queue.Empty as error:
            raise Late from error


class _Hurried(httpcore.NetworkStream):
    """A stream whose every step has only what is left of the time of all."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, timeout=self._deadline.left())

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, timeout=self._deadline.left())

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        left = self._deadline.left()
        return _Hurried(self._stream.start_tls(ssl_context, server_hostname, timeout=left), self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
