"""What tests share: real notices, a clock that stands still, small worlds, real servers."""

import os
import secrets
import shutil
import socket
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI
from fastapi.testclient import TestClient
from lxml import html
from sqlalchemy import insert

import nodes
from index.account_tables import account
from index.coding import Coder
from index.embedded import EmbeddedEngine
from index.engine import SearchEngine
from index.lead import Lead, LeadCode, LeadText, Value
from index.opensearch import OpenSearchEngine
from index.opensearch_client import connect
from index.opensearch_schema import Layout
from index.sense import Sense
from index.store import LeadStore
from ingest.evaluation import corpus
from replica.material import Piece, pieces
from search_api import passwords, sessions
from search_api.access import ROLES, Person, Role

SHARED = Path(__file__).parents[2] / "shared" / "data"
NOW = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)


def absent(reason: str) -> None:
    """Skip aloud what this machine lacks; CI has everything, so there it fails."""
    if os.environ.get("CI"):
        pytest.fail(f"required in CI: {reason}")
    pytest.skip(reason)


def words(tree: html.HtmlElement, path: str = "//main") -> str:
    """Visible words under the path, on one line, with ordinary spaces."""
    return " ".join(" ".join(one.text_content() for one in tree.xpath(path)).split())


@pytest.fixture
def now() -> datetime:
    """The moment at which tests live."""
    return NOW


@pytest.fixture(scope="session")
def notices() -> Path:
    """Folder of real notices; tests that need it are skipped where it is absent."""
    folder = SHARED / "notices"
    if not folder.is_dir():
        pytest.skip("the real notices of ../shared/data are absent")
    return folder


@pytest.fixture
def material(notices: Path) -> tuple[Piece, ...]:
    """Forty real notices in English, for services of the replica to tell in their own shapes."""
    return pieces(notices / "fbo")[:40]


@pytest.fixture(scope="session")
def coder() -> Coder:
    """The packaged coder, loaded once."""
    return Coder.load()


@pytest.fixture(scope="session")
def sense(coder: Coder) -> Sense:
    """The space of the packaged model."""
    return Sense(coder.embedder, coder)


@pytest.fixture(scope="session")
def unseen(notices: Path, coder: Coder) -> list[Lead]:
    """The leads of the test part, which training never read."""
    return corpus.leads(notices, "test", coder)


@pytest.fixture
def embedded(tmp_path: Path, sense: Sense) -> EmbeddedEngine:
    """An empty embedded engine."""
    return EmbeddedEngine(tmp_path / "index", sense)


@pytest.fixture(params=["embedded", pytest.param("opensearch", marks=pytest.mark.opensearch)])
def engine(request: pytest.FixtureRequest) -> SearchEngine:
    """An empty engine, each of those that we have."""
    found: SearchEngine = request.getfixturevalue(
        "embedded" if request.param == "embedded" else "cluster_engine"
    )
    return found


@pytest.fixture
def cluster_engine(opensearch: str, sense: Sense) -> Iterator[OpenSearchEngine]:
    """An empty engine on a real OpenSearch node."""
    client = connect(opensearch, patience=nodes.PATIENCE)
    layout = Layout(prefix=f"t{secrets.token_hex(6)}", replicas=0)
    yield OpenSearchEngine(client, sense, layout=layout)
    client.indices.delete(index=f"{layout.prefix}-*")
    client.close()


@pytest.fixture
def another(engine: SearchEngine) -> Callable[[], SearchEngine]:
    """Opens the same index again, as another process would."""

    def opened() -> SearchEngine:
        if isinstance(engine, EmbeddedEngine):
            return EmbeddedEngine(engine.generations.folder, engine.sense)
        assert isinstance(engine, OpenSearchEngine)
        return OpenSearchEngine(engine.client, engine.sense, layout=engine.layout)

    return opened


