"""The web server of this machine, on loopback unless told otherwise."""

import socket
import threading

import uvicorn
from starlette.types import ASGIApp

ADDRESS = "127.0.0.1"
BACKLOG = 128
LAST_ANSWERS_SECONDS = 5


class WebServer:
    """
    Has its port, which signed URLs must name, from the beginning, and an application from ``start`` on.

    Port 0 takes any free one. Raises OSError if the port is taken.
    """

    def __init__(self, port: int, address: str = ADDRESS) -> None:
        self._socket = socket.create_server((address, port), backlog=BACKLOG)
        # Connections inherit it; asyncio sets it only on sockets that were made for TCP by name. Without it
        # an answer of two writes waits 40 ms for the acknowledgement that the client delays.
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.port: int = self._socket.getsockname()[1]
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://{ADDRESS}:{self.port}"

    def start(self, app: ASGIApp) -> None:
        """Answer requests from now on, in a thread."""
        self._server = uvicorn.Server(
            uvicorn.Config(
                app,
                http="httptools",
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                # What says that it comes from elsewhere is read where it is known which proxies are ours.
                proxy_headers=False,
                timeout_graceful_shutdown=LAST_ANSWERS_SECONDS,
            )
        )
        given = {"sockets": [self._socket]}
        self._thread = threading.Thread(target=self._server.run, kwargs=given, name="web", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Finish what is being answered, and free the port."""
        if self._server is not None and self._thread is not None:
            self._server.should_exit = True
            self._thread.join()
        self._socket.close()
