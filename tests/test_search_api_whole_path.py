"""From the services to the search: every source that is asked, by the commands that people type."""

import json
import re
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml
from fastapi.testclient import TestClient
from typer.testing import CliRunner, Result

from index.lead import Lead
from index.settings import Settings
from index.store import LeadStore
from ingest.source import Source, sources
from replica import sam
from replica.material import pieces
from replica.server import Replica, serving
from replica.services import services
from search_api.app import create_app
from search_api.cli import app

PAGES = {name: page for name, page in sources().items() if page.collect is not None}
# Their leads wait for an analyst: they are in the record, and not yet in the search.
LOW = {name for name, page in PAGES.items() if page.trust != "high"}
PACKAGED = Path(__file__).parents[1] / "ingest" / "sources"


def few(notices: Path, folder: Path) -> Path:
    """Three documents of each publisher and format."""
    held: dict[tuple[str, str], set[Path]] = {}
    for piece in pieces(notices):
        some = held.setdefault((piece.format, piece.notice.source), set())
        if len(some) < 3 and piece.format != "tabular":
            some.add(piece.path)
    for path in sorted(set().union(*held.values())):
        (folder / path.parent.name).mkdir(exist_ok=True)
        shutil.copy(path, folder / path.parent.name)
    return folder


@pytest.fixture(scope="module")
def replica(notices: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Replica]:
    folder = few(notices, tmp_path_factory.mktemp("notices"))
    with serving(Replica(services(folder, datetime.now(UTC).date()))) as replica:
        yield replica


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The packaged pages, but for what they expect: the replica is smaller than the world, and
    what it serves is not of each country."""
    (tmp_path / "pages").mkdir()
    for name, page in PAGES.items():
        told = yaml.safe_load((PACKAGED / f"{name}.yml").read_text("utf-8"))
        told["expected"] = [0, 100_000]
        told["collect"] |= {"first_days": 45, "coverage": {}}
        (tmp_path / "pages" / f"{name}.yml").write_text(json.dumps(told, default=str), "utf-8")
        if page.collect and page.collect.key:
            monkeypatch.setenv(page.collect.key.variable, sam.KEY)
    monkeypatch.setenv("DEBOUCHES_DATA", str(tmp_path / "donnees"))
    monkeypatch.setenv("DEBOUCHES_SOURCES", str(tmp_path / "pages"))
    monkeypatch.delenv("DATABASE_URL", raising=False)
    sources.cache_clear()
    yield
    sources.cache_clear()


def command(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


def served(page: Source, replica: Replica) -> bool:
    assert page.collect is not None
    return urlsplit(page.collect.address).hostname in replica.services


def test_the_replica_stands_for_every_source_that_is_asked(replica: Replica) -> None:
    assert [name for name, page in PAGES.items() if not served(page, replica)] == []


def test_every_source_goes_from_its_service_to_the_search(replica: Replica, desk: None) -> None:
    done = command("collecter", *PAGES, "--replique", replica.address, "--json")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    held = {line["source"]: line for line in lines if line.get("outcome") not in (None, "promoted")}
    assert {name: line["why"] for name, line in held.items()} == {}
    assert done.exit_code == 0
    with TestClient(create_app(Settings())) as client:
        for name, lead in told(client).items():
            asked = {"q": words(lead), "source": lead.source, "echus": "1", "france": "1"}
            found = client.get("/api/v1/leads", params=asked).json()
            assert (name, lead.id in [one["id"] for one in found["leads"]]) == (name, True)


def told(client: TestClient) -> dict[str, Lead]:
    """A lead of each source, told by it alone or with others."""
    store: LeadStore = client.app.state.store  # type: ignore[attr-defined]
    held: dict[str, Lead] = {}
    for lead in (one for some in store.changed_since(0) for one in some):
        if lead.status == "published":
            held |= {one.source: lead for one in lead.provenances}
    assert set(PAGES) - set(held) <= LOW
    return held


def words(lead: Lead) -> str:
    return " ".join(re.findall(r"[^\W\d_]{3,}", lead.texts[0].title)[:8])
