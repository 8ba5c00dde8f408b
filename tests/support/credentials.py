"""Who a process at Google is, without Google."""

from google.auth.credentials import Credentials
from google.auth.exceptions import RefreshError


class Identity(Credentials):
    """An identity of a machine at Google; each of its tokens is good until it is told otherwise."""

    def __init__(self, *tokens: str) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._tokens = list(tokens)

    def refresh(self, request: object) -> None:
        """The next token; RefreshError where there is none."""
        if not self._tokens:
            raise RefreshError("metadata server")
        self.token = self._tokens.pop(0)
