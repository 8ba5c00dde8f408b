"""``Client`` and ``AsyncClient``: a server, and all that can be asked of it."""

from collections.abc import Mapping
from os import PathLike
from typing import Any, Generic, Self, TypeVar
from uuid import uuid4

import httpx

from omtx.address import Address, find
from omtx.binding import Speaking, awaitable, blocking
from omtx.calls import Flow, Request, keyed
from omtx.catalogue import AsyncModels, AsyncTasks, Models, Tasks
from omtx.orders import prediction
from omtx.retrying import Patience, Terms
from omtx.screens import AsyncScreen, AsyncScreens, S, Screen, Screens, ScreensState
from omtx.session import Session
from omtx.wires import AsyncWire, Wire

T = TypeVar("T")

PREDICT = "/api/v2/predict"


class ClientState(Speaking, Generic[S]):
    """Knows the screens that a prediction becomes one of."""

    screens: ScreensState[S]

    @property
    def address(self) -> Address:
        """The server that is spoken to."""
        return self.session.wire.address

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.session.url!r})"


def predict(
    client: ClientState[S],
    /,
    task: str,
    input: Mapping[str, Any],
    *,
    model: str | None = None,
    name: str | None = None,
    parameters: Mapping[str, Any] | None = None,
    seed: int | None = None,
    use_msa: bool | None = None,
    max_cost_usd: float | None = None,
    webhook_url: str | None = None,
    webhook_secret: str | None = None,
    idempotency_key: str | None = None,
) -> Flow[S]:
    """
    Predict by task: ``input`` fills in its fields, which ``client.tasks.get(task)`` lists.

    Without a ``model``, the one that the task prefers and that runs there. It becomes a screen like any
    other, and is made once, as ``screens.create`` says.
    """
    settings = {
        "model_id": model,
        "job_name": name,
        "parameters": parameters,
        "seed": seed,
        "use_msa": use_msa,
        "webhook_url": webhook_url,
        "webhook_secret": webhook_secret,
    }
    body = prediction(task, input, max_cost_usd=max_cost_usd, **settings)
    key = uuid4().hex if idempotency_key is None else idempotency_key
    return client.screens.made((yield from client.session.ask(keyed(PREDICT, body, key))))


def ask(client: Speaking, /, request: Request) -> Flow[Any]:
    """The document that any request is answered with: for what has no method here."""
    return client.session.ask(request)


class Client(ClientState[Screen]):
    """
    A server of the platform.

    Server and key are those given, else of ``OMTX_URL``, ``OMTX_API_KEY`` and ``OMTX_KEY_FILE``, else the
    server on this machine. ``transport``: how httpx reaches it, where it is no address of the network.
    """

    def __init__(
        self,
        url: str | None = None,
        *,
        api_key: str | None = None,
        key_file: str | PathLike[str] | None = None,
        patience: Patience | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._wire = Wire(find(url, api_key, key_file), transport)
        super().__init__(Session(self._wire, Terms(patience or Patience())))
        self.screens: Screens = Screens(self.session, Screen)
        self.models, self.tasks = Models(self.session), Tasks(self.session)

    def run(self, flow: Flow[T]) -> T:
        """Carry out a flow of this package: what its methods are made of."""
        return self._wire.run(flow)

    predict = blocking(predict)
    ask = blocking(ask)

    def close(self) -> None:
        """Close the connections."""
        self._wire.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


class AsyncClient(ClientState[AsyncScreen]):
    """The same for asyncio: what asks the server is awaited, or iterated over with ``async for``."""

    def __init__(
        self,
        url: str | None = None,
        *,
        api_key: str | None = None,
        key_file: str | PathLike[str] | None = None,
        patience: Patience | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._wire = AsyncWire(find(url, api_key, key_file), transport)
        super().__init__(Session(self._wire, Terms(patience or Patience())))
        self.screens: AsyncScreens = AsyncScreens(self.session, AsyncScreen)
        self.models, self.tasks = AsyncModels(self.session), AsyncTasks(self.session)

    async def run(self, flow: Flow[T]) -> T:
        """Carry out a flow of this package: what its methods are made of."""
        return await self._wire.run(flow)

    predict = awaitable(predict)
    ask = awaitable(ask)

    async def close(self) -> None:
        """Close the connections."""
        await self._wire.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.close()
