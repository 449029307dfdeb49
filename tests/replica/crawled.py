"""Crawls against a replica, and what the pipeline reads in what they landed."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import orjson
import yaml
from scrapy import Request
from scrapy.http import Response

from crawlers.landing import Run
from crawlers.order import order
from crawlers.walk import Walk
from ingest.document import Document, Limits
from ingest.documents import documents
from ingest.normalise import Draft, normalise
from ingest.notice import Received
from ingest.price import Rates
from ingest.readers import READERS
from ingest.recognise import format_of
from ingest.source import Source, source
from replica.server import Asked, Replica, Service

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Crawled:
    """code: of exit. said: on both outputs. folder: of the run, None when there was none."""

    page: Source
    code: int
    said: str
    folder: Path | None

    @property
    def report(self) -> dict[str, Any]:
        """``_run.json``."""
        assert self.folder is not None, self.said
        read: dict[str, Any] = orjson.loads((self.folder / "_run.json").read_bytes())
        return read

    def received(self) -> Iterator[Received]:
        """The items of the landed documents, as the pipeline reads them."""
        assert self.folder is not None, self.said
        for document in documents([self.folder], Limits()):
            assert isinstance(document, Document), document
            form = format_of(document, self.page)
            assert form is not None, document.name
            with document.open() as stream:
                yield from READERS[form](stream, self.page, document.name)

    def drafts(self, rates: Rates) -> list[Draft]:
        """What is understood of each notice; every item must be one."""
        told, now = list(self.received()), datetime.now(UTC)
        assert [one.reason for one in told if one.notice is None] == []
        return [normalise(one.notice, self.page, rates, now) for one in told if one.notice]


def crawled(
    name: str,
    replica: Replica,
    landing: Path,
    since: date,
    until: date,
    *,
    address: str = "",
    **keys: str,
) -> Crawled:
    """One run of the command. since, until: days asked for. address: to ask instead of the one on
    the page of the source. keys: environment variables."""
    page = source(name)
    (landing / "fiches").mkdir(parents=True, exist_ok=True)
    if address:
        written = yaml.safe_load(files("ingest").joinpath(f"sources/{name}.yml").read_text("utf-8"))
        written["collect"]["address"] = address
        (landing / "fiches" / f"{name}.yml").write_text(yaml.safe_dump(written))
    places = ("--vers", str(landing), "--pages", str(landing / "fiches"))
    here = ("--replique", replica.address, "--delai", "0")
    dates = ("--depuis", str(since), "--jusque", str(until))
    ended = subprocess.run(
        [sys.executable, "-W", "error", "-m", "crawlers", name, *places, *here, *dates],
        cwd=ROOT,
        env=os.environ | {"NO_PROXY": "127.0.0.1"} | keys,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
    )
    runs = sorted((landing / name).glob("*")) if (landing / name).is_dir() else []
    return Crawled(page, ended.returncode, ended.stdout, runs[-1] if runs else None)


def walked(
    spider: type[Walk], name: str, service: Service, folder: Path, since: date, until: date
) -> Run:
    """One run of a spider in this process, without network, delay or retry."""
    told = order(source(name), since, until, until, key="s3cret")
    run = Run(folder, name, "agent", lambda: datetime(2026, 6, 1, tzinfo=UTC))
    walk = spider(told, run)
    run.journal.begin(walk.first())
    requests = list(walk._next())
    while requests:
        [request] = requests
        answer = service(_asked(request))
        assert answer.status == 200 and isinstance(answer.body, bytes), answer
        response = Response(request.url, body=answer.body, request=request)
        requests = list(walk.land(response, request.cb_kwargs["ask"]))
    return run


def _asked(request: Request) -> Asked:
    parts = urlsplit(request.url)
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    return Asked(parts.netloc, request.method, parts.path, query, {}, request.body)
