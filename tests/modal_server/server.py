"""The control plane in a thread of this process, on a free loopback port."""

import asyncio
import socket
import threading
from types import TracebackType
from typing import Self

from grpclib.protocol import H2Protocol
from grpclib.server import Server
from modal._utils.grpc_utils import custom_detail_codec

from tests.modal_server.deployments import Deployments
from tests.modal_server.plane import Plane
from tests.modal_server.service import TOKEN, Service


class _Server(Server):
    """Knows its connections: the library's own server ends requests, and lets connections stand."""

    def __init__(self, service: Service) -> None:
        super().__init__([service], status_details_codec=custom_detail_codec)
        self._protocols: list[H2Protocol] = []

    def _protocol_factory(self) -> H2Protocol:
        self._protocols.append(super()._protocol_factory())
        return self._protocols[-1]

    async def stop(self) -> None:
        """End what is being answered, then every connection."""
        self.close()
        await self.wait_closed()
        for protocol in self._protocols:
            protocol.connection.close()
        await asyncio.sleep(0)  # sockets are closed in the next turn of the loop


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
        asyncio.run_coroutine_threadsafe(self._server.stop(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _open(self) -> str:
        # With the protocol named, asyncio switches the delay off that small packets have.
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listener.bind(("127.0.0.1", 0))
        self._server = _Server(self.service)
        await self._server.start(sock=listener)
        return f"http://127.0.0.1:{listener.getsockname()[1]}"
