"""Answers that come compressed: unpacked whole, within the limit, or not taken.

Scrapy's own middleware gives what it could read of a stream that was cut, and tells nobody: half
a file would look like a whole one.
"""

import gzip
import io
import zlib
from typing import Self

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.retry import get_retry_request
from scrapy.http import Response

from crawlers.faults import Fault

ACCEPTED = "gzip"
_CHUNK = 65_536
_GZIP = b"\x1f\x8b"


def gunzip(packed: bytes, limit: int) -> bytes:
    """The bytes that a gzip stream holds.

    Raises EOFError when it is cut, ValueError when it is none, Fault above ``limit`` bytes.
    """
    out = bytearray()
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(packed)) as stream:
            while given := stream.read1(_CHUNK):
                out += given
                if len(out) > limit:
                    raise Fault("oversize", f"{len(packed)} bytes hold more than {limit}")
    except (OSError, zlib.error) as error:
        raise ValueError(f"gzip: {error}") from None
    return bytes(out)


class Decoding:
    """Downloader middleware. gzip is all we accept, and all we read."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.limit = crawler.settings.getint("DOWNLOAD_MAXSIZE")

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Called by Scrapy."""
        return cls(crawler)

    def process_response(self, request: Request, response: Response) -> Response | Request:
        """Called by Scrapy with every answer. What was cut is asked again."""
        written = b",".join(response.headers.getlist("Content-Encoding")).strip().lower()
        if written in (b"", b"identity") or not 200 <= response.status < 300:
            return response
        if written not in (b"gzip", b"x-gzip"):
            name = written.decode("latin-1")[:50]
            raise Fault("unreadable", f"encoded as {name}, which was not asked for")
        try:
            body = gunzip(response.body, request.meta.get("download_maxsize", self.limit))
        except EOFError as error:
            return self._again(request, f"gzip: {error}")
        except ValueError as error:
            raise Fault("unreadable", str(error)) from None
        return response.replace(body=self._kept(request, response.body, body))

    def _again(self, request: Request, why: str) -> Request:
        spider = self.crawler.spider
        assert spider is not None
        again: Request | None = get_retry_request(request, spider=spider, reason=why)
        if again is None:
            raise Fault("unreadable", why)
        return again

    @staticmethod
    def _kept(request: Request, packed: bytes, body: bytes) -> bytes:
        """Some servers call encoded what is simply a file of that kind, and is to stay one."""
        ask = request.cb_kwargs.get("ask")
        is_file = ask is not None and ask.suffix == "gz"
        return packed if is_file and not body.startswith(_GZIP) else body
