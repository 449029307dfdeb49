"""The last hand before the network: it adds the access key, and turns to a replica when told so.

Here and nowhere else: the rest of the crawl sees neither of them, but for the messages of failures,
from which Walk and the log take the key away.
"""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from OpenSSL.SSL import Error as TlsError
from scrapy import Request
from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler
from scrapy.crawler import Crawler
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    ResponseDataLossError,
)
from scrapy.http import Response
from service_identity import VerificationError

from crawlers.address import origin, with_parameter
from crawlers.faults import Fault
from crawlers.heads import HeadTooLarge, LimitedFactory
from crawlers.robots import PATH
from crawlers.walk import Walk

# What Scrapy says of a network that fails: each takes a message.
_FAILURES = (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    ResponseDataLossError,
)


def replicated(address: str, replica: str) -> str:
    """Where a replica answers for an address: under the name of its host."""
    parts = urlsplit(address)
    query = f"?{parts.query}" if parts.query else ""
    return f"{replica.rstrip('/')}/{parts.netloc}{parts.path or '/'}{query}"


class Handler(HTTP11DownloadHandler):
    """Scrapy's own, for http and https. Setting REPLICA: address of a replica, "" for none."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._pool._factory = LimitedFactory

    async def download_request(self, request: Request) -> Response:
        """Called by Scrapy."""
        sent = self._keyed(request)
        if replica := self.crawler.settings.get("REPLICA"):
            sent = sent.replace(url=replicated(sent.url, replica))
        try:
            response = await super().download_request(sent)
        except _FAILURES as error:
            raise self._told(error, urlsplit(sent.url).hostname or "") from None
        return response.replace(url=request.url)

    def _told(self, error: Exception, host: str) -> Exception:
        """An error as the rest of the crawl may hear it."""
        from twisted.internet import reactor

        refused: dict[str, str] = reactor.nameResolver.refused
        if isinstance(error, CannotResolveHostError) and host in refused:
            return Fault("private", f"{host} leads to {refused[host]}")
        for cause in _causes(error):
            if isinstance(cause, TlsError | VerificationError):
                return Fault("tls", f"{type(cause).__name__}: {cause}")
            if isinstance(cause, HeadTooLarge):
                return Fault("oversize", str(cause))
        return error

    @property
    def _walk(self) -> Walk:
        spider = self.crawler.spider
        assert isinstance(spider, Walk)
        return spider

    def _keyed(self, request: Request) -> Request:
        order = self._walk.order
        key, parts = order.collect.key, urlsplit(request.url)
        # A key is shown to the service that gave it, not to whom it redirects, nor in the clear.
        if key is None or origin(request.url) != origin(order.address) or parts.path == PATH:
            return request
        if key.parameter:
            address = with_parameter(request.url, key.parameter, order.key)
            return request.replace(url=address)
        headers = request.headers.copy()
        headers[key.header] = order.key
        return request.replace(headers=headers)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """What lies under an error of Twisted's: a chain of causes, each with a list of its own."""
    cause: Any = error.__cause__
    for failure in getattr(cause, "reasons", ()):
        yield failure.value
        yield from _causes(failure.value)
