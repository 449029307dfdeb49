"""Names of the network to addresses that a crawl may reach, and to no other.

What Twisted connects to is the very address given here, it resolves nothing again: a name that
answers a public address first and a private one afterwards (DNS rebinding) gains nothing by it.
"""

from ipaddress import ip_address
from typing import Any, Self
from urllib.parse import urlsplit

from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.interfaces import IHostnameResolver, IResolutionReceiver
from zope.interface import implementer  # type: ignore[import-untyped]

from crawlers.networks import forbidden


@implementer(IResolutionReceiver)
class _Checked:
    """Keeps the addresses of an answer until the last, and gives all of them or none."""

    def __init__(self, receiver: Any, resolver: "Resolver", name: str) -> None:
        self.receiver, self.resolver, self.name = receiver, resolver, name
        self.addresses: list[object] = []

    def resolutionBegan(self, resolution: object) -> None:  # noqa: N802 - Twisted's name
        """Called by Twisted."""
        self.receiver.resolutionBegan(resolution)

    def addressResolved(self, address: object) -> None:  # noqa: N802
        """Called by Twisted with each address."""
        self.addresses.append(address)

    def resolutionComplete(self) -> None:  # noqa: N802
        """Called by Twisted after the last address."""
        reason = next(filter(None, map(self.resolver.why_not, self.addresses)), "")
        self.resolver.refused.pop(self.name, None)
        if reason:
            self.resolver.refused[self.name] = reason
        for address in () if reason else self.addresses:
            self.receiver.addressResolved(address)
        self.receiver.resolutionComplete()


@implementer(IHostnameResolver)
class Resolver:
    """Scrapy's TWISTED_DNS_RESOLVER. One forbidden address among good ones, and the name has none:
    which of them would be connected to is not ours to say.

    original: who really resolves. replica: the one forbidden place that may be reached.
    refused: the names refused the last time they were asked for, with the reason.
    """

    def __init__(self, reactor: Any, original: Any, replica: str = "") -> None:
        self.reactor, self.original = reactor, original
        parts = urlsplit(replica)
        self.replica = (parts.hostname, parts.port or 80) if replica else None
        self.refused: dict[str, str] = {}

    @classmethod
    def from_crawler(cls, crawler: Any, reactor: Any) -> Self:
        """Called by Scrapy. crawler: anything with settings."""
        return cls(reactor, reactor.nameResolver, crawler.settings.get("REPLICA"))

    def install_on_reactor(self) -> None:
        """Called by Scrapy."""
        self.reactor.installNameResolver(self)

    def resolveHostName(  # noqa: N802 - Twisted's name
        self,
        resolutionReceiver: Any,  # noqa: N803
        hostName: str,  # noqa: N803
        portNumber: int = 0,  # noqa: N803
        addressTypes: Any = None,  # noqa: N803
        transportSemantics: str = "TCP",  # noqa: N803
    ) -> Any:
        """Called by Twisted for every host, an address written as a number included."""
        receiver = resolutionReceiver
        if (hostName, portNumber) != self.replica:
            receiver = _Checked(resolutionReceiver, self, hostName)
        return self.original.resolveHostName(
            receiver, hostName, portNumber, addressTypes, transportSemantics
        )

    def why_not(self, address: object) -> str:
        """What speaks against connecting to an address, "" for nothing."""
        if not isinstance(address, IPv4Address | IPv6Address):
            return "not an address of the Internet"
        what = forbidden(ip_address(address.host.partition("%")[0]))
        return f"{address.host}: {what}" if what else ""
