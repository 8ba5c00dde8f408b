"""
Which URLs of users may be called, and which addresses: pure.

A URL that a user names is called from inside. What can be reached from there alone is refused: by what the
URL says when it is given, and by every address of its host, each time, before a connection is made.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import SplitResult, urlsplit

from shared.errors import FieldError, InvalidInput

Address = IPv4Address | IPv6Address
MOST_CHARACTERS = 2048
PORTS = (443, 4443, 8443, 9443)
_LABEL = r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?"
_NAME = re.compile(rf"({_LABEL}\.)+[a-z][a-z0-9-]{{0,61}}[a-z0-9]", re.IGNORECASE)
_PRINTABLE = re.compile(r"[\x21-\x7e]+")
OWN = ("localhost", "local", "internal", "intranet", "lan", "home", "corp", "private", "test", "arpa")
"""Last labels of names that mean something inside a network only."""

CLOSED_4 = tuple(
    map(
        IPv4Network,
        (
            "0.0.0.0/8",  # this network
            "10.0.0.0/8",
            "100.64.0.0/10",  # behind a carrier's translation
            "127.0.0.0/8",
            "168.63.129.16/32",  # inside of one cloud
            "169.254.0.0/16",  # link-local, where clouds keep their metadata
            "172.16.0.0/12",
            "192.0.0.0/24",
            "192.0.2.0/24",
            "192.88.99.0/24",
            "192.168.0.0/16",
            "198.18.0.0/15",
            "198.51.100.0/24",
            "203.0.113.0/24",
            "224.0.0.0/4",
            "240.0.0.0/4",
        ),
    )
)
OPEN_6 = IPv6Network("2000::/3")
"""All global unicast of today: mapped, translated, unique-local and link-local ones lie elsewhere."""
CLOSED_6 = tuple(
    map(
        IPv6Network,
        (
            "2001::/23",  # Teredo, which holds an IPv4 address, and other protocols
            "2001:db8::/32",
            "2002::/16",  # 6to4, which holds an IPv4 address
            "3fff::/20",
        ),
    )
)


@dataclass(frozen=True)
class Target:
    """A URL that may be called, as far as it says itself."""

    url: str
    scheme: str
    host: str
    port: int


def target(url: str, *, loopback: bool = False) -> Target:
    """
    Where a URL leads; with ``loopback`` it may be on this machine, at any port, and without TLS.

    Raises:
        InvalidInput: such a URL is never called; the message says why.
    """
    try:
        if len(url) > MOST_CHARACTERS or not _PRINTABLE.fullmatch(url) or "\\" in url:
            raise ValueError(f"it has to be a URL of at most {MOST_CHARACTERS} printable ASCII characters")
        return _target(url, urlsplit(url), loopback)
    except ValueError as error:
        raise InvalidInput(f"url: {error}", [FieldError("url", str(error))]) from error


def _target(url: str, parts: SplitResult, loopback: bool) -> Target:
    host, here = (parts.hostname or "").lower(), loopback and _is_here(parts.hostname or "")
    if parts.scheme != "https" and not (here and parts.scheme == "http"):
        raise ValueError("it has to begin with https://")
    if "@" in parts.netloc or parts.fragment or url.endswith("#"):
        raise ValueError("it may hold neither a user nor a fragment")
    port = parts.port if parts.port is not None else (443 if parts.scheme == "https" else 80)
    if not here and port not in PORTS:
        raise ValueError(f"its port has to be one of {', '.join(map(str, PORTS))}")
    if not here:
        _check_host(host, bracketed="[" in parts.netloc)
    return Target(url=url, scheme=parts.scheme, host=host, port=port)


def _is_here(host: str) -> bool:
    address = _literal(host)
    return host == "localhost" or (address is not None and address.is_loopback)


def _check_host(host: str, *, bracketed: bool) -> None:
    address = _literal(host)
    if address is not None:
        if not is_public(address):
            raise ValueError(f"{host} is not a public address")
    elif bracketed or len(host) > 253 or not _NAME.fullmatch(host):
        raise ValueError("its host has to be a full name, as in hooks.example.org")
    elif host.rpartition(".")[2] in OWN:
        raise ValueError(f"{host} is not a public name")


def _literal(host: str) -> Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def is_public(address: Address) -> bool:
    """Whether the address is of the open internet, and of nothing else."""
    if isinstance(address, IPv4Address):
        return not any(address in closed for closed in CLOSED_4)
    inside = address in OPEN_6 and not any(address in closed for closed in CLOSED_6)
    return inside and address.scope_id is None


def refusal(wanted: Target, addresses: Sequence[Address], *, loopback: bool = False) -> str | None:
    """
    Why nothing may be sent there, if nothing may: one closed address among several closes them all.

    The reason does not name the address: who asks may not know the network that it is in.
    """
    if not addresses:
        return f"{wanted.host} has no address"
    if loopback and all(address.is_loopback for address in addresses):
        return None
    if wanted.scheme != "https":
        return f"{wanted.host} is not this machine, so it has to be https"
    if not all(is_public(address) for address in addresses):
        return f"{wanted.host} has an address that is not public"
    return None
