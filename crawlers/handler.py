"""The last hand before the network: it adds the access key, and turns to a replica when told so.

Here and nowhere else: what the rest of the crawl sees, reports and logs has neither of them.
"""

from urllib.parse import urlsplit

from scrapy import Request
from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler
from scrapy.http import Response

from crawlers.paged import with_parameter
from crawlers.walk import Walk


def replicated(address: str, replica: str) -> str:
    """Where a replica answers for an address: under the name of its host."""
    parts = urlsplit(address)
    query = f"?{parts.query}" if parts.query else ""
    return f"{replica.rstrip('/')}/{parts.netloc}{parts.path or '/'}{query}"


class Handler(HTTP11DownloadHandler):
    """Scrapy's own, for http and https. Setting REPLICA: address of a replica, "" for none."""

    async def download_request(self, request: Request) -> Response:
        """Called by Scrapy."""
        sent = self._keyed(request)
        if replica := self.crawler.settings.get("REPLICA"):
            sent = sent.replace(url=replicated(sent.url, replica))
        response = await super().download_request(sent)
        return response.replace(url=request.url)

    def _keyed(self, request: Request) -> Request:
        spider = self.crawler.spider
        assert isinstance(spider, Walk)
        key = spider.order.collect.key
        # A key is shown to the service that gave it, not to whom it redirects.
        if key is None or urlsplit(request.url).hostname != spider.hosts[0]:
            return request
        if key.parameter:
            address = with_parameter(request.url, key.parameter, spider.order.key)
            return request.replace(url=address)
        headers = request.headers.copy()
        headers[key.header] = spider.order.key
        return request.replace(headers=headers)
