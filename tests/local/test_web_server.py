"""Functions behind the web server: bodies and answers in pieces, and clients that go away."""

import socket
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest
from starlette.types import Receive, Scope, Send
from werkzeug.exceptions import ClientDisconnected
from werkzeug.wrappers import Request, Response

from local.listening import WebServer
from local.routing import threaded
from services.api.sending import streamed

Serve = Callable[[Any], WebServer]
MIB = 1 << 20


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Serves one WSGI application."""
    with ExitStack() as stack:

        def start(app: Any) -> WebServer:
            server = WebServer(0)
            server.start(threaded(app))
            stack.callback(server.stop)
            return server

        yield start


class Endless:
    """An answer that goes on for as long as somebody reads it; ``closed`` once nobody does."""

    def __init__(self) -> None:
        self.pieces, self.closed = 0, threading.Event()

    def __iter__(self) -> Iterator[bytes]:
        while True:
            self.pieces += 1
            yield b"x" * MIB

    def close(self) -> None:
        self.closed.set()


def test_who_asks_is_the_other_end_of_the_connection_whatever_a_header_says(serve: Serve) -> None:
    server = serve(Request.application(lambda request: Response(request.remote_addr)))
    claimed = {"X-Forwarded-For": "203.0.113.9"}
    assert httpx.get(server.url, headers=claimed, trust_env=False).text == "127.0.0.1"


def test_an_answer_is_read_no_further_when_its_client_is_gone(serve: Serve) -> None:
    answer = Endless()
    server = serve(Request.application(lambda _: Response(answer)))
    with httpx.stream("GET", server.url, trust_env=False) as reply:
        next(reply.iter_raw())
    assert answer.closed.wait(10), "it is still being read"


def test_a_download_of_the_api_is_closed_when_its_client_is_gone() -> None:
    closed = threading.Event()

    def pieces() -> Iterator[bytes]:
        try:
            while True:
                yield b"x" * MIB
        finally:
            closed.set()

    async def download(scope: Scope, receive: Receive, send: Send) -> None:
        await streamed(pieces(), {})(scope, receive, send)

    server = WebServer(0)
    server.start(download)
    with httpx.stream("GET", server.url, trust_env=False) as reply:
        next(reply.iter_raw())
    assert closed.wait(10), "it is still being read"
    server.stop()


def test_an_answer_is_read_no_faster_than_its_client_reads_it(serve: Serve) -> None:
    answer = Endless()
    server = serve(Request.application(lambda _: Response(answer)))
    with httpx.stream("GET", server.url, trust_env=False) as reply:
        reading = reply.iter_raw()
        next(reading)
        assert not answer.closed.wait(0.5)
        assert answer.pieces < 40, "what the system buffers for a connection, and no more"


def test_a_body_that_breaks_off_fails_where_it_is_read(serve: Serve) -> None:
    seen: list[str] = []
    over = threading.Event()

    @Request.application
    def reading(request: Request) -> Response:
        try:
            request.get_data()
        except (ClientDisconnected, OSError) as error:
            seen.append(type(error).__name__)
        finally:
            over.set()
        return Response("whole")

    server = serve(reading)
    with socket.create_connection(("127.0.0.1", server.port)) as client:
        client.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nbeginning")
    assert over.wait(10)
    assert seen == ["ClientDisconnected"]


def test_a_body_of_unknown_length_that_breaks_off_is_not_taken_for_a_whole_one(serve: Serve) -> None:
    seen: list[str] = []
    over = threading.Event()

    @Request.application
    def reading(request: Request) -> Response:
        try:
            seen.append(f"{len(request.stream.read())} bytes")
        except OSError as error:
            seen.append(type(error).__name__)
        finally:
            over.set()
        return Response("whole")

    server = serve(reading)
    with socket.create_connection(("127.0.0.1", server.port)) as client:
        client.sendall(
            b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"
        )
    assert over.wait(10)
    assert seen == ["ConnectionResetError"]


def test_a_header_with_an_underscore_does_not_pass_for_one_with_a_hyphen(serve: Serve) -> None:
    server = serve(Request.application(lambda it: Response(it.headers.get("Idempotency-Key", "none"))))
    given = {"Idempotency_Key": "forged"}
    assert httpx.get(server.url, headers=given, trust_env=False).text == "none"


def test_an_error_of_an_application_is_a_500_and_the_next_request_is_answered(serve: Serve) -> None:
    def failing(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        raise RuntimeError("nobody foresaw this")

    server = serve(failing)
    for _ in range(2):
        assert httpx.get(server.url, trust_env=False).status_code == 500


def test_answers_over_one_connection_do_not_wait_for_delayed_acknowledgements(serve: Serve) -> None:
    """What waits for one takes 40 ms at the least, each time."""
    server, times = serve(Request.application(lambda _: Response("yes"))), list[float]()
    with httpx.Client(base_url=server.url, trust_env=False) as client:
        for _ in range(41):
            began = time.perf_counter()
            assert client.get("/").text == "yes"
            times.append(time.perf_counter() - began)
    assert statistics.median(times) < 0.035
