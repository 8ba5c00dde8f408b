"""Whose address a request counts for: nobody chooses it himself."""

import pytest

from shared.domain.addresses import UNKNOWN, client_address


@pytest.mark.parametrize(
    ("peer", "forwarded", "hops", "client"),
    [
        ("192.0.2.7", "", 0, "192.0.2.7"),
        ("192.0.2.7", "198.51.100.1", 0, "192.0.2.7"),  # no proxy of ours: the client wrote that
        ("10.0.0.1", "203.0.113.5", 1, "203.0.113.5"),
        ("10.0.0.1", "198.51.100.1, 203.0.113.5", 1, "203.0.113.5"),
        ("10.0.0.1", "198.51.100.1, 203.0.113.5, 10.9.9.9", 2, "203.0.113.5"),
        ("203.0.113.9", "198.51.100.1", 2, "203.0.113.9"),  # it came round the proxies
        ("10.0.0.1", "anything at all", 1, UNKNOWN),
        (None, "", 1, UNKNOWN),
        ("::ffff:192.0.2.7", "", 0, "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "", 0, "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "", 0, "2001:db8:1:2::/64"),
    ],
)
def test_an_address_is_believed_only_from_our_own_proxies(
    peer: str | None, forwarded: str, hops: int, client: str
) -> None:
    assert client_address(peer, forwarded, hops=hops) == client
