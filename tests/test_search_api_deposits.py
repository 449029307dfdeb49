"""A partner deposits a file by HTTP: kept whole or not at all, and only where its key opens."""

import hashlib
import resource
import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic

import httpx2
import pytest
import uvicorn
from conftest import NOW
from typer.testing import CliRunner, Result

from index.settings import Settings
from index.store import LeadStore
from ingest.drop import HELD, READ
from ingest.freeze import Freezes
from search_api.api_keys import ApiKeys
from search_api.app import create_app
from search_api.cli import app

# The secrets of these keys are said beforehand: their ids and 256 bits come from a list.
DRAWN = "a" * 12, "f" * 64, "b" * 12, "0" * 64, "c" * 12, "1" * 64, "d" * 12, "2" * 64
SECRET, OTHER, TRIAL, READER = (
    f"{kind}_{DRAWN[at]}_{DRAWN[at + 1]}"
    for kind, at in (("deb", 0), ("deb", 2), ("debessai", 4), ("deb", 6))
)
CSV = b"Ref;Objet\nSR-118;Mobilier scolaire\n"
PATIENCE = 10.0


def sha256(text: bytes) -> str:
    return hashlib.sha256(text).hexdigest()


def handed_out(store: LeadStore) -> None:
    """Two partners: one deposits, the other does too, or only tries, or only reads."""
    drawn = iter(DRAWN)
    keys = ApiKeys(store, lambda _: next(drawn))
    for name in ("mca-dgmarket", "ted"):
        keys.enrol(name, 60, 100, NOW)
    keys.create("mca-dgmarket", ["depots:ecrire"], NOW)
    keys.create("ted", ["depots:ecrire"], NOW)
    keys.create("mca-dgmarket", ["depots:ecrire"], NOW, sandbox=True)
    keys.create("mca-dgmarket", ["demandes:lire"], NOW)


class Site:
    """The real server, with one partner's key in hand."""

    def __init__(self, address: tuple[str, int], data: Path) -> None:
        self.address, self.data = address, data
        self.client = httpx2.Client(base_url=f"http://{address[0]}:{address[1]}")

    def put(
        self, name: str = "avis.csv", body: bytes | Iterator[bytes] = CSV, *,
        source: str = "mca-dgmarket", secret: str = SECRET, **headers: str,
    ) -> httpx2.Response:  # fmt: skip
        headers = {"Authorization": f"Bearer {secret}"} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        return self.client.put(f"/api/v1/depots/{source}/{name}", content=body, headers=headers)

    def get(self, name: str, secret: str = SECRET) -> httpx2.Response:
        headers = {"Authorization": f"Bearer {secret}"}
        return self.client.get(f"/api/v1/depots/mca-dgmarket/{name}", headers=headers)

    @property
    def folder(self) -> Path:
        return self.data / "depots" / "mca-dgmarket"

    def left(self) -> list[str]:
        """Everything in the drop folders, hidden or not."""
        return sorted(path.name for path in self.data.glob("depots/**/*") if path.is_file())


@contextmanager
def serve(settings: Settings) -> Iterator[Site]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        app = create_app(settings, clock=lambda: NOW)
        server = uvicorn.Server(uvicorn.Config(app, log_level="critical", lifespan="off"))
        handed_out(app.state.store)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        site = Site(listening.getsockname(), settings.data)
        yield site
        site.client.close()
        server.should_exit = True
        thread.join()
        app.state.store.close()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    data = tmp_path_factory.mktemp("donnees")
    settings = Settings(data=data, database_url="", deposit_max_mb=1)
    with serve(settings) as site:
        yield site


@pytest.fixture
def site(running: Site) -> Iterator[Site]:
    """The server, its drop folders empty."""
    yield running
    drops = running.data / "depots"
    if drops.is_dir():
        shutil.rmtree(drops)
    drops.unlink(missing_ok=True)


def problem(answer: httpx2.Response, status: int) -> dict[str, str]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    told: dict[str, str] = answer.json()
    assert told["title"]
    return told


