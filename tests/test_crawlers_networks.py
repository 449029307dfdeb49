"""Where a crawl may go: public addresses, whatever a name, a number or a second answer pretends."""

import socket
from collections.abc import Callable, Iterator
from ipaddress import ip_address
from typing import Any

import pytest
from twisted.internet._resolver import GAIResolver
from twisted.internet.address import HostnameAddress
from twisted.internet.endpoints import HostnameEndpoint
from twisted.internet.interfaces import IReactorPluggableNameResolver
from twisted.internet.protocol import Factory
from twisted.internet.testing import MemoryReactorClock
from zope.interface import directlyProvides, providedBy

from crawlers.networks import forbidden, literal, networks, private
from crawlers.resolver import Resolver

PUBLIC = ("185.60.216.35", "2a00:1450:4007:80e::200e")


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.31.255.255",
        "192.168.1.1",
        "100.64.0.1",
        "100.100.100.200",
        "169.254.169.254",
        "168.63.129.16",
        "192.0.0.192",
        "0.0.0.0",
        "198.18.0.1",
        "203.0.113.7",
        "224.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::127.0.0.1",
        "::ffff:127.0.0.1",
        "::ffff:0:127.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b:1::7f00:1",
        "2002:7f00:1::",
        "2001:0:4136:e378::1",
        "2001:db8::1",
        "3fff::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fec0::1",
        "ff02::1",
        "4000::1",
    ],
)
def test_an_address_outside_the_public_internet_is_forbidden(address: str) -> None:
    assert forbidden(ip_address(address))


@pytest.mark.parametrize("address", [*PUBLIC, "8.8.8.8", "172.32.0.1", "2606:4700::1111"])
def test_a_public_address_is_not(address: str) -> None:
    assert forbidden(ip_address(address)) == ""


def test_every_network_says_what_it_is_and_the_list_is_not_empty() -> None:
    assert len(networks()) > 40
    assert all(what for _, what in networks())


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.0.0.1.",
        "127.1",
        "2130706433",
        "0x7f.1",
        "0x7f000001",
        "0177.0.0.1",
        "[::ffff:127.0.0.1]",
        "[::1]",
        "[fe80::1%25eth0]",
        "[64:ff9b::7f00:1]",
        "１２７.0.0.1",
        "127。0。0。1",
    ],
)
def test_an_address_is_known_in_whatever_form_it_is_written(host: str) -> None:
    assert private(host)


@pytest.mark.parametrize("host", ["achats.exemple.test", "beef.cafe", "1.test", "0x7f.test", ""])
def test_a_name_is_no_address(host: str) -> None:
    assert literal(host) is None


class Reactor(MemoryReactorClock):
    """Twisted's reactor without a network: it remembers what it was asked to connect to."""

    nameResolver: Any = None  # noqa: N815 - Twisted's name

    def installNameResolver(self, resolver: Any) -> None:  # noqa: N802
        self.nameResolver = resolver

    def getThreadPool(self) -> "Reactor":  # noqa: N802
        return self

    def callInThreadWithCallback(  # noqa: N802
        self, done: Callable[..., None], call: Callable[..., Any], *args: Any, **named: Any
    ) -> None:
        done(True, call(*args, **named))

    def callFromThread(self, call: Callable[..., Any], *args: Any) -> None:  # noqa: N802
        call(*args)


class World:
    """A name, what it resolves to at each asking, and a reactor on which our resolver is."""

    def __init__(self, *answers: tuple[str, ...], replica: str = "") -> None:
        self.answers, self.asked = iter(answers), 0
        self.reactor = Reactor()
        directlyProvides(self.reactor, IReactorPluggableNameResolver, providedBy(self.reactor))
        gai = GAIResolver(self.reactor, self.reactor.getThreadPool, self._resolve)
        self.resolver = Resolver(self.reactor, gai, replica)
        self.resolver.install_on_reactor()

    def _resolve(self, host: str, port: int, *_: Any) -> Iterator[Any]:
        self.asked += 1
        for address in next(self.answers):
            six = ":" in address
            family = socket.AF_INET6 if six else socket.AF_INET
            place = (address, port, 0, 0) if six else (address, port)
            yield family, socket.SOCK_STREAM, 6, "", place

    def connect(self, host: str = "achats.exemple.test", port: int = 443) -> list[str]:
        """The addresses to which Twisted goes when asked to connect to a host."""
        failures: list[Any] = []
        endpoint = HostnameEndpoint(self.reactor, host, port)
        before = len(self.reactor.tcpClients)
        endpoint.connect(Factory()).addErrback(failures.append)
        self.reactor.advance(1)
        return [client[0] for client in self.reactor.tcpClients[before:]]


def test_a_name_is_connected_to_where_its_public_address_says() -> None:
    world = World(PUBLIC)
    assert world.connect() == list(PUBLIC)
    assert world.resolver.refused == {}


def test_one_forbidden_address_among_good_ones_refuses_the_name() -> None:
    for bad in ("10.0.0.1", "::ffff:10.0.0.1", "64:ff9b::a00:1"):
        world = World((PUBLIC[0], bad, PUBLIC[1]))
        assert world.connect() == []
        assert bad.removeprefix("::ffff:") in world.resolver.refused["achats.exemple.test"]


def test_a_name_that_answers_public_first_and_private_after_gains_nothing() -> None:
    """DNS rebinding: what is connected to is the address that was looked at, asked for once."""
    world = World((PUBLIC[0],), ("127.0.0.1",), (PUBLIC[0],))
    assert (world.connect(), world.asked) == ([PUBLIC[0]], 1)
    assert (world.connect(), world.asked) == ([], 2)
    assert world.resolver.refused == {"achats.exemple.test": "127.0.0.1: loopback"}
    assert world.connect() == [PUBLIC[0]]
    assert world.resolver.refused == {}


def test_the_only_private_place_is_the_replica_s_own() -> None:
    replica = "http://127.0.0.1:8099"
    loopback = ("127.0.0.1",)
    assert World(loopback, replica=replica).connect("127.0.0.1", 8099) == ["127.0.0.1"]
    assert World(loopback, replica=replica).connect("127.0.0.1", 9200) == []
    assert World(loopback, replica=replica).connect("localhost", 8099) == []
    assert World(loopback).connect("127.0.0.1", 8099) == []


def test_what_is_no_address_of_the_internet_is_refused() -> None:
    assert World().resolver.why_not(HostnameAddress(b"x.test", 80))
