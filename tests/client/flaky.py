"""A real HTTP server between client and platform, to which mishaps happen as ordered."""

import threading
from collections import deque
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

import httpx

HOP = {"connection", "transfer-encoding", "content-length", "content-encoding", "host", "keep-alive"}


class Flaky(ThreadingHTTPServer):
    """
    Passes requests on. ``mishaps`` come true one by one, each for one request:

    ``drop``: cut before it is passed on. ``lose``: passed on, and cut before its answer. ``tear``: half of
    the answer, then cut. ``spoil``: another last byte. A number: answered with this status, and
    ``(429, {"Retry-After": "1"})`` with headers.
    """

    daemon_threads = True

    def __init__(self, behind: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.behind = httpx.Client(base_url=behind, timeout=60)
        self.mishaps = deque[Any]()
        self.seen = list[tuple[str, str, dict[str, str]]]()
        self.files = dict[str, bytes]()
        self.url = f"http://127.0.0.1:{self.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, args=(0.05,)).start()
        return self

    def __exit__(self, *error: object) -> None:
        self.shutdown()
        self.server_close()
        self.behind.close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A connection that a client cut is no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Flaky

    def log_message(self, format: str, *args: Any) -> None:
        """Nobody reads it."""

    def _handle(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        sent = {name.lower(): value for name, value in self.headers.items()}
        self.server.seen.append((self.command, self.path, sent))
        mishap = self.server.mishaps.popleft() if self.server.mishaps else None
        if mishap == "drop":
            self._cut()
        elif isinstance(mishap, int | tuple):
            status, headers = mishap if isinstance(mishap, tuple) else (mishap, {})
            self._answer(status, headers, b"not now")
        else:
            self._pass_on(body, sent, mishap)

    do_GET = do_POST = do_PUT = do_DELETE = _handle  # noqa: N815

    def _pass_on(self, body: bytes, sent: dict[str, str], mishap: str | None) -> None:
        kept = {name: value for name, value in sent.items() if name not in HOP - {"content-encoding"}}
        if self.path in self.server.files:
            status, headers, content = self._file(self.server.files[self.path])
        else:
            answer = self.server.behind.request(self.command, self.path, content=body, headers=kept)
            status, content = answer.status_code, answer.content
            headers = {name: value for name, value in answer.headers.items() if name not in HOP}
        if mishap == "spoil":
            content = content[:-1] + bytes([content[-1] ^ 1])
        if mishap == "lose":
            self._cut()
        else:
            self._answer(status, headers, content, half=mishap == "tear")

    def _file(self, content: bytes) -> tuple[int, dict[str, str], bytes]:
        """A store that can go on in the middle, as buckets can."""
        headers, wanted = {"ETag": '"v1"'}, self.headers.get("Range")
        if wanted is None or self.headers.get("If-Range") != '"v1"':
            return 200, headers, content
        start = int(wanted.removeprefix("bytes=").rstrip("-"))
        place = f"bytes {start}-{len(content) - 1}/{len(content)}"
        return 206, {**headers, "Content-Range": place}, content[start:]

    def _answer(self, status: int, headers: dict[str, str], content: bytes, half: bool = False) -> None:
        self.send_response(status)
        for name, value in headers.items():
            if name.lower() not in ("date", "server"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        with suppress(ConnectionError):
            self.wfile.write(content[: len(content) // 2] if half else content)
        if half:
            self._cut()

    def _cut(self) -> None:
        self.wfile.flush()
        self.close_connection = True
        self.connection.shutdown(2)
