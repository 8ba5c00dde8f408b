"""Tokens of this process's own identity, for what takes one as a password, or as who calls."""

import threading
from abc import ABC, abstractmethod
from typing import Any

import google.auth
from google.auth.exceptions import GoogleAuthError
from google.auth.transport.requests import Request
from google.oauth2.id_token import fetch_id_token_credentials

from shared.errors import Unavailable

SCOPE = "https://www.googleapis.com/auth/cloud-platform"


class Tokens(ABC):
    """The identity is looked up at first use; a token is kept until shortly before it ends."""

    def __init__(self) -> None:
        self._credentials: Any = None
        self._turn = threading.Lock()

    def token(self) -> str:
        """A token that is good for some minutes at least; Unavailable if there is none to be had."""
        with self._turn:
            try:
                return self._valid()
            except GoogleAuthError as error:
                raise Unavailable(f"no token: {type(error).__name__}") from error

    def _valid(self) -> str:
        if self._credentials is None:
            self._credentials = self._found()
        if not self._credentials.valid:
            self._credentials.refresh(Request())
        token: str = self._credentials.token
        return token

    @abstractmethod
    def _found(self) -> Any:
        """The credentials of this process."""


class AccessTokens(Tokens):
    """For Google's services."""

    def _found(self) -> Any:
        credentials, _ = google.auth.default(scopes=[SCOPE])
        return credentials


class IdentityTokens(Tokens):
    """For one of our own functions, at the address that is its ``audience``."""

    def __init__(self, audience: str) -> None:
        super().__init__()
        self._audience = audience

    def _found(self) -> Any:
        return fetch_id_token_credentials(self._audience, request=Request())
