"""HTTP servers of tests, on the loopback interface."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Handler(BaseHTTPRequestHandler):
    """Answers one connection; it writes no log, as tests look at what came."""

    def asked(self) -> None:
        """Answer one request, of any method."""
        raise NotImplementedError

    def do_GET(self) -> None:
        self.asked()

    do_POST = do_PUT = do_PATCH = do_DELETE = do_GET  # noqa: N815 - the names of the library

    def log_message(self, format: str, *args: Any) -> None:
        """Nobody reads it."""

    @property
    def sent(self) -> bytes:
        """The body of the request; it can be read once."""
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def answer(self, status: int, body: bytes = b"", **headers: str | None) -> None:
        """Answer with this, and nothing else; a header without a value is left out."""
        self.send_response(status)
        for name, value in headers.items():
            if value is not None:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def served(handler: Callable[..., BaseHTTPRequestHandler], *, port: int = 0) -> Iterator[str]:
    """The address of a server that answers each connection in a thread of its own."""
    server = ThreadingHTTPServer(("127.0.0.1", port), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
