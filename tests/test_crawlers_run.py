"""The real crawler, in its own process, against a service of ours that behaves badly."""

import gzip
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from time import monotonic
from typing import Any

import orjson
import pytest

ROOT = Path(__file__).parents[1]
SERVICE = "https://achats.exemple.test"
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
    """A service: path → its answers in order, the last one for ever; and what it was asked.

    It answers for any host: only the path after the host's name counts.
    """

    address: str
    answers: dict[str, list[Answer]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    headers: list[Message] = field(default_factory=list)
    agents: set[str] = field(default_factory=set)
    moments: list[float] = field(default_factory=list)

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        path = "/" + handler.path.split("/", 2)[2]
        self.asked.append(path)
        self.headers.append(handler.headers)
        self.moments.append(monotonic())
        self.agents.add(handler.headers["User-Agent"])
        queue = self.answers.get(path, [reply(status=404)])
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
    replica: str = ""

    def describe(
        self, address: str = SERVICE + FIRST, spider: str = "ocds", **collect: Any
    ) -> None:
        page = {
            "name": "ensayo",
            "title": "Service d'essai",
            "publisher": "Agencia de Compras",
            "licence": "CC-BY-4.0",
            "url": "https://achats.exemple.test",
            "formats": ["ocds"],
            "collect": {"spider": spider, "address": address, "max_mb": 1, **collect},
        }
        # JSON is YAML.
        (self.folder / "fiches").mkdir(exist_ok=True)
        (self.folder / "fiches" / "ensayo.yml").write_bytes(orjson.dumps(page))

    def type(self, *options: str, before: tuple[str, ...] = ()) -> subprocess.Popen[str]:
        """The command under way. before: words in front of it, such as a shell's."""
        command = [sys.executable, "-W", "error", "-m", "crawlers"]
        places = ["--vers", str(self.folder / "depot"), "--pages", str(self.folder / "fiches")]
        if self.replica:
            places += ["--replique", self.replica]
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
    desk = Desk(tmp_path, replica.address)
    desk.describe()
    return desk


def test_every_page_lands_byte_for_byte(desk: Desk, replica: Replica) -> None:
    pages = [package(1, "/2"), package(2, f"{SERVICE}/3"), package(3, None, releases=1)]
    replica.answers = {
        "/robots.txt": [reply(b"User-agent: *\nDisallow: /admin\n")],
        FIRST: [reply(pages[0])],
        "/2": [reply(gzip.compress(pages[1]), Content_Encoding="gzip")],
        "/3": [reply(pages[2])],
    }
    dates = ("--depuis", "2026-01-01", "--jusque", "2026-01-31")
    crawl = desk.crawl("ensayo", *dates, "--contact", "https://debouches.exemple.test")
    assert crawl.code == 0
    assert crawl.bodies == pages
    assert crawl.said.startswith("« ensayo » : collecte complète, 3 pages, 5 éléments dans ")
    assert replica.asked == ["/robots.txt", FIRST, "/2", "/3"]
    assert replica.agents == {"Debouches/0.1 (+https://debouches.exemple.test)"}
    told = crawl.report
    assert told.pop("started") < told.pop("finished")
    assert told == {
        "source": "ensayo",
        "since": "2026-01-01",
        "until": "2026-01-31",
        "reason": "finished",
        "pages": 3,
        "bytes": sum(map(len, pages)),
        "items": 5,
        "declared": None,
        "requests": 4,
        "retries": 0,
        "unchanged": 0,
        "missed": [],
        "errors": [],
        "known": {},
        "user_agent": "Debouches/0.1 (+https://debouches.exemple.test)",
    }


def test_the_dates_go_where_the_page_of_the_source_says(desk: Desk, replica: Replica) -> None:
    desk.describe(SERVICE + "/releases?from={since}&to={until:%d/%m/%Y}")
    replica.answers = {"/releases?from=2026-01-01&to=31/01/2026": [reply(package(1, None))]}
    assert desk.crawl("ensayo", "--depuis", "2026-01-01", "--jusque", "2026-01-31").code == 0


def test_a_service_that_fails_once_is_asked_again(desk: Desk, replica: Replica) -> None:
    page = package(1, None)
    replica.answers = {FIRST: [reply(status=500), cut(page), reply(page)]}
    crawl = desk.crawl()
    assert (crawl.code, crawl.bodies, crawl.report["retries"]) == (0, [page], 2)


def test_a_service_that_asks_for_a_second_gets_it(desk: Desk, replica: Replica) -> None:
    replica.answers = {FIRST: [reply(status=503, Retry_After="1"), reply(package(1, None))]}
    assert desk.crawl().code == 0
    refused, asked_again = replica.moments[-2:]
    # Counted from the sending of a request, seen here at its arrival.
    assert asked_again - refused >= 0.9


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
        (reply(status=401), "refused", 1),
        (reply(status=404), "absent", 1),
        (reply(package(2, FIRST)), "loop", 1),
        (reply(package(2, "file://achats.exemple.test/etc/passwd")), "offsite", 1),
        (reply(status=302, Location="https://ailleurs.exemple.test/2"), "offsite", 1),
        (reply(b" <html>Sitio en mantenimiento</html>"), "html", 1),
        (reply(b"Sitio en mantenimiento"), "unreadable", 1),
        (reply(b""), "unreadable", 1),
        (reply(b"x" * 1_100_000), "oversize", 1),
        (reply(gzip.compress(b" " * 1_100_000), Content_Encoding="gzip"), "oversize", 1),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_crawl_that_stops_half_way_says_why_and_keeps_what_it_had(
    desk: Desk, replica: Replica, second: Answer, reason: str, tries: int
) -> None:
    first = package(1, "/2")
    replica.answers = {FIRST: [reply(first)], "/2": [second]}
    crawl = desk.crawl()
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
    names = sorted(path.name for path in crawl.folder.iterdir())
    assert names == ["000001.json", "000002.json", "_journal.jsonl"]


def test_a_crawl_killed_outright_goes_on_where_it_was(desk: Desk, replica: Replica) -> None:
    pages = [package(1, "/2"), package(2, "/3"), package(3, None)]
    gate = Gate(b"")
    replica.answers = {FIRST: [reply(pages[0])], "/2": [reply(pages[1])]}
    replica.answers["/3"] = [gate, reply(pages[2])]
    process = desk.type()
    assert gate.reached.wait(30)
    process.kill()
    gate.opened.set()
    folder = desk.end(process).folder
    replica.asked.clear()
    crawl = desk.crawl("ensayo", "--reprise", str(folder))
    assert ending(crawl) == (0, "finished", [])
    assert (crawl.folder, crawl.bodies, crawl.report["items"]) == (folder, pages, 6)
    assert replica.asked == ["/robots.txt", "/3"]


def test_a_folder_where_a_crawl_is_at_work_is_left_to_it(desk: Desk, replica: Replica) -> None:
    pages = [package(1, "/2"), package(2, None)]
    gate = Gate(pages[1])
    replica.answers = {FIRST: [reply(pages[0])], "/2": [gate, reply(package(7, None))]}
    process = desk.type()
    assert gate.reached.wait(30)
    (folder,) = (desk.folder / "depot" / "ensayo").iterdir()
    refused = desk.crawl("ensayo", "--reprise", str(folder))
    gate.opened.set()
    assert (refused.code, refused.said) == (2, f"Une collecte est déjà à l'œuvre dans {folder}.\n")
    crawl = desk.end(process)
    assert ending(crawl) == (0, "finished", [])
    assert crawl.bodies == pages


def test_a_page_that_died_is_asked_again_and_the_rest_after_it(
    desk: Desk, replica: Replica
) -> None:
    pages = [package(1, "/2"), package(2, "/3"), package(3, None)]
    replica.answers = {FIRST: [reply(pages[0])], "/2": [reply(b"Sitio en mantenimiento")]}
    folder = desk.crawl().folder
    replica.answers |= {"/2": [reply(pages[1])], "/3": [reply(pages[2])]}
    crawl = desk.crawl("ensayo", "--reprise", str(folder))
    assert ending(crawl) == (0, "finished", [])
    assert (crawl.bodies, crawl.report["items"]) == (pages, 6)


def test_a_file_that_did_not_change_does_not_come_again(desk: Desk, replica: Replica) -> None:
    desk.describe(SERVICE + "/export.csv", spider="files")
    etag, when = '"a1"', "Mon, 01 Jun 2026 09:00:00 GMT"
    answer = reply(b"Ref;Objet\r\n", ETag=etag, Last_Modified=when)
    replica.answers = {"/export.csv": [answer, reply(status=304)]}
    first = desk.crawl()
    assert (first.code, (first.folder / "000001.csv").read_bytes()) == (0, b"Ref;Objet\r\n")
    (desk.folder / "connus.json").write_bytes(orjson.dumps(first.report["known"]))
    again = desk.crawl("ensayo", "--connus", str(desk.folder / "connus.json"))
    asked = replica.headers[-1]
    assert (asked["If-None-Match"], asked["If-Modified-Since"]) == (etag, when)
    told = again.report
    assert (again.code, told["pages"], told["unchanged"]) == (0, 0, 1)
    assert told["known"] == first.report["known"]


@pytest.mark.parametrize("place", [{"header": "X-Api-Key"}, {"parameter": "api_key"}])
def test_a_key_goes_to_its_service_and_nowhere_else(
    desk: Desk, replica: Replica, place: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    how = "Inscription gratuite sur https://achats.exemple.test/cle."
    desk.describe(key={"variable": "ENSAYO_KEY", "how": how, **place})
    refused = desk.crawl()
    assert refused.code == 2
    assert "variable d'environnement ENSAYO_KEY. Inscription gratuite" in refused.said
    monkeypatch.setenv("ENSAYO_KEY", "s3cret")
    replica.answers = {FIRST: [reply(status=500)], f"{FIRST}&api_key=s3cret": [reply(status=500)]}
    crawl = desk.crawl()
    assert ending(crawl) == (3, "unavailable", ["unavailable"])
    sent = replica.headers[-1]["X-Api-Key"] if "header" in place else replica.asked[-1][-6:]
    assert sent == "s3cret"
    left = [path.read_bytes() for path in crawl.folder.iterdir()]
    assert not any(b"s3cret" in one for one in [*left, crawl.said.encode()])


def test_progress_is_told_in_lines_of_json(desk: Desk, replica: Replica) -> None:
    pages = [package(1, "/2"), package(2, None)]
    replica.answers = {FIRST: [reply(pages[0])], "/2": [reply(pages[1])]}
    told = [orjson.loads(line) for line in desk.crawl("ensayo", "--json").said.splitlines()]
    assert [(one["pages"], one["items"], one["left"]) for one in told] == [(1, 2, 1), (2, 4, 0)]


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
    assert (names, crawl.bodies) == (["000001.json", "_journal.jsonl", "_run.json"], [first])


def test_an_unknown_source_is_refused_with_the_names_of_the_known_ones(desk: Desk) -> None:
    crawl = desk.crawl("inconnue")
    assert crawl.code == 2
    assert crawl.said.startswith("Source inconnue : « inconnue ». Sources connues : ")
    assert "ensayo" in crawl.said


def test_the_service_of_somebody_else_is_never_hurried(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.describe()
    crawl = desk.crawl()
    assert (crawl.code, crawl.folder) == (2, tmp_path)
    assert crawl.said == "Le délai entre deux requêtes est d'au moins 1 seconde.\n"


def test_a_replica_answers_from_this_machine_only(tmp_path: Path) -> None:
    desk = Desk(tmp_path, "http://ailleurs.exemple.test")
    desk.describe()
    assert desk.crawl().said == "Une réplique répond sur cette machine : http://127.0.0.1:PORT.\n"