@pytest.fixture(scope="session")
def opensearch(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> str:
    """Address of a real OpenSearch node, one for all workers of this session."""
    if given := os.environ.get("OPENSEARCH_URL"):
        return given
    lacking = nodes.lacking()
    if lacking:
        absent(lacking)
    shared = tmp_path_factory.getbasetemp()
    return nodes.shared(shared if worker_id == "master" else shared.parent)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """The node ends with the session, not with the worker that started it."""
    if not hasattr(session.config, "workerinput"):
        nodes.stop_shared(Path(session.config._tmp_path_factory.getbasetemp()))


LeadFactory = Callable[..., Lead]


@pytest.fixture
def lead() -> LeadFactory:
    """Makes leads: an open German one published yesterday, unless said otherwise."""
    numbers = count(1)

    def make(
        title: str = "Lieferung von Schulmöbeln",
        *,
        text: str = "",
        language: str = "de",
        cpv: str | tuple[str, ...] = (),
        hs: str | tuple[str, ...] = (),
        euros: float | None = None,
        days: float | None = 20,
        **fields: Any,
    ) -> Lead:
        number = next(numbers)
        deadline = None if days is None else NOW + timedelta(days=days)
        codes = tuple(
            LeadCode(scheme=scheme, code=code)
            for scheme, given in (("CPV", cpv), ("HS", hs))
            for code in ((given,) if isinstance(given, str) else given)
        )
        usual: dict[str, Any] = {
            "id": f"{number:016x}",
            "sequence": number,
            "texts": (LeadText(language=language, title=title, text=text),),
            "country": "DE",
            "region": "union-europeenne",
            "codes": codes,
            "value": None if euros is None else Value(amount=euros, currency="EUR", euros=euros),
            "published": NOW - timedelta(days=1),
            "deadline": deadline,
            "expires": deadline or NOW + timedelta(days=100),
            "source": "ted",
        }
        return Lead(**usual | fields)

    return make


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """URL of a real PostgreSQL server started for this session, one empty database."""
    found = shutil.which("initdb")
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    initdb = folders[-1] if folders else Path(found) if found else None
    if initdb is None:
        absent("PostgreSQL's initdb is not installed")
        return
    # The server refuses root; Debian's package brings an account for it.
    user = {"user": "postgres", "group": "postgres"} if os.geteuid() == 0 else {}
    folder = Path(tempfile.mkdtemp(prefix="debouches-postgresql-"))
    if user:
        shutil.chown(folder, "postgres", "postgres")
    data, socket = folder / "data", folder / "socket"
    run: dict[str, Any] = {"cwd": folder, "check": True, "capture_output": True, **user}
    try:
        make = [str(initdb), "-D", str(data), "-U", "debouches", "-A", "trust", "-E", "UTF8"]
        subprocess.run(make, **run)
        subprocess.run(["mkdir", str(socket)], **run)
        control = [str(initdb.with_name("pg_ctl")), "-D", str(data), "-w"]
        options = f"-c listen_addresses='' -k {socket} -c fsync=off"
        start = [*control, "-o", options, "-l", str(folder / "log"), "start"]
        # Its output must not be captured: the server would keep the pipe open for ever.
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        subprocess.run(start, cwd=folder, check=True, **quiet, **user)
        try:
            yield f"postgresql+psycopg://debouches@/postgres?host={socket}"
        finally:
            subprocess.run([*control, "-m", "immediate", "stop"], **run)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[LeadStore]:
    """An empty record, on each of the databases that may hold one."""
    if request.param == "sqlite":
        opened = LeadStore.open(f"sqlite:///{tmp_path / 'record.sqlite3'}")
    else:
        url = request.getfixturevalue("postgresql")
        emptied(url)
        opened = LeadStore.open(url)
    yield opened
    opened.close()


class Signed(TestClient):
    """A client of the site with a session of its own. jeton: what its forms must send."""

    def __init__(self, site: FastAPI, person: Person) -> None:
        super().__init__(site, follow_redirects=False)
        with site.state.store.writing_aside() as connection:
            session = sessions.begin(connection, person.id, "open", site.state.clock())
        self.cookies.set(sessions.cookie_name(site.state.settings), session.token)
        self.person, self.jeton = person, sessions.jeton(session.token)


def enrolled(site: FastAPI, login: str, role: Role = "lecteur", **fields: Any) -> Person:
    """An account of this site, made without a password."""
    usual = {"name": login.capitalize(), "email": f"{login}@exemple.test", "password": ""}
    others = {"totp": "", "totp_step": 0, "created": site.state.clock()}
    row = {"login": login, "role": role} | usual | others | fields
    with site.state.store.writing_aside() as connection:
        made = connection.execute(insert(account).values(row))
    return Person(made.inserted_primary_key[0], login, row["name"], role)


@pytest.fixture
def signed() -> Callable[..., Signed]:
    """``signed(site, "analyste")``: a client of the site signed in with this role. Each call is
    somebody else, unless ``person`` says who."""
    numbers = count(1)

    def sign(site: FastAPI, role: Role = "analyste", person: Person | None = None) -> Signed:
        assert role in ROLES
        return Signed(site, person or enrolled(site, f"{role}{next(numbers)}", role))

    return sign


def emptied(url: str) -> None:
    from sqlalchemy import create_engine, text

    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    engine.dispose()


@contextmanager
def served(site: FastAPI) -> Iterator[str]:
    """Address of a real server on a free port."""
    door = socket.socket()
    door.bind(("127.0.0.1", 0))
    # Early callers wait in line instead of being refused.
    door.listen(64)
    server = uvicorn.Server(uvicorn.Config(site, log_level="warning"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [door]})
    thread.start()
    try:
        yield f"http://127.0.0.1:{door.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        door.close()


_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
_ARGUMENTS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run "
    "--disable-background-networking --disable-component-update --disable-sync"
).split()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Headless Chromium of the system. Of a module: its driver holds the thread's event loop."""
    from playwright.sync_api import sync_playwright

    binary = next(filter(None, map(shutil.which, _BROWSERS)), None)
    if binary is None:
        absent("no Chromium on this machine")
    with sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=binary, args=_ARGUMENTS)
        yield opened
        opened.close()


@pytest.fixture
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords that cost nothing to check."""
    from people import CHEAP

    monkeypatch.setattr(passwords, "_HASHER", CHEAP)
    monkeypatch.setattr(passwords, "_NOBODY", CHEAP.hash("nobody"))


@pytest.fixture(scope="module")
def shared_door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A site that the tests of a module share (see ``door``)."""
    from people import Door

    opened = Door(tmp_path_factory.mktemp("site"))
    yield opened
    opened.store.close()


@pytest.fixture
def door(shared_door: Any) -> Any:
    """A site without accounts."""
    shared_door.empty()
    return shared_door
