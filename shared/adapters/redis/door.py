"""How one gets in at Redis: whom one believes to be the server, and what one shows it."""

import ssl
from collections.abc import Callable
from typing import Any

from redis.connection import SSLConnection
from redis.credentials import CredentialProvider
from redis.exceptions import ConnectionError

from shared.errors import Unavailable


class PinnedConnection(SSLConnection):
    """
    TLS with a server for which one authority vouches, and which vouches for no other.

    The library adds an authority to those that the machine trusts, and any of them could then vouch for
    any server, where its name is not compared.
    """

    def __init__(self, *, believed: ssl.SSLContext, **rest: Any) -> None:
        self._believed = believed
        super().__init__(**rest)

    def _wrap_socket_with_ssl(self, sock: Any) -> ssl.SSLSocket:
        return self._believed.wrap_socket(sock, server_hostname=self.host)


class Login(CredentialProvider):
    """A password that is asked for at each new connection, as it does not last."""

    def __init__(self, password: Callable[[], str]) -> None:
        self._password = password

    def get_credentials(self) -> tuple[str]:
        """Redis's default user, with the password as it is now."""
        try:
            return (self._password(),)
        except Unavailable as error:
            raise ConnectionError(str(error)) from error


def ways_in(*, ca: str, password: Callable[[], str] | None) -> dict[str, Any]:
    """What the library is told besides the address; ``ca`` in PEM, or empty for those of the machine."""
    ways: dict[str, Any] = {}
    if ca:
        believed = ssl.create_default_context(cadata=ca)
        believed.check_hostname = False
        ways |= {"connection_class": PinnedConnection, "believed": believed}
    if password is not None:
        ways["credential_provider"] = Login(password)
    return ways
