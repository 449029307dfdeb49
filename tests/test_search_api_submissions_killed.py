"""The server is killed while a partner submits: what it acknowledged becomes a lead, once.

DEBOUCHES_FAULTS=500 submits as many demands; a server is killed for each hundred, twice at least.
"""

import json
import os
import random
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from multiprocessing import get_context
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Any

import httpx2
import uvicorn
from sqlalchemy import select

from index.engines import open_engine
from index.settings import Settings
from index.store import LeadStore
from index.submission_tables import submission_version
from index.tables import notice, quarantine
from ingest.source import sources
from search_api.api_keys import ApiKeys
from search_api.app import create_app
from search_api.desk import open_worker
from search_api.terminal import bring_up_to_date

DEMANDS = int(os.environ.get("DEBOUCHES_FAULTS", "120"))
KILLS, SEED = max(2, DEMANDS // 100), 20_260_601
# Processes are forked from one that has read the code already.
PROCESSES = get_context("forkserver")
PATIENCE = 300.0
PAGE = """
name: place-tuee
title: Place de marché
publisher: Place de marché fictive
licence: essai
url: https://place.exemple.test
formats: []
trust: high
"""


def demand(number: int) -> dict[str, Any]:
    """Words of its own: no two are the same demand."""
    draw = random.Random(number)
    words = " ".join("".join(draw.choices("abdeilmnoprstu", k=9)) for _ in range(6))
    same = {"pays": "DE", "langue": "de", "acheteur": f"Stadt {words[:9]}"}
    return {"titre": f"{words} {number}", **same}


def serve(settings: Settings, port: int) -> None:
    """What « debouches servir » does."""
    site = create_app(settings)
    bring_up_to_date(site.state.store, site.state.engine)
    uvicorn.run(site, host="127.0.0.1", port=port, log_level="critical")


class Server:
    """A real server, in a process that may be killed."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        PROCESSES.set_forkserver_preload(["search_api.app"])
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.process: Any = None
        self.ended = Event()
        self.client = httpx2.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=30)

    def begin(self) -> None:
        self.process = PROCESSES.Process(target=serve, args=(self.settings, self.port))
        self.process.start()

    def kill(self) -> None:
        self.process.kill()
        self.process.join()

    def until_answered(self, method: str, path: str, **asked: Any) -> httpx2.Response:
        """As a client that tries again until there is an answer."""
        limit = monotonic() + PATIENCE
        while True:
            try:
                found: httpx2.Response = self.client.request(method, path, **asked)
            except httpx2.TransportError:
                assert monotonic() < limit
                assert not self.ended.wait(0.2)
                continue
            if found.status_code < 500:
                return found


@contextmanager
def serving(settings: Settings) -> Iterator[Server]:
    server = Server(settings)
    server.begin()
    try:
        yield server
    finally:
        server.ended.set()
        server.kill()
        server.client.close()


def test_a_server_killed_while_it_receives_loses_nothing_and_doubles_nothing(
    tmp_path: Path,
) -> None:
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "place-tuee.yml").write_text(PAGE, "utf-8")
    settings = Settings(data=tmp_path, database_url="", sources=tmp_path / "pages")
    store = LeadStore.open(settings.record_url)
    keys = ApiKeys(store)
    keys.enrol("place-tuee", 1_000_000, 1_000_000, datetime.now(UTC))
    _, key = keys.create("place-tuee", ["demandes:ecrire"], datetime.now(UTC))
    moments = set(random.Random(SEED).sample(range(20, DEMANDS - 20), KILLS))
    done = count(1)

    def one(number: int) -> None:
        submit(server, number, key)
        # The others are in the middle of something.
        if next(done) in moments:
            server.kill()
            server.begin()

    with serving(settings) as server, ThreadPoolExecutor(4) as senders:
        list(senders.map(one, range(DEMANDS)))
    later = datetime.now(UTC) + timedelta(hours=1)
    open_worker(settings, store, lambda: open_engine(settings), lambda: later).drain()
    check(store)
    store.close()
    sources.cache_clear()


def submit(server: Server, number: int, key: str) -> None:
    """Every other one by POST, whose answer may have been lost on its way."""
    headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
    body = demand(number)
    if number % 2:
        asked = {"headers": headers | {"idempotency-key": f"n-{number}"}}
        answer = server.until_answered(
            "POST", "/api/v1/demandes", content=json.dumps(body).encode(), **asked
        )
    else:
        answer = server.until_answered(
            "PUT",
            f"/api/v1/demandes/n-{number}",
            content=json.dumps(body).encode(),
            headers=headers,
        )
    assert answer.status_code in (200, 202), answer.text


def check(store: LeadStore) -> None:
    leads = [lead for some in store.changed_since(0) for lead in some]
    assert len(leads) == DEMANDS
    assert {lead.title for lead in leads} == {demand(number)["titre"] for number in range(DEMANDS)}
    assert {lead.status for lead in leads} == {"published"}
    with store.reading() as connection:
        assert len(connection.execute(select(notice.c.key)).all()) == DEMANDS
        assert connection.execute(select(quarantine.c.reason)).all() == []
        waiting = select(submission_version.c.id).where(submission_version.c.done.is_(None))
        assert connection.execute(waiting).all() == []
