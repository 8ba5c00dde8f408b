"""The control plane in a thread of this process, on a free loopback port."""

import asyncio
import socket
import threading
from types import TracebackType
from typing import Self

from grpclib.server import Server
from modal._utils.grpc_utils import custom_detail_codec

from tests.modal_server.deployments import Deployments
from tests.modal_server.plane import Plane
from tests.modal_server.service import TOKEN, Service


class ControlPlane:
    """A context manager: inside it the service answers at ``url``; at its end whatever hangs is cut off."""

    def __init__(self) -> None:
        self.plane = Plane()
        self.deployments = Deployments()
        self.service = Service(self.plane, self.deployments)
        self.url = ""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="control-plane", daemon=True)

    @property
    def environment(self) -> dict[str, str]:
        """What leads Modal's client here."""
        id, secret = TOKEN
        return {"MODAL_SERVER_URL": self.url, "MODAL_TOKEN_ID": id, "MODAL_TOKEN_SECRET": secret}

    def __enter__(self) -> Self:
        self._thread.start()
        self.url = asyncio.run_coroutine_threadsafe(self._open(), self._loop).result(10)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _open(self) -> str:
        # With the protocol named, asyncio switches the delay off that small packets have.
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listener.bind(("127.0.0.1", 0))
        self._server = Server([self.service], status_details_codec=custom_detail_codec)
        await self._server.start(sock=listener)
        return f"http://127.0.0.1:{listener.getsockname()[1]}"

    async def _close(self) -> None:
        self._server.close()  # and whatever it has not answered
        await self._server.wait_closed()
        await asyncio.sleep(0)  # the sockets are closed in the next turn of the loop
