"""``python -m replica.listed``: the real crawl process, with two spiders that only tests have.

``--partout`` takes the guard of private networks away, so that it meets services of this machine
which no replica can play: those that speak TLS.
"""

import sys
from urllib.parse import urljoin

import typer
from scrapy.http import Response

import crawlers.__main__ as door
from crawlers import resolver
from crawlers.ask import Ask, Read
from crawlers.spiders.files import suffix
from crawlers.walk import Walk


class ListSpider(Walk):
    """A list of one path a line, and a document at each: it does without any of them."""

    name = "liste"

    def first(self) -> tuple[Ask, ...]:
        return (Ask(self.order.address, notices=False, suffix="txt"),)

    def read(self, ask: Ask, answer: Response) -> Read:
        if ask.notices:
            return Read()
        paths = answer.body.decode().split()
        there = (urljoin(answer.url, path) for path in paths)
        details = tuple(Ask(one, alone=True, suffix=suffix(one)) for one in there)
        return Read(len(paths), follow=details)


class FaultySpider(Walk):
    """One of ours that does not expect what it reads."""

    name = "bogue"

    def first(self) -> tuple[Ask, ...]:
        return (Ask(self.order.address, suffix="xml"),)

    def read(self, ask: Ask, answer: Response) -> Read:
        raise KeyError(self.order.key)


SPIDERS: dict[str, type[Walk]] = {one.name: one for one in (ListSpider, FaultySpider)}


if __name__ == "__main__":
    usual = door.spider_for
    door.spider_for = lambda page: (
        SPIDERS.get(page.collect.spider if page.collect else "") or usual(page)
    )
    if "--partout" in sys.argv:
        sys.argv.remove("--partout")
        resolver.forbidden = lambda address: ""
    app = typer.Typer(add_completion=False)
    app.command()(door.main)
    app(prog_name="python -m crawlers")
