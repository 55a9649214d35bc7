import httpcore
import pytest

from shopsync_runtime.public_addresses import (
    AllowedAddresses,
    NameUnknown,
    PrivateAddress,
    ResolvedNetwork,
    is_public,
    may_be_public,
)

STREAM = httpcore.AsyncNetworkStream()


class Wire(httpcore.AsyncNetworkBackend):
    """Keeps the addresses it connected to; those in `dead` do not answer."""

    def __init__(self, dead=()):
        self.connected = []
        self._dead = dead

    async def connect_tcp(self, host, port, timeout=None, local_address=None, socket_options=None):  # noqa: ASYNC109
        self.connected.append((host, port))
        if host in self._dead:
            raise httpcore.ConnectError("refused")
        return STREAM


def names(*answers):
    """A DNS with another answer each time."""
    left = list(answers)

    async def look_up(host, port):
        return left.pop(0)

    return look_up


PRIVATE = {
    "loopback": "127.0.0.1 127.8.8.8 ::1",
    "private networks": "10.1.2.3 192.168.0.1 172.16.9.9 172.31.255.255 fc00::1 fec0::1",
    "no host": "0.0.0.0 255.255.255.255 ::",
    "link-local": "fe80::1 fe80::1%eth0",
    "cloud metadata": "169.254.169.254 100.100.100.200 192.0.0.192 168.63.129.16 fd00:ec2::254",
    "shared by carriers": "100.64.0.1",
    "multicast and reserved": "224.0.0.1 240.0.0.1 ff02::1",
    "benchmarks and documentation": "198.18.0.1 192.0.2.1 2001:db8::1",
    "IPv4-mapped": "::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:a9fe:a9fe",
    "IPv4-compatible, deprecated": "::7f00:1",
    "NAT64": "64:ff9b::7f00:1 64:ff9b::a9fe:a9fe 64:ff9b:1::a00:1",
    "6to4 and Teredo": "2002:7f00:1:: 2002:808:808:: 2001:0:0:1::",
}


@pytest.mark.parametrize("ip", [ip for addresses in PRIVATE.values() for ip in addresses.split()])
def test_private_addresses_are_not_public(ip):
    assert not is_public(ip)


@pytest.mark.parametrize(
    "ip", ["8.8.8.8", "203.104.130.1", "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]
)
def test_public_addresses_are(ip):
    assert is_public(ip)


@pytest.mark.parametrize("host", [ip.partition("%")[0] for addresses in PRIVATE.values() for ip in addresses.split()])
def test_a_private_address_as_a_host_is_known_without_a_look_up(host):
    assert not may_be_public(host)


@pytest.mark.parametrize(
    "host",
    [
        *("localhost", "LOCALHOST.", "a.localhost", "printer.local", "metadata.google.internal", "nas", "router.lan"),
        *("127.1", "0x7f000001", "2130706433", "0177.0.0.1", "10.1", "169.254.169.254.", "[::1]", ""),
    ],
)
def test_names_that_the_internet_does_not_know_and_odd_ways_to_write_an_address(host):
    assert not may_be_public(host)


@pytest.mark.parametrize(
    "host", ["shop.example", "xn--wgv71a119e.jp", "8.8.8.8", "2606:4700:4700::1111", "internal.example", "134744072"]
)
def test_hosts_that_may_be_public(host):
    assert may_be_public(host)


async def test_each_lookup_is_checked():
    """DNS rebinding: the answer that is checked is the one that is connected to, and the next one is checked too."""
    allowed = AllowedAddresses(allow_private=False, lookup=names(["203.104.130.1"], ["127.0.0.1"]))
    assert await allowed("shop.example", 443) == ["203.104.130.1"]
    with pytest.raises(PrivateAddress, match=r"shop.example: .* private addresses \(127.0.0.1\)"):
        await allowed("shop.example", 443)


async def test_only_the_checked_answer_is_connected_to():
    """The second answer would be private, but a connection has one lookup."""
    wire = Wire()
    allowed = AllowedAddresses(allow_private=False, lookup=names(["203.104.130.1"], ["127.0.0.1"]))
    network = ResolvedNetwork(allowed, network=wire)
    assert await network.connect_tcp("shop.example", 443) is STREAM
    assert wire.connected == [("203.104.130.1", 443)]
    with pytest.raises(PrivateAddress):
        await network.connect_tcp("shop.example", 443)
    assert len(wire.connected) == 1


async def test_the_next_address_is_tried_when_one_is_dead():
    wire = Wire(dead={"203.104.130.1"})
    network = ResolvedNetwork(names(["203.104.130.1", "203.104.130.2"]), network=wire)
    assert await network.connect_tcp("shop.example", 80) is STREAM
    assert [ip for ip, _ in wire.connected] == ["203.104.130.1", "203.104.130.2"]
    with pytest.raises(httpcore.ConnectError):
        await ResolvedNetwork(names(["203.104.130.1"]), network=wire).connect_tcp("shop.example", 80)


@pytest.mark.parametrize("answer", [["203.104.130.1", "10.0.0.1"], ["::1", "203.104.130.1"]])
async def test_one_private_address_among_public_ones_is_refused(answer):
    with pytest.raises(PrivateAddress):
        await AllowedAddresses(allow_private=False, lookup=names(answer))("h", 80)


async def test_private_ones_are_taken_when_allowed():
    assert await AllowedAddresses(allow_private=True, lookup=names(["127.0.0.1"]))("h", 80) == ["127.0.0.1"]


async def test_ipv4_goes_first():
    answer = ["2606:4700::1", "203.104.130.1", "203.104.130.2"]
    found = await AllowedAddresses(allow_private=False, lookup=names(answer))("h", 80)
    assert found == ["203.104.130.1", "203.104.130.2", "2606:4700::1"]


async def test_a_name_without_an_address_may_have_one_later():
    async def unknown(host, port):
        raise OSError("no such name")

    for lookup in (unknown, names([])):
        with pytest.raises(NameUnknown, match="the name"):
            await AllowedAddresses(allow_private=False, lookup=lookup)("shop.example", 80)


@pytest.mark.parametrize("host", ["localhost", "2130706433", "0x7f.1", "127.1", "[::1]".strip("[]")])
async def test_other_spellings_of_this_machine_are_refused(host):
    with pytest.raises((PrivateAddress, NameUnknown)):
        await AllowedAddresses(allow_private=False)(host, 80)
