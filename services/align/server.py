"""
The client of an MSA server that speaks ColabFold's interface to MMseqs2: a ticket, its state, its archive.

Only states and numbers of what a server says are passed on, never its words.
"""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal, get_args

import httpx

from shared.errors import PermanentError, TransientError
from shared.ports.world import Secrets
from shared.settings import Settings

State = Literal["UNKNOWN", "PENDING", "RUNNING", "COMPLETE", "ERROR", "RATELIMIT", "MAINTENANCE"]
QUERY = 101
"""What the interface calls the first query."""

ANSWER_SECONDS, ARCHIVE_SECONDS = 30.0, 100.0
MOST_ANSWER_BYTES, MOST_ARCHIVE_BYTES = 64 * 1024, 64 * 1024 * 1024
LATER = frozenset({408, 425, 429, 500, 502, 503, 504})


class Later(TransientError):
    """The server wants to be asked another time."""


class Refused(PermanentError):
    """The server will not search this; ``answered``: with which HTTP status, if that says so."""

    def __init__(self, message: str, *, answered: int | None = None) -> None:
        super().__init__(message)
        self.answered = answered


@dataclass(frozen=True)
class Ticket:
    """How it stands with a search; the server's name of it, where it has one."""

    id: str | None
    state: State


class MsaServer:
    """One server, through a client that knows its address and whatever opens it."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    def submit(self, sequence: str, mode: str) -> Ticket:
        """Ask for a search; asked again for the same, a server gives the same ticket."""
        query = f">{QUERY}\n{sequence}\n"
        return _ticket(self._ask("POST", "ticket/msa", data={"q": query, "mode": mode}))

    def poll(self, ticket: str) -> Ticket:
        """How it stands."""
        return Ticket(ticket, _ticket(self._ask("GET", f"ticket/{ticket}")).state)

    def download(self, ticket: str) -> bytes:
        """The archive of a search that is complete."""
        return self._ask("GET", f"result/download/{ticket}", most=MOST_ARCHIVE_BYTES, seconds=ARCHIVE_SECONDS)

    def _ask(
        self,
        method: str,
        path: str,
        *,
        most: int = MOST_ANSWER_BYTES,
        seconds: float = ANSWER_SECONDS,
        **sent: Any,
    ) -> bytes:
        try:
            with self._client.stream(method, path, **sent) as response:
                if response.status_code in LATER:
                    raise Later(f"it answered {response.status_code}")
                if response.status_code != 200:
                    status = response.status_code
                    raise Refused(f"the server answered {status}", answered=status)
                return _bounded(response.iter_bytes(), most, time.monotonic() + seconds)
        except (httpx.TransportError, httpx.DecodingError) as error:
            raise Later(f"it gave no answer: {type(error).__name__}") from error


def _bounded(pieces: Iterator[bytes], most: int, until: float) -> bytes:
    found = bytearray()
    for piece in pieces:
        found += piece
        if len(found) > most:
            raise Refused(f"the server's answer is larger than {most:,} bytes")
        if time.monotonic() > until:
            raise Later("it answered too slowly")
    return bytes(found)


def _ticket(answer: bytes) -> Ticket:
    try:
        said = json.loads(answer)
        id, state = said.get("id"), said.get("status")
    except (ValueError, AttributeError) as error:
        raise Later("its answer could not be read") from error
    if state not in get_args(State):
        raise Later("its answer has no known status")
    is_id = isinstance(id, str) and 0 < len(id) <= 200 and all(it.isalnum() or it in "-_" for it in id)
    return Ticket(id if is_id else None, state)


@contextmanager
def connection(settings: Settings, secrets: Callable[[], Secrets]) -> Iterator[MsaServer]:
    """A connection to the server of this installation, under the name that it asks its users for."""
    login = settings.msa_login.get_secret_value()
    if settings.msa_login_in == "secrets":
        login = secrets().keys("msa-login")[0].secret.decode().strip()
    header, is_header, value = login.partition("=")
    user, is_user, password = login.partition(":")
    contact = f" {settings.msa_contact}" if settings.msa_contact else ""
    headers = {"User-Agent": f"omtx-hub/0.1{contact}"}
    auth = None
    if is_user and not (is_header and len(header) < len(user)):
        auth = httpx.BasicAuth(user, password)
    elif is_header:
        headers[header] = value
    with httpx.Client(
        base_url=f"{settings.msa_server.rstrip('/')}/",
        headers=headers,
        auth=auth,
        timeout=ANSWER_SECONDS,
        trust_env=not settings.msa_insecure,
    ) as client:
        yield MsaServer(client)
