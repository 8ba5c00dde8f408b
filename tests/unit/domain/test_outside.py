"""Which addresses are of the open internet, and which URLs may be called at all."""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.outside import Address, is_public, refusal, target
from shared.errors import InvalidInput

FOURS = st.ip_addresses(v=4)
CLOSED_4 = [
    "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.168.0.0/16",
    "192.0.0.0/24 198.18.0.0/15 224.0.0.0/4 240.0.0.0/4",
]
inside = st.one_of([st.ip_addresses(network=net) for row in CLOSED_4 for net in row.split()])
CLOSED_6 = "::/96 64:ff9b::/96 64:ff9b:1::/48 100::/64 fc00::/7 fe80::/10 ff00::/8 2002::/16"
inside_6 = st.one_of([st.ip_addresses(network=net) for net in CLOSED_6.split()])
anywhere = st.ip_addresses()


def holding(address: IPv4Address) -> list[IPv6Address]:
    """The IPv6 addresses that mean, or are translated to, this one."""
    n = int(address)
    return [
        IPv6Address(n),  # compatible
        IPv6Address(0xFFFF << 32 | n),  # mapped
        IPv6Address(int(IPv6Address("64:ff9b::")) | n),  # NAT64
        IPv6Address(0x2002 << 112 | n << 80),  # 6to4
        IPv6Address(int(IPv6Address("2001::")) | (n ^ 0xFFFFFFFF)),  # Teredo
    ]


@given(address=inside | inside_6)
def test_no_address_of_a_closed_network_is_public(address: Address) -> None:
    assert not is_public(address)


@given(address=FOURS)
def test_no_ipv6_address_that_stands_for_an_ipv4_one_is_public(address: IPv4Address) -> None:
    assert not any(map(is_public, holding(address)))


@given(address=anywhere)
def test_what_the_registries_do_not_call_global_is_not_public(address: Address) -> None:
    assert address.is_global or not is_public(address)
    assert not (is_public(address) and (address.is_multicast or address.is_reserved))


INSIDE = """
    0.0.0.0 169.254.169.254 127.0.0.1 100.100.100.200 168.63.129.16 255.255.255.255 :: ::1
    ::ffff:169.254.169.254 fd00:ec2::254 fe80::1%eth0 2606:4700::1%1 4000::1
"""


@pytest.mark.parametrize("address", INSIDE.split())
def test_these_are_inside(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("address", ["1.1.1.1", "8.8.8.8", "172.32.0.1", "2606:4700::1111", "2a00:1450::1"])
def test_these_are_outside(address: str) -> None:
    assert is_public(ip_address(address))


@given(address=inside, more=st.lists(anywhere, max_size=3), loopback=st.booleans())
def test_one_closed_address_among_others_closes_a_host(
    address: Address, more: list[Address], loopback: bool
) -> None:
    wanted = target("https://hooks.example.org/")
    addresses = [*more, address]
    allowed = loopback and all(it.is_loopback for it in addresses)
    said = refusal(wanted, addresses, loopback=loopback)
    assert (said is None) == allowed
    assert said is None or str(address) not in said


def test_a_host_without_an_address_is_refused() -> None:
    assert refusal(target("https://hooks.example.org/"), []) is not None


def test_without_tls_only_this_machine_is_spoken_to() -> None:
    wanted = target("http://localhost:8080/", loopback=True)
    assert refusal(wanted, [ip_address("127.0.0.1")], loopback=True) is None
    assert refusal(wanted, [ip_address("1.1.1.1")], loopback=True) is not None


@given(address=anywhere)
def test_a_url_that_names_an_address_is_taken_only_if_that_is_public(address: Address) -> None:
    host = f"[{address}]" if isinstance(address, IPv6Address) else str(address)
    if is_public(address):
        assert target(f"https://{host}/x").host == str(address)
    else:
        with pytest.raises(InvalidInput):
            target(f"https://{host}/x")


@given(url=st.text(max_size=60) | st.builds("https://{}".format, st.text(max_size=40)))
def test_any_text_is_a_target_or_is_refused_by_name(url: str) -> None:
    refused = list[str]()
    try:
        found = target(url)
    except InvalidInput as error:
        refused = [it.path for it in error.errors]
    else:
        assert found.scheme == "https"
        assert "@" not in url.split("/")[2]
    assert refused in ([], ["url"])


@pytest.mark.parametrize(
    "url", ["https://hooks.example.org", "https://a.b-c.example.org:8443/x?y=1", "HTTPS://Hooks.Example.Org/"]
)
def test_a_full_name_is_a_target(url: str) -> None:
    assert target(url).host.endswith("example.org")


def test_networks_that_are_closed_are_whole() -> None:
    for row in CLOSED_4:
        for net in map(IPv4Network, row.split()):
            assert not is_public(net[0])
            assert not is_public(net[-1])
    for six in map(IPv6Network, ("fc00::/7", "fe80::/10", "2001:db8::/32")):
        assert not is_public(six[0])
        assert not is_public(six[-1])
