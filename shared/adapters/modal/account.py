"""Who we are at Modal, and the connection to it."""

import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

import modal
import modal.config

from shared.errors import Unavailable
from shared.events.runs import CLASS, METHOD, app_name
from shared.ports.world import Secrets
from shared.settings import Settings

PURPOSE = "modal-token"
THROTTLED_SECONDS = 10
"""How long the client waits by itself when told to come back later; it would wait for ever."""


@dataclass(frozen=True)
class Token:
    """An API token: its id, and the secret that its ``repr`` does not tell."""

    id: str
    secret: str

    def __repr__(self) -> str:
        return f"Token({self.id!r})"

    @classmethod
    def of(cls, secrets: Secrets) -> Self:
        """The token kept as ``ID:SECRET`` under the purpose ``modal-token``."""
        id, found, secret = secrets.keys(PURPOSE)[0].secret.decode().partition(":")
        if not (id and found and secret):
            raise Unavailable(f"the secret {PURPOSE} is not of the form ID:SECRET")
        return cls(id, secret)


class Account:
    """
    One client of Modal and the handles of the models it looked up, made at first use.

    A forked process makes its own, as a connection cannot be shared. Nothing here sends a request.
    """

    def __init__(
        self,
        token: Callable[[], Token],
        *,
        prefix: str,
        environment: str | None = None,
        server_url: str | None = None,
    ) -> None:
        self._token = token
        self._prefix = prefix
        self._environment = environment
        self._server_url = server_url
        self._lock = threading.Lock()
        self._made_by: int | None = None
        self._made: modal.Client | None = None
        self._runs: dict[tuple[str, str | None], Any] = {}

    @classmethod
    def of(cls, settings: Settings, secrets: Callable[[], Secrets]) -> Self:
        """The account of this installation; its token is in the environment, or else among the secrets."""
        id, secret = settings.modal_token_id, settings.modal_token_secret.get_secret_value()
        return cls(
            lambda: Token(id, secret) if id and secret else Token.of(secrets()),
            prefix=settings.prefix,
            environment=settings.modal_environment,
            server_url=settings.modal_server_url,
        )

    def client(self) -> modal.Client:
        """The client of this process."""
        with self._lock:
            return self._client()

    def run_of(self, model: str, gpu: str | None = None) -> Any:
        """
        The deployed method that runs a model; whether there is one is seen when it is used.

        On another ``gpu`` than the deployed one it has containers of its own, as many as the deployed one.
        """
        with self._lock:
            client = self._client()
            if (model, gpu) not in self._runs:
                app = app_name(self._prefix, model)
                found = modal.Cls.from_name(app, CLASS, environment_name=self._environment, client=client)
                if gpu is not None:
                    found = found.with_options(gpu=gpu)
                self._runs[model, gpu] = getattr(found(), METHOD)
            return self._runs[model, gpu]

    def look_up_again(self) -> None:
        """Look the models up anew: one may have been deployed again, under another id."""
        with self._lock:
            self._runs.clear()

    def sign_in_again(self) -> None:
        """Read the token anew, and look the models up with it."""
        with self._lock:
            self._made = None
            self._runs.clear()

    def _client(self) -> modal.Client:
        if self._made is None or self._made_by != os.getpid():
            _configure(self._server_url)
            token = self._token()
            self._made = modal.Client.from_credentials(token.id, token.secret)
            self._made_by = os.getpid()
            self._runs.clear()
        return self._made


def _configure(server_url: str | None) -> None:
    """What the client takes from its environment at the time of a request."""
    given = {"max_throttle_wait": str(THROTTLED_SECONDS), "payload_format": "cbor", "loglevel": "WARNING"}
    if server_url:
        given["server_url"] = server_url
    for name, value in given.items():
        modal.config.config.override_locally(name, value)
