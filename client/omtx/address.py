"""Which server is spoken to, and the key that is shown to it, and to nobody else."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from omtx.errors import Unusable

DEFAULT_URL = "http://127.0.0.1:8765"
OBJECTS = "/objects/"
HERE = ("127.0.0.1", "localhost", "::1")
PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Address:
    """A server and the key for it; neither ``repr`` nor ``str`` show the key."""

    url: str
    key: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        try:
            parts = urlsplit(self.url)
            usable = parts.scheme in PORTS and bool(parts.hostname) and parts.username is None
            usable = usable and parts.port != 0
        except ValueError:
            usable = False
        if not usable:
            raise Unusable(f"{self.url} is no usable address; write one as https://omtx.example.org")
        if self.key is not None and not (self.key.isascii() and self.key.isprintable() and self.key.strip()):
            raise Unusable("the API key has characters that no key has")

    @property
    def is_here(self) -> bool:
        """Whether the server is on this machine: it is reached directly, whatever proxy there is."""
        return urlsplit(self.url).hostname in HERE

    def absolute(self, path: str) -> str:
        """
        The URL of a request.

        An upload to an embedded server has its server's own idea of its address; it is sent where the
        server was found.
        """
        if not path.startswith(("http://", "https://")):
            return self.url.rstrip("/") + path
        parts = urlsplit(path)
        if parts.hostname in HERE and parts.path.startswith(OBJECTS):
            return self.url.rstrip("/") + path.partition(parts.netloc)[2]
        return path

    def headers(self, url: str) -> dict[str, str]:
        """What goes with a request: the key, if it goes to this server. Signed URLs need none."""
        if self.key is None or _origin(urlsplit(url)) != _origin(urlsplit(self.url)):
            return {}
        return {"Authorization": f"Bearer {self.key}"}


def find(
    url: str | None,
    key: str | None,
    key_file: str | os.PathLike[str] | None,
    environment: Mapping[str, str] = os.environ,
) -> Address:
    """
    The server and its key: as given, else of ``OMTX_URL``, ``OMTX_API_KEY`` and ``OMTX_KEY_FILE``.

    What is given wins over the environment, a key file over a key.
    """
    where = url or environment.get("OMTX_URL") or DEFAULT_URL
    if key is None and key_file is None:
        key, key_file = environment.get("OMTX_API_KEY"), environment.get("OMTX_KEY_FILE")
    return Address(where, _read(Path(key_file)) if key_file else key or None)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise Unusable(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise Unusable(f"{path} holds no API key") from error


def _origin(parts: SplitResult) -> tuple[str, str | None, int | None]:
    return parts.scheme, parts.hostname, parts.port or PORTS.get(parts.scheme)
