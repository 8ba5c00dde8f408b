"""Speaking to the functions: to a server that runs, or to the same functions in this process."""

import json
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from omtx import Client, NoAnswer, OmtxError, Patience, Request, Screen, Unusable
from omtx.calls import get, post
from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from cli.errors import CommandError, Refused, explained
from shared import wiring
from shared.settings import settings

STARTING_SECONDS = 10.0
ONCE = Patience(attempts=1)
QUICK = Patience(attempts=4, first_seconds=0.3)
"""Somebody waits at a terminal."""


class Remote(BaseSettings):
    """
    ``OMTX_URL``: the server to speak to, where it is not the one of this home.

    ``OMTX_API_KEY``, or a file that holds it: a key is no argument, which other users of the machine see.
    """

    model_config = SettingsConfigDict(env_prefix="OMTX_", frozen=True, hide_input_in_errors=True)

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


class Connection:
    """Documents, by the client; what it raises becomes a CommandError."""

    def __init__(self, client: Client, *, has_server: bool) -> None:
        self.client = client
        self.has_server = has_server

    def ask(self, request: Request) -> Any:
        """The document that a request is answered with."""
        with explained():
            return self.client.ask(request)

    def get(self, path: str, **params: Any) -> Any:
        """The document at ``path``."""
        return self.ask(get(path, **params))

    def post(self, path: str, body: Any = None, **params: Any) -> Any:
        """The answer to a posted document; what is posted counts each time."""
        return self.ask(post(path, body, **params))

    def delete(self, path: str) -> Any:
        """The answer to a deletion."""
        return self.ask(Request("DELETE", path))

    def screen(self, batch_id: str) -> Screen:
        """A batch, as the client has it."""
        return self.client.screens.get(batch_id)


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
        with Client(url, patience=ONCE) as client:
            client.ask(get("/health"))
    except NoAnswer as error:
        return url if error.sent else None  # a crash left the note behind
    except OmtxError:
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


def _client(url: str, key: str | None) -> Client:
    try:
        return Client(url, api_key=key, patience=QUICK)
    except Unusable as error:  # a setting, and not the input of the command
        raise CommandError(str(error)) from error


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
