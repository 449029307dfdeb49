"""What a crawl prints beside its one sentence: faults of ours, with their traceback, and no key."""

import logging
from collections.abc import Callable


class _Discreet(logging.Formatter):
    """Whatever is printed, tracebacks included, goes through ``hide`` first."""

    def __init__(self, hide: Callable[[str], str]) -> None:
        super().__init__("%(asctime)s [%(name)s] %(levelname)s: %(message)s")
        self.hide = hide

    def format(self, record: logging.LogRecord) -> str:
        return self.hide(super().format(record))


def log(hide: Callable[[str], str]) -> None:
    """Prints errors, on the standard error output, without what ``hide`` hides. Instead of Scrapy's
    own log, which each of its crawlers installs anew.

    A service that fails is no error of this program: the report and one French sentence say so.
    """
    handler = logging.StreamHandler()
    handler.setFormatter(_Discreet(hide))
    handler.setLevel(logging.ERROR)
    logging.root.addHandler(handler)
