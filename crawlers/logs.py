"""What a crawl prints beside its one sentence: faults of ours, with their traceback, and no key."""

import logging
from collections.abc import Callable

from scrapy.utils.log import get_scrapy_root_handler


class _Discreet(logging.Formatter):
    """Whatever is printed, tracebacks included, goes through ``hide`` first."""

    def __init__(self, hide: Callable[[str], str], usual: logging.Formatter | None) -> None:
        super().__init__()
        self.hide, self.usual = hide, usual or logging.Formatter()

    def format(self, record: logging.LogRecord) -> str:
        return self.hide(self.usual.format(record))


def discreet(hide: Callable[[str], str]) -> None:
    """Nothing that Scrapy logs shows what ``hide`` hides. Once its process is made."""
    handler = get_scrapy_root_handler()
    if handler is not None:
        handler.setFormatter(_Discreet(hide, handler.formatter))
