"""Whose request it is, as far as addresses tell. Pure."""

from ipaddress import IPv6Address, IPv6Network, ip_address

UNKNOWN = "unknown"
SITE_BITS = 64
"""A customer gets at least so much of IPv6: whoever has one address of it has them all."""


def client_address(peer: str | None, forwarded_for: str, *, hops: int) -> str:
    """
    The address that ``hops`` proxies of ours saw, from the end of ``X-Forwarded-For``.

    Each proxy appends whom it was called by; what stands before that, the client may have written. With no
    proxy of ours, or when fewer than those have written, the ``peer`` of the connection is the client.
    """
    seen = [part.strip() for part in forwarded_for.split(",") if part.strip()]
    return _site(seen[-hops] if 0 < hops <= len(seen) else peer or UNKNOWN)


def _site(text: str) -> str:
    try:
        found = ip_address(text)
    except ValueError:
        return UNKNOWN
    if isinstance(found, IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(IPv6Network((found.packed, SITE_BITS), strict=False))
    return str(found)
