"""How politely and how carefully we crawl: Scrapy's settings, each with its reason."""

from typing import Any
from urllib.parse import urlsplit

from crawlers.decoding import ACCEPTED

USER_AGENT = "Debouches/0.1"
MIN_DELAY = 1.0  # seconds between two requests to one service
MAX_BYTES = 256 * 1024 * 1024
RETRIED = (408, 429, 500, 502, 503, 504, 522, 524)


def user_agent(contact: str = "") -> str:
    """Who we say we are. contact: ASCII address of a page or mailbox of whoever runs the crawl."""
    return f"{USER_AGENT} (+{contact or 'open-source search for export leads'})"


def loopback(address: str) -> bool:
    """Whether an address is one of this very machine."""
    parts = urlsplit(address)
    return parts.scheme == "http" and parts.hostname in ("127.0.0.1", "localhost", "::1")


def settings(
    delay: float = MIN_DELAY,
    max_bytes: int = MAX_BYTES,
    agent: str = "",
    replica: str = "",
    *,
    patience: float = 60,
    max_pages: int = 20_000,
) -> dict[str, Any]:
    """Scrapy settings for one crawl.

    delay: seconds between two requests; below MIN_DELAY only against a replica.
    max_bytes: largest body accepted, before and after decompression.
    replica: address of a replica that answers for all services, "" for none.
    patience: seconds for one answer, from the first to the last byte.
    max_pages: answers after which the pages are said to have no end.
    """
    return {
        "SPIDER_MODULES": ["crawlers.spiders"],
        # -- Politeness: we are guests, and we say who we are.
        # By crawlers.robots: Scrapy's reader takes a robots.txt out of reach for a permission.
        "ROBOTSTXT_OBEY": False,
        "USER_AGENT": agent or user_agent(),
        # Each spider says what it accepts: Scrapy's default asks for pages in HTML. Compressed in
        # one way only, and by crawlers.decoding: Scrapy's reader gives half of what was cut.
        "DEFAULT_REQUEST_HEADERS": {"Accept-Encoding": ACCEPTED},
        "COMPRESSION_ENABLED": False,
        "DOWNLOAD_DELAY": delay,
        # Scrapy draws each delay within ±50 %: half of them would be under the promised second.
        "DOWNLOAD_DELAY_JITTER": 0.0,
        "CONCURRENT_REQUESTS": 1,
        "CONCURRENT_REQUESTS_PER_DOMAIN": 1,
        # A service that slows down is asked less often.
        "AUTOTHROTTLE_ENABLED": True,
        "AUTOTHROTTLE_START_DELAY": delay,
        # -- Patience: four more tries, each after twice the wait (Scrapy retries at once).
        "RETRY_TIMES": 4,
        "RETRY_HTTP_CODES": list(RETRIED),
        # Robots before all others. Backoff: just under the retry middleware (550), so that every
        # failed try is seen. Decoding: just above it, what is left is an answer.
        "DOWNLOADER_MIDDLEWARES": {
            "crawlers.robots.Robots": 100,
            "crawlers.decoding.Decoding": 540,
            "crawlers.backoff.Backoff": 560,
        },
        # -- Limits: everything from outside is hostile.
        # Default 1 GiB: a body is held in memory, twice when compressed.
        "DOWNLOAD_MAXSIZE": max_bytes,
        # Default 180 s: enough to hold a slot for an hour with a few slow answers. For the whole of
        # an answer: one that drips for ever ends there too.
        "DOWNLOAD_TIMEOUT": patience,
        # A body shorter than was announced is a failure, not an answer; Scrapy's default, as is.
        "DOWNLOAD_FAIL_ON_DATALOSS": True,
        # Default 20: an open-data service has no use for more than a few.
        "REDIRECT_MAX_TIMES": 5,
        # A page in HTML is not an answer of a JSON service; do not obey it.
        "METAREFRESH_ENABLED": False,
        # Beyond, the pages have no end.
        "CLOSESPIDER_PAGECOUNT": max_pages,
        # A link to file:///etc/passwd must stay a link.
        "DOWNLOAD_HANDLERS": {
            **dict.fromkeys(("http", "https"), "crawlers.handler.Handler"),
            **dict.fromkeys(("data", "file", "ftp", "s3")),
        },
        "REPLICA": replica,
        # Names that lead to this machine or its neighbours are refused, whoever gives them.
        "TWISTED_DNS_RESOLVER": "crawlers.resolver.Resolver",
        # Default: whatever proxy the environment names. A proxy resolves names itself: what was
        # checked here would not be what is reached there. A crawl goes out directly or not at all;
        # where only a proxy may go out, let it be a transparent one that refuses private networks.
        "HTTPPROXY_ENABLED": False,
        # Default False: anybody on the way could write our notices.
        "DOWNLOAD_VERIFY_CERTIFICATES": True,
        # RFC 8996: older ones are deprecated.
        "DOWNLOAD_TLS_MIN_VERSION": "TLSv1.2",
        # Repeated addresses are ours to notice and report (paged.py); Scrapy drops them in silence.
        "DUPEFILTER_CLASS": "scrapy.dupefilters.BaseDupeFilter",
        # Nothing to log in to; a cookie would only follow us.
        "COOKIES_ENABLED": False,
        # -- Doors closed: both run whatever Python they are sent.
        "TELNETCONSOLE_ENABLED": False,
        "REMOTE_CONTROL_ENABLED": False,
        # -- Words: crawlers.logs prints the faults of ours, and no key; Scrapy's own log does not.
        "LOG_INSTALL_ROOT_HANDLER": False,
        "RETRY_GIVE_UP_LOG_LEVEL": "DEBUG",
    }
