"""The real crawler, in its own process, against a service of ours that behaves badly."""

import gzip
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from time import monotonic
from typing import Any

import orjson
import pytest

ROOT = Path(__file__).parents[1]
FIRST = "/releases?from=2026-01-01"

Answer = Callable[[BaseHTTPRequestHandler], None]


def reply(body: bytes = b"", status: int = 200, **headers: str) -> Answer:
    """An answer; headers with underscores for hyphens."""

    def send(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in {"Content_Length": str(len(body)), **headers}.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(body)

    return send


def cut(body: bytes) -> Answer:
    """An answer whose connection dies half way."""
    return reply(body[: len(body) // 2], Content_Length=str(len(body)))


@dataclass
class Replica:
    """A service: address → its answers in order, the last one for ever; and what it was asked."""

    address: str
    answers: dict[str, list[Answer]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    agents: set[str] = field(default_factory=set)
    moments: list[float] = field(default_factory=list)

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        self.asked.append(handler.path)
        self.moments.append(monotonic())
        self.agents.add(handler.headers["User-Agent"])
        queue = self.answers.get(handler.path, [reply(status=404)])
        (queue.pop(0) if len(queue) > 1 else queue[0])(handler)


@pytest.fixture
def replica() -> Iterator[Replica]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            known.answer(self)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    known = Replica(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield known
    server.shutdown()
    thread.join()
    server.server_close()


def package(number: int, following: str | None, releases: int = 2) -> bytes:
    """An OCDS release package as a publisher would indent it, with a number JSON knows not."""
    ids = range(number * 10, number * 10 + releases)
    content = {
        "uri": f"https://achats.exemple.test/paquets/{number}",
        "version": "1.1",
        "publishedDate": "2026-05-30T10:00:00Z",
        "publisher": {"name": "Agencia de Compras — Ñandutí"},
        "releases": [
            {
                "ocid": f"ocds-abc123-{i}",
                "id": f"{i}-1",
                "date": "2026-05-30T10:00:00Z",
                "tag": ["tender"],
                "initiationType": "tender",
                "tender": {"id": str(i), "title": f"Mobiliario escolar {i}", "value": 0},
            }
            for i in ids
        ],
        "links": {"next": following},
    }
    indented = orjson.dumps(content, option=orjson.OPT_INDENT_2)
    return indented.replace(b'"value": 0', b'"value": 1e999') + b"\r\n"


@dataclass(frozen=True)
class Crawl:
    """One run of the command, and what it left."""

    code: int
    said: str
    folder: Path

    @property
    def report(self) -> dict[str, Any]:
        read: dict[str, Any] = orjson.loads((self.folder / "_run.json").read_bytes())
        return read

    @property
    def bodies(self) -> list[bytes]:
        return [path.read_bytes() for path in sorted(self.folder.glob("[0-9]*.json"))]


@dataclass(frozen=True)
class Desk:
    """Where one types the command: a folder of source pages, and the landing beside it."""

    folder: Path

    def describe(self, access: str) -> None:
        page = {
            "name": "ensayo",
            "title": "Service d'essai",
            "publisher": "Agencia de Compras",
            "licence": "CC-BY-4.0",
            "url": "https://achats.exemple.test",
            "access": access,
            "formats": ["ocds"],
        }
        # JSON is YAML.
        (self.folder / "fiches").mkdir()
        (self.folder / "fiches" / "ensayo.yml").write_bytes(orjson.dumps(page))

    def type(self, *options: str, before: tuple[str, ...] = ()) -> subprocess.Popen[str]:
        """The command under way. before: words in front of it, such as a shell's."""
        command = [sys.executable, "-W", "error", "-m", "crawlers"]
        places = ["--vers", str(self.folder / "depot"), "--pages", str(self.folder / "fiches")]
        return subprocess.Popen(
            [*before, *command, *places, "--delai", "0", *(options or ("ensayo",))],
            cwd=ROOT,
            env=os.environ | {"NO_PROXY": "127.0.0.1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def end(self, process: subprocess.Popen[str]) -> Crawl:
        said, _ = process.communicate(timeout=60)
        runs = sorted((self.folder / "depot" / "ensayo").glob("*"))
        return Crawl(process.returncode, said, runs[-1] if runs else self.folder)

    def crawl(self, *options: str, before: tuple[str, ...] = ()) -> Crawl:
        return self.end(self.type(*options, before=before))


@pytest.fixture
def desk(tmp_path: Path, replica: Replica) -> Desk:
    desk = Desk(tmp_path)
    desk.describe(replica.address + FIRST)
    return desk


def test_every_page_lands_byte_for_byte(desk: Desk, replica: Replica) -> None:
    pages = [package(1, "/2"), package(2, f"{replica.address}/3"), package(3, None, releases=1)]
    replica.answers = {
        "/robots.txt": [reply(b"User-agent: *\nDisallow: /admin\n")],
        FIRST: [reply(pages[0])],
        "/2": [reply(gzip.compress(pages[1]), Content_Encoding="gzip")],
        "/3": [reply(pages[2])],
    }
    crawl = desk.crawl("ensayo", "--contact", "https://debouches.exemple.test")
    assert crawl.code == 0
    assert crawl.bodies == pages
    assert crawl.said.startswith("« ensayo » : collecte complète, 3 pages, 5 éléments dans ")
    assert replica.asked == ["/robots.txt", FIRST, "/2", "/3"]
    assert replica.agents == {"Debouches/0.1 (+https://debouches.exemple.test)"}
    told = crawl.report
    assert told.pop("started") < told.pop("finished")
    assert told == {
        "source": "ensayo",
        "reason": "finished",
        "pages": 3,
        "bytes": sum(map(len, pages)),
        "items": 5,
        "declared": None,
        "retries": 0,
        "errors": [],
        "user_agent": "Debouches/0.1 (+https://debouches.exemple.test)",
    }


def test_the_date_goes_where_the_page_of_the_source_says(tmp_path: Path, replica: Replica) -> None:
    desk = Desk(tmp_path)
    desk.describe(replica.address + "/releases?from={since}")
    replica.answers = {FIRST: [reply(package(1, None))]}
    assert desk.crawl("ensayo", "--depuis", "2026-01-01").code == 0
    assert desk.crawl("ensayo").code == 2


def test_a_service_that_fails_once_is_asked_again(desk: Desk, replica: Replica) -> None:
    page = package(1, None)
    replica.answers = {FIRST: [reply(status=500), cut(page), reply(page)]}
    crawl = desk.crawl()
    assert (crawl.code, crawl.bodies, crawl.report["retries"]) == (0, [page], 2)


def test_a_service_that_asks_for_a_second_gets_it(desk: Desk, replica: Replica) -> None:
    replica.answers = {FIRST: [reply(status=503, Retry_After="1"), reply(package(1, None))]}
    assert desk.crawl().code == 0
    refused, asked_again = replica.moments[-2:]
    assert asked_again - refused >= 1


def ending(crawl: Crawl) -> tuple[int, object, list[str]]:
    """Exit code, reason, and the reasons of the errors."""
    return crawl.code, crawl.report["reason"], [error["reason"] for error in crawl.report["errors"]]


@pytest.mark.parametrize(
    ("second", "reason", "tries"),
    [
        (cut(package(2, None)), "unavailable", 5),
        (reply(status=429), "refused", 5),
        (reply(status=403), "refused", 1),
        (reply(status=302, Location="/2"), "redirects", 6),
        (reply(package(2, FIRST)), "loop", 1),
        (reply(package(2, "file://127.0.0.1/etc/passwd")), "offsite", 1),
        (reply(status=302, Location="http://localhost:1/2"), "offsite", 1),
        (reply(b"<html>Sitio en mantenimiento</html>"), "unreadable", 1),
        (reply(b"x" * 20_000), "oversize", 1),
        (reply(gzip.compress(b" " * 20_000), Content_Encoding="gzip"), "oversize", 1),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_crawl_that_stops_half_way_says_why_and_keeps_what_it_had(
    desk: Desk, replica: Replica, second: Answer, reason: str, tries: int
) -> None:
    first = package(1, "/2")
    replica.answers = {FIRST: [reply(first)], "/2": [second]}
    crawl = desk.crawl("ensayo", "--taille-max", "2000")
    assert ending(crawl) == (3, reason, [reason])
    assert replica.asked.count("/2") == tries
    assert crawl.bodies[0] == first
    assert "collecte incomplète" in crawl.said


def test_pages_that_stay_empty_are_not_turned_for_ever(desk: Desk, replica: Replica) -> None:
    replica.answers = {FIRST: [reply(package(0, "/1", releases=0))]}
    replica.answers |= {f"/{n}": [reply(package(n, f"/{n + 1}", releases=0))] for n in range(1, 9)}
    assert ending(desk.crawl()) == (3, "empty", ["empty"])
    assert replica.asked == ["/robots.txt", FIRST, "/1", "/2"]


def test_a_service_that_forbids_robots_is_left_alone(desk: Desk, replica: Replica) -> None:
    replica.answers = {"/robots.txt": [reply(b"User-agent: Debouches\nDisallow: /\n")]}
    crawl = desk.crawl()
    assert ending(crawl) == (3, "robots", ["robots"])
    assert replica.asked == ["/robots.txt"]
    assert crawl.bodies == []


@dataclass
class Gate:
    """An answer that waits until it is let through."""

    body: bytes
    reached: threading.Event = field(default_factory=threading.Event)
    opened: threading.Event = field(default_factory=threading.Event)

    def __call__(self, handler: BaseHTTPRequestHandler) -> None:
        self.reached.set()
        self.opened.wait(30)
        reply(self.body)(handler)


def test_a_crawl_killed_outright_leaves_whole_pages_and_no_report(
    desk: Desk, replica: Replica
) -> None:
    pages = [package(1, "/2"), package(2, "/3")]
    # The third page stops half way: its connection stays open while the crawler dies.
    gate = Gate(b"")
    replica.answers = {FIRST: [reply(pages[0])], "/2": [reply(pages[1])], "/3": [gate]}
    process = desk.type()
    assert gate.reached.wait(30)
    process.kill()
    gate.opened.set()
    crawl = desk.end(process)
    assert crawl.bodies == pages
    assert sorted(path.name for path in crawl.folder.iterdir()) == ["000001.json", "000002.json"]


def test_a_crawl_asked_to_stop_ends_its_page_and_says_so(desk: Desk, replica: Replica) -> None:
    page = package(1, "/2")
    gate = Gate(page)
    replica.answers = {FIRST: [gate]}
    process = desk.type()
    assert gate.reached.wait(30)
    process.send_signal(signal.SIGTERM)
    gate.opened.set()
    crawl = desk.end(process)
    assert ending(crawl) == (3, "interrupted", [])
    assert replica.asked == ["/robots.txt", FIRST]


def test_a_full_disk_stops_the_crawl_and_leaves_no_half_page(desk: Desk, replica: Replica) -> None:
    first, second = package(1, "/2"), package(2, "/3", releases=1_000)
    replica.answers = {FIRST: [reply(first)], "/2": [reply(second)]}
    # Files of at most 16 blocks of 512 or 1,024 bytes: the second page does not fit.
    crawl = desk.crawl(before=("sh", "-c", 'ulimit -f 16; exec "$@"', "sh"))
    assert ending(crawl) == (3, "disk", ["disk"])
    names = sorted(path.name for path in crawl.folder.iterdir())
    assert (names, crawl.bodies) == (["000001.json", "_run.json"], [first])


def test_an_unknown_source_is_refused_with_the_names_of_the_known_ones(desk: Desk) -> None:
    crawl = desk.crawl("inconnue")
    assert crawl.code == 2
    assert crawl.said.startswith("Source inconnue : « inconnue ». Sources connues : ")
    assert "ensayo" in crawl.said


def test_the_service_of_somebody_else_is_never_hurried(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.describe("https://achats.exemple.test/releases")
    crawl = desk.crawl()
    assert (crawl.code, crawl.folder) == (2, tmp_path)
    assert crawl.said == "Le délai entre deux requêtes est d'au moins 1 seconde.\n"
