"""Which addresses of the network a crawl may reach: those of the public Internet, nothing else.

``ipaddress.is_global`` would not do: it says yes to the NAT64 and 6to4 forms of 127.0.0.1.
"""

import csv
import re
import socket
import unicodedata
from functools import cache
from importlib.resources import files
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

# What C libraries read as an IPv4 address: "127.1", "0x7f.1", "2130706433", "0177.0.0.1".
_NUMBERS = re.compile(r"(0[xX])?[0-9a-fA-F]+(\.(0[xX])?[0-9a-fA-F]+){0,3}")


@cache
def networks() -> tuple[tuple[IPv4Network | IPv6Network, str], ...]:
    """The networks that are out of bounds, each with what it is."""
    with (files("crawlers") / "networks.csv").open(encoding="utf-8") as table:
        return tuple((ip_network(row["network"]), row["what"]) for row in csv.DictReader(table))


def forbidden(address: IPv4Address | IPv6Address) -> str:
    """What kind of place an address is when nothing is to be fetched there, "" when it may be."""
    return next((what for network, what in networks() if address in network), "")


def literal(host: str) -> IPv4Address | IPv6Address | None:
    """The address that a host is when it is no name, in whatever form a resolver reads one."""
    written = unicodedata.normalize("NFKC", host).replace("\u3002", ".").strip("[]").rstrip(".")
    try:
        return ip_address(written.partition("%")[0])
    except ValueError:
        pass
    if not _NUMBERS.fullmatch(written):
        return None
    try:
        return IPv4Address(socket.inet_aton(written))
    except OSError:
        return None


def private(host: str) -> str:
    """What kind of forbidden place a host written as an address is, "" for a public one or a name
    (whose addresses are looked at once it is resolved: resolver.py)."""
    address = literal(host)
    return forbidden(address) if address else ""
