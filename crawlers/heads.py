"""Heads of answers: Twisted limits the length of a header, not their number.

A head without end would be held in memory until the time is up.
"""

from typing import Any

from scrapy.core.downloader.handlers.http11 import (
    _LenientHTTP11ClientFactory,
    _LenientHTTP11ClientProtocol,
)
from twisted.python.failure import Failure
from twisted.web._newclient import HEADER, STATUS

LARGEST = 256 * 1024  # bytes; services answer with one or two thousand


class HeadTooLarge(Exception):  # noqa: N818 - reads as what happened
    """The head of an answer has no end."""


class _Limited(_LenientHTTP11ClientProtocol):
    """Counts what comes before the body."""

    head = 0

    def request(self, request: Any) -> Any:
        self.head = 0
        return super().request(request)

    def dataReceived(self, data: bytes) -> None:  # noqa: N802 - Twisted's name
        if self._parser is not None and self._parser.state in (STATUS, HEADER):
            self.head += len(data)
        if self.head > LARGEST:
            error = HeadTooLarge(f"a head of more than {LARGEST} bytes")
            failure = Failure(error)  # type: ignore[no-untyped-call]
            self._giveUp(failure)  # type: ignore[no-untyped-call]
        else:
            super().dataReceived(data)  # type: ignore[no-untyped-call]


class LimitedFactory(_LenientHTTP11ClientFactory):
    """Makes the connections of a pool."""

    def buildProtocol(self, addr: object) -> _Limited:  # noqa: N802
        """Called by Twisted."""
        return _Limited(self._quiescentCallback)  # type: ignore[no-untyped-call]
