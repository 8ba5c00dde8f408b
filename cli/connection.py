"""Speaking to the functions: to a server that runs, or to the same functions in this process."""

import json
import logging
import time
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any, BinaryIO

import httpx
from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from cli.errors import CommandError, Refused, from_problem
from shared import wiring
from shared.settings import settings

CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 120.0
STARTING_SECONDS = 10.0
OBJECTS = "/objects/"


class Remote(BaseSettings):
    """
    ``OMTX_URL``: the server to speak to, where it is not the one of this home.

    ``OMTX_API_KEY``, or a file that holds it: a key is no argument, which other users of the machine see.
    """

    model_config = SettingsConfigDict(env_prefix="OMTX_", frozen=True)

    url: str | None = None
    api_key: SecretStr | None = None
    key_file: Path | None = None

    def key(self) -> str | None:
        """The key to show; Refused if its file cannot be read."""
        if self.key_file is None:
            return self.api_key.get_secret_value() if self.api_key else None
        try:
            return self.key_file.read_text().strip()
        except OSError as error:
            raise Refused(f"{self.key_file} cannot be read: {error.strerror}") from error


class Shown(httpx.Auth):
    """Shows a key to the server it is for, and to no other: uploads go elsewhere by signed URLs."""

    def __init__(self, server: str, key: str) -> None:
        self._server, self._key = httpx.URL(server), key

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """See ``httpx.Auth``."""
        own, there = self._server, request.url
        if (there.scheme, there.host, there.port) == (own.scheme, own.host, own.port):
            request.headers["Authorization"] = f"Bearer {self._key}"
        yield request


class Connection:
    """Requests and answers as JSON; a problem document becomes a CommandError."""

    def __init__(self, client: httpx.Client, *, has_server: bool) -> None:
        self._client = client
        self.has_server = has_server

    def get(self, path: str, **params: Any) -> Any:
        """The document at ``path``."""
        return self._send("GET", path, params=_given(params)).json()

    def post(
        self,
        path: str,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        timeout: float = ANSWER_SECONDS,
        **params: Any,
    ) -> Any:
        """The answer to a posted document."""
        request = {"params": _given(params), "json": body, "headers": headers, "timeout": timeout}
        return self._send("POST", path, **request).json()

    def put(self, url: str, content: BinaryIO, *, timeout: float) -> None:
        """Upload to a signed URL; one of the embedded server is reached as its functions are."""
        target = httpx.URL(url)
        is_embedded = target.host == "127.0.0.1" and target.path.startswith(OBJECTS)
        own = target.raw_path.decode() if is_embedded else url
        self._send("PUT", own, content=content, timeout=timeout)

    def delete(self, path: str) -> Any:
        """The answer to a deletion."""
        return self._send("DELETE", path).json()

    @contextmanager
    def pieces(self, path: str, **params: Any) -> Iterator[Iterator[bytes]]:
        """A file in pieces, as they come; one that is cut short raises."""
        with self._streamed(path, params) as response:
            yield response.iter_bytes()

    @contextmanager
    def lines(self, path: str, **params: Any) -> Iterator[Iterator[str]]:
        """A text document line by line, without their ends."""
        with self._streamed(path, params) as response:
            yield response.iter_lines()

    @contextmanager
    def _streamed(self, path: str, params: Mapping[str, Any]) -> Iterator[httpx.Response]:
        with _explained(self._client), self._client.stream("GET", path, params=_given(params)) as response:
            if response.is_error:
                response.read()
                raise _refusal(response)
            yield response

    def _send(self, method: str, path: str, **request: Any) -> httpx.Response:
        with _explained(self._client):
            response = self._client.request(method, path, **request)
        if response.is_error:
            raise _refusal(response)
        return response


@contextmanager
def connected() -> Iterator[Connection]:
    """The server of this home or of ``OMTX_URL``; where none runs, the functions in this process."""
    url = Remote().url or running(settings().home)
    # The functions in this process open the state by themselves: whoever may do that needs no key.
    key = Remote().key() if url else wiring.access().lend()
    with nullcontext(url) if url else _in_process() as address, _client(address, key) as client:
        yield Connection(client, has_server=url is not None)


@contextmanager
def hosted() -> Iterator[Connection]:
    """The server of this home or of ``OMTX_URL``; where none runs, one that this process runs meanwhile."""
    from local.home import HomeInUse
    from local.runner import Runner

    until = time.monotonic() + STARTING_SECONDS
    while not (url := Remote().url or running(settings().home)):
        try:
            log_to_file()
            with Runner(settings().home, port=0, workers=settings().workers) as runner:
                with _client(runner.url, wiring.access().lend()) as client:
                    yield Connection(client, has_server=True)
                return
        except HomeInUse as error:  # its runner starts or stops at this moment
            if time.monotonic() > until:
                raise CommandError(str(error)) from error
            time.sleep(0.2)
    with _client(url, Remote().key()) as client:
        yield Connection(client, has_server=True)


def running(home: Path) -> str | None:
    """Where the server of this home is reached; None if none answers there."""
    try:
        url = str(json.loads((home / "runner.json").read_text())["url"])
    except (OSError, ValueError, KeyError):
        return None
    try:
        with _client(url) as client:
            client.get("/health")
    except httpx.ConnectError:  # a crash left the note behind
        return None
    except httpx.HTTPError:
        return url
    return url


def log_to_file() -> None:
    """What this process logs goes to ``logs/cli.log`` of the home, not to the user's terminal."""
    folder = settings().home / "logs"
    folder.mkdir(parents=True, exist_ok=True)
    logging.basicConfig(
        filename=folder / "cli.log",
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
        level=logging.WARNING,
        force=True,
    )


def _client(url: str, key: str | None = None) -> httpx.Client:
    timeout = httpx.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS)
    # A server on this machine is reached directly, whatever proxy the environment names.
    is_here = httpx.URL(url).host in ("127.0.0.1", "localhost", "::1")
    return httpx.Client(
        base_url=url, timeout=timeout, trust_env=not is_here, auth=Shown(url, key) if key else None
    )


@contextmanager
def _in_process() -> Iterator[str]:
    """The address of the functions while this process serves them; nothing else of the platform runs."""
    from local.listening import WebServer
    from local.mount import mount

    log_to_file()
    server = WebServer(0)
    server.start(mount().web)
    try:
        yield server.url
    finally:
        server.stop()


def _given(params: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in params.items() if value is not None}


@contextmanager
def _explained(client: httpx.Client) -> Iterator[None]:
    try:
        yield
    except httpx.InvalidURL as error:
        raise CommandError(f"{client.base_url} is no usable address: {error}") from error
    except httpx.HTTPError as error:
        raise CommandError(f"no answer from {client.base_url}: {error}") from error


def _refusal(response: httpx.Response) -> CommandError:
    try:
        document = response.json()
    except ValueError:
        document = None
    return from_problem(response.status_code, document)
