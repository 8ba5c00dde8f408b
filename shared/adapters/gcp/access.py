"""Access tokens of this process's own identity, for what takes one as a password."""

import threading
from typing import Any

import google.auth
from google.auth.exceptions import GoogleAuthError
from google.auth.transport.requests import Request

from shared.errors import Unavailable

SCOPE = "https://www.googleapis.com/auth/cloud-platform"


class AccessTokens:
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
                raise Unavailable(f"no access token: {type(error).__name__}") from error

    def _valid(self) -> str:
        if self._credentials is None:
            self._credentials, _ = google.auth.default(scopes=[SCOPE])
        if not self._credentials.valid:
            self._credentials.refresh(Request())
        token: str = self._credentials.token
        return token