def test_a_file_sent_waits_in_the_folder_of_its_source(site: Site) -> None:
    answer = site.put()
    assert answer.status_code == 202
    assert answer.json() == {
        "source": "mca-dgmarket", "name": "avis.csv", "size": len(CSV), "sha256": sha256(CSV),
        "state": "waiting", "note": "",
    }  # fmt: skip
    assert (site.folder / "avis.csv").read_bytes() == CSV
    assert site.left() == ["avis.csv"]
    assert answer.headers["location"] == "/api/v1/depots/mca-dgmarket/avis.csv"


def test_the_same_file_sent_again_is_kept_once(site: Site) -> None:
    site.put()
    again = site.put()
    assert (again.status_code, again.json()["state"]) == (200, "waiting")
    assert site.left() == ["avis.csv"]


def test_another_file_of_the_same_name_overwrites_nothing(site: Site) -> None:
    site.put()
    other = site.put(body=CSV * 2)
    assert (other.status_code, other.json()["name"]) == (202, "avis-2.csv")
    assert (site.folder / "avis.csv").read_bytes() == CSV
    assert site.put(body=CSV * 2).status_code == 200
    assert site.left() == ["avis-2.csv", "avis.csv"]


@pytest.mark.parametrize(("place", "state"), [(READ, "read"), (HELD, "held")])
def test_a_partner_follows_what_it_sent(site: Site, place: str, state: str) -> None:
    there = site.put("avis été.csv").headers["location"]
    assert site.client.get(there, headers={"Authorization": f"Bearer {SECRET}"}).is_success
    (site.folder / place).mkdir()
    (site.folder / "avis été.csv").rename(site.folder / place / "avis été.csv")
    assert site.get("avis%20%C3%A9t%C3%A9.csv").json()["state"] == state
    assert site.put("avis été.csv").json()["state"] == state
    problem(site.get("autre.csv"), 404)


@pytest.mark.parametrize(
    ("secret", "source", "status"),
    [
        ("faux", "mca-dgmarket", 401),
        (sha256(SECRET.encode()), "mca-dgmarket", 401),
        (OTHER, "mca-dgmarket", 403),
        (TRIAL, "mca-dgmarket", 403),
        (READER, "mca-dgmarket", 403),
        (SECRET, "inconnue", 404),
        (SECRET, "..", 404),
        ("faux", "inconnue", 401),
    ],
)
def test_a_key_opens_the_folder_of_its_source_only(
    site: Site, secret: str, source: str, status: int
) -> None:
    problem(site.put(source=source.replace(".", "%2e"), secret=secret), status)
    assert site.left() == []


def test_who_shows_no_key_is_told_that_one_is_expected(site: Site) -> None:
    answer = site.client.put("/api/v1/depots/mca-dgmarket/avis.csv", content=CSV)
    assert "clé" in problem(answer, 401)["detail"]
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(
    "name",
    [
        ".avis.csv", "_avis.csv", "%2e%2e", "avis.csv.part", "AVIS.TMP", "a%00.csv", "a%0A.csv",
        "a%5Cb.csv", "a%E2%80%AEb.csv", "x" * 201,
    ],
)  # fmt: skip
def test_a_name_that_could_do_harm_or_be_overlooked_is_refused(site: Site, name: str) -> None:
    problem(site.put(name), 400)
    assert site.left() == []


@pytest.mark.parametrize("name", ["..%2F..%2Favis.csv", "a%2Fb.csv"])
def test_a_name_stays_in_its_folder(site: Site, name: str) -> None:
    problem(site.put(name), 404)
    assert site.left() == []


def test_an_empty_file_is_refused(site: Site) -> None:
    problem(site.put(body=b""), 400)
    assert site.left() == []


def test_a_compressed_transport_is_refused(site: Site) -> None:
    problem(site.put(Content_Encoding="gzip"), 415)
    assert site.left() == []


def test_a_file_too_large_is_refused_on_what_it_announces(site: Site) -> None:
    """Not a byte of the body is sent: the answer comes all the same."""
    with socket.create_connection(site.address, PATIENCE) as line:
        line.sendall(head("Content-Length: 2000000", "Expect: 100-continue"))
        assert b" 413 " in line.recv(65_536).splitlines()[0]
    assert site.left() == []


def test_a_file_too_large_that_says_nothing_is_cut(site: Site) -> None:
    with socket.create_connection(site.address, PATIENCE) as line:
        line.sendall(head("Transfer-Encoding: chunked"))
        block = b"10000\r\n" + b"x" * 65_536 + b"\r\n"
        try:
            for _ in range(200):
                line.sendall(block)
        except OSError:
            pass  # cut while we were still sending
    settled(site, [])


def test_who_leaves_in_the_middle_leaves_nothing(site: Site) -> None:
    with socket.create_connection(site.address, PATIENCE) as line:
        line.sendall(head("Content-Length: 900000") + b"x" * 400_000)
        appears(site)
    settled(site, [])
    assert site.put().status_code == 202


def test_a_body_shorter_than_announced_is_not_a_file(site: Site) -> None:
    with socket.create_connection(site.address, PATIENCE) as line:
        line.sendall(head("Content-Length: 1000") + CSV)
        line.shutdown(socket.SHUT_WR)
        line.recv(65_536)
    settled(site, [])


def test_a_full_disk_is_said_and_leaves_nothing(site: Site) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        answer = site.put(body=b"x" * 900_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    problem(answer, 507)
    assert site.left() == []
    assert site.put().status_code == 202


def test_a_folder_that_cannot_be_written_is_said(site: Site) -> None:
    (site.data / "depots").write_text("un fichier à la place du dossier")
    problem(site.put(), 503)


def test_many_send_at_once_and_all_is_kept(site: Site) -> None:
    bodies = [CSV + str(number).encode() for number in range(8)]
    threads = [threading.Thread(target=site.put, kwargs={"body": body}) for body in bodies]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert {path.read_bytes() for path in site.folder.iterdir()} == set(bodies)


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """« debouches deposer mca-dgmarket … », in a world of its own."""
    monkeypatch.setenv("DEBOUCHES_DATA", str(tmp_path / "donnees"))
    monkeypatch.delenv("DEBOUCHES_SOURCES", raising=False)
    return lambda *names: CliRunner().invoke(app, ["deposer", *names])


def test_a_file_is_deposited_from_the_command_line(
    tmp_path: Path, command: Callable[..., Result]
) -> None:
    path = tmp_path / "avis.csv"
    path.write_bytes(CSV)
    assert "en attente de lecture" in command("mca-dgmarket", str(path)).output
    assert command("mca-dgmarket", str(path)).exit_code == 0
    path.write_bytes(CSV * 2)
    assert "avis-2.csv" in command("mca-dgmarket", str(path)).output
    kept = sorted((tmp_path / "donnees" / "depots" / "mca-dgmarket").iterdir())
    assert [one.read_bytes() for one in kept] == [CSV * 2, CSV]


def test_what_cannot_be_deposited_is_said_in_french(
    tmp_path: Path, command: Callable[..., Result]
) -> None:
    path = tmp_path / "avis.csv.part"
    path.write_bytes(CSV)
    for names, words in (
        (("rien", str(path)), "Source inconnue"),
        (("mca-dgmarket", str(path)), "finit par .part"),
        (("mca-dgmarket", str(tmp_path)), "pas un fichier"),
    ):
        answer = command(*names)
        assert (answer.exit_code, words in answer.output) == (2, True), answer.output


def head(*headers: str) -> bytes:
    lines = (
        "PUT /api/v1/depots/mca-dgmarket/avis.csv HTTP/1.1",
        "Host: exemple.test",
        f"Authorization: Bearer {SECRET}",
        *headers,
    )
    return "\r\n".join(lines).encode() + b"\r\n\r\n"


def appears(site: Site) -> None:
    """Wait until the server began to write."""
    limit = monotonic() + PATIENCE
    while not site.left():
        assert monotonic() < limit


def settled(site: Site, expected: list[str]) -> None:
    """Wait until nothing but this is left."""
    limit = monotonic() + PATIENCE
    while site.left() != expected:
        assert monotonic() < limit, site.left()


def test_a_file_sent_for_a_frozen_source_says_that_it_waits(site: Site) -> None:
    store = LeadStore.open(f"sqlite:///{site.data / 'registre.sqlite3'}")
    Freezes(store).freeze("mca-dgmarket", "zoe", "fiche à revoir", NOW)
    assert "gelée" in site.put().json()["note"]
    Freezes(store).thaw("mca-dgmarket", "zoe", NOW)
    assert site.get("avis.csv").json()["note"] == ""
    store.close()
