"""Hostile services against the real crawl process: each trap is told, none stops the rest."""

import gzip
import os
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from replica.server import Answer, Asked, Replica, serving
from replica.traps import (
    CAPTCHA,
    DENIED,
    MAINTENANCE,
    ROBOTS,
    TRAPS,
    Made,
    at,
    bomb,
    busy,
    cut,
    cut_gzip,
    heads,
    huge,
    redirection,
    river,
    tomorrow,
)

ROOT = Path(__file__).parents[1]
HOST = "avis.exemple.test"
HERE = f"https://{HOST}"
GOOD = Answer(b"<avis/>")
COMMAND = (sys.executable, "-W", "error", "-m", "replica.listed", "ensayo")
# Proxies that the environment names, and that nobody serves.
PROXIES = dict.fromkeys(("http_proxy", "https_proxy"), "http://127.0.0.1:9") | {"no_proxy": ""}
# Runs a command and says how much memory it took at most, in MB.
PEAK = """
import resource, subprocess, sys
code = subprocess.call(sys.argv[1:])
print("peak", resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)
sys.exit(code)
"""


@dataclass(frozen=True)
class Crawl:
    """One run of the command, and what it left."""

    code: int
    said: str
    folder: Path | None

    @property
    def report(self) -> dict[str, Any]:
        assert self.folder is not None, self.said
        read: dict[str, Any] = orjson.loads((self.folder / "_run.json").read_bytes())
        return read

    @property
    def missed(self) -> dict[str, str]:
        """Path → reason."""
        return {one["address"].removeprefix(HERE): one["reason"] for one in self.report["missed"]}

    @property
    def left(self) -> bytes:
        """All that the run wrote and said."""
        assert self.folder is not None
        return b"".join(path.read_bytes() for path in self.folder.iterdir()) + self.said.encode()


def crawl(folder: Path, replica: str, *options: str, peak: bool = False, **collect: Any) -> Crawl:
    """One run of the command on a source described by ``collect``, without a replica at ""."""
    described = {"spider": "ocds", "address": f"{HERE}/liste", "max_mb": 1, **collect}
    page = {
        "name": "ensayo",
        "title": "Service d'essai",
        "publisher": "Agencia",
        "licence": "CC-BY-4.0",
        "url": HERE,
        "formats": ["ocds"],
        "collect": described,
    }
    (folder / "fiches").mkdir(exist_ok=True)
    (folder / "fiches" / "ensayo.yml").write_bytes(orjson.dumps(page))
    places = ["--vers", str(folder / "depot"), "--pages", str(folder / "fiches")]
    places += ["--replique", replica, "--delai", "0"] if replica else []
    measured = [sys.executable, "-c", PEAK] if peak else []
    ended = subprocess.run(
        [*measured, *COMMAND, *places, *options],
        cwd=ROOT / "tests",
        env=os.environ | {"PYTHONPATH": str(ROOT)} | PROXIES,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
    )
    runs = sorted((folder / "depot" / "ensayo").glob("*"))
    return Crawl(ended.returncode, ended.stdout, runs[-1] if runs else None)


@pytest.fixture
def replica() -> Iterator[Replica]:
    """A service with a document at every path, but for robots.txt; traps are set before it."""

    def service(asked: Asked) -> Answer:
        return Answer(status=404) if asked.path == ROBOTS else GOOD

    with serving(Replica({HOST: service})) as running:
        yield running


@pytest.fixture
def untrusted(tmp_path: Path) -> Iterator[int]:
    """The port of a service that speaks TLS under a certificate of its own making."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    made = x509.CertificateBuilder(name, name, key.public_key(), 1)
    made = made.not_valid_before(datetime(2020, 1, 1)).not_valid_after(datetime(2090, 1, 1))
    made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), False)
    pem = (Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    paths = tmp_path / "cert.pem", tmp_path / "key.pem"
    paths[0].write_bytes(made.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM))
    paths[1].write_bytes(key.private_bytes(*pem))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*paths)
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=_shake_hands, args=(server, context))
        thread.start()
        yield server.getsockname()[1]
        # Whoever waits in accept() is woken by shutting down, not by closing.
        server.shutdown(socket.SHUT_RDWR)
        thread.join()


def _shake_hands(server: socket.socket, context: ssl.SSLContext) -> None:
    with suppress(OSError):
        while True:
            client, _ = server.accept()
            with client, suppress(ssl.SSLError, ConnectionError):
                context.wrap_socket(client, server_side=True).close()


def tried(replica: Replica, path: str) -> int:
    return replica.paths(HOST).count(path)


def listed(replica: Replica, answers: dict[str, tuple[Made, ...]]) -> None:
    """Sets a list of traps, a good document after each."""
    paths = [one for path in answers for one in (path, f"{path}.bon.xml")]
    replica.traps = [at("/liste", Answer("\n".join(paths).encode()))]
    replica.traps += [at(path, *given) for path, given in answers.items()]


SENT: dict[str, tuple[str, int, tuple[Made, ...]]] = {
    # path: what it is told as ("" when it comes after all), how often it is asked, what it answers
    "/panne.xml": ("", 2, (Answer(status=500), GOOD)),
    "/coupe-une-fois.xml": ("", 2, (cut_gzip(b"<avis>" * 500), GOOD)),
    "/cookie.xml": (
        "",
        1,
        (
            Answer(
                b"<avis/>",
                headers={
                    "Set-Cookie": "suivi=1; Path=/",
                    "Content-Disposition": "attachment; filename=../../../dehors.xml",
                },
            ),
        ),
    ),
    "/coupe.xml": ("unreadable", 5, (cut_gzip(b"<avis>" * 500),)),
    "/faux-gzip.xml": ("unreadable", 1, (Answer(b"<a/>", headers={"Content-Encoding": "gzip"}),)),
    "/brotli.xml": ("unreadable", 1, (Answer(b"\x0b\x02", headers={"Content-Encoding": "br"}),)),
    "/deux-fois.xml": (
        "unreadable",
        1,
        (Answer(gzip.compress(b"<a/>"), headers={"Content-Encoding": "gzip, gzip"}),),
    ),
    "/mort.xml": ("unavailable", 5, (cut(b"<avis/>" * 500),)),
    "/boucle.xml": ("redirects", 6, (redirection("/boucle.xml"),)),
    "/bombe.xml": ("oversize", 1, (bomb,)),
    "/fleuve.xml": ("oversize", 1, (river,)),
    "/geant.xml": ("oversize", 1, (huge,)),
    "/entetes.xml": ("oversize", 1, (heads,)),
    "/longue-entete.xml": ("unavailable", 5, (Answer(b"<a/>", headers={"X": "x" * 20_000}),)),
    "/captcha.xml": ("refused", 1, (CAPTCHA,)),
    "/refus.csv": ("refused", 1, (DENIED,)),
    "/maintenance.xml": ("html", 1, (MAINTENANCE,)),
    "/erreur.xml": ("unreadable", 1, (Answer(b'{"error": "quota"}'),)),
    "/vide.xml": ("unreadable", 1, (Answer(b" \r\n"),)),
    "/fichier.xml": ("offsite", 1, (redirection("file:///etc/passwd"),)),
    "/port.xml": ("offsite", 1, (redirection(f"{HERE}:22/"),)),
    "/nuage.xml": ("private", 1, (redirection("http://169.254.169.254/latest/meta-data"),)),
    "/nombre.xml": ("private", 1, (redirection("http://2130706433/"),)),
    "/bientot.xml": ("", 2, (busy("1"), GOOD)),
}


def test_no_trap_among_the_details_passes_for_a_notice_or_stops_the_others(
    tmp_path: Path, replica: Replica
) -> None:
    listed(replica, {path: answers for path, (_, _, answers) in SENT.items()})
    ended = crawl(tmp_path, replica.address, spider="liste", max_mb=2, peak=True)
    assert (ended.code, ended.report["reason"]) == (0, "finished")
    told = {path: ended.missed.get(path, "") for path in SENT}
    assert told == {path: reason for path, (reason, _, _) in SENT.items()}
    assert set(ended.missed) <= set(SENT)
    assert {path: tried(replica, path) for path in SENT} == {
        path: times for path, (_, times, _) in SENT.items()
    }
    # What came is whole, under names of ours; nothing follows us, nobody leads us.
    assert ended.folder is not None
    good = [path for path in ended.folder.glob("[0-9]*") if path.read_bytes() == GOOD.body]
    assert len(good) == len(SENT) + sum(not reason for reason, _, _ in SENT.values())
    assert not list(tmp_path.rglob("dehors.xml"))
    assert not any("Cookie" in asked.headers for asked in replica.asked)
    assert "/suite" not in replica.paths(HOST)
    # One sentence, no traceback; and a river of 10 GB is not held in memory.
    sentence, peak = ended.said.splitlines()
    assert sentence.startswith("« ensayo » : collecte complète")
    assert int(peak.removeprefix("peak ")) < 250


@pytest.mark.parametrize(
    ("answer", "reason"),
    [(busy(tomorrow()), "refused"), (busy("172800", status=503), "unavailable")],
    ids=["date", "seconds"],
)
def test_a_service_that_asks_for_a_day_is_left_until_the_next_run(
    tmp_path: Path, replica: Replica, answer: Answer, reason: str
) -> None:
    listed(replica, {"/1.xml": (GOOD,), "/2.xml": (answer,), "/3.xml": (GOOD,)})
    ended = crawl(tmp_path, replica.address, spider="liste")
    assert (ended.code, ended.report["reason"], ended.missed) == (3, reason, {})
    assert replica.paths(HOST) == [ROBOTS, "/liste", "/1.xml", "/1.xml.bon.xml", "/2.xml"]


@pytest.mark.parametrize(
    ("trap", "reason", "asked"),
    [
        ("robots-panne", "unavailable", [ROBOTS] * 5),
        ("robots-boucle", "finished", [ROBOTS] * 6 + ["/liste"]),
        ("goutte", "unavailable", [ROBOTS] + ["/liste"] * 5),
        ("page-7", "unavailable", [ROBOTS] + ["/liste"] * 11),
        ("calendrier", "endless", [ROBOTS] + ["/liste"] * 8),
    ],
)
def test_a_trap_on_the_way_is_told_in_one_sentence(
    tmp_path: Path, replica: Replica, trap: str, reason: str, asked: list[str]
) -> None:
    replica.traps = [TRAPS[trap]()]
    if trap == "page-7":
        replica.traps += [TRAPS["calendrier"]()]
    if trap == "robots-boucle":
        replica.traps += [at("", Answer(b'{"releases": [{}]}'))]
    ended = crawl(tmp_path, replica.address, patience=1.5, max_pages=9)
    assert (ended.report["reason"], replica.paths(HOST)) == (reason, asked)
    assert ended.code == (0 if reason == "finished" else 3)
    assert len(ended.said.splitlines()) == 1, ended.said


def test_every_trap_has_an_answer_that_can_be_set_by_hand(replica: Replica) -> None:
    asked = Asked(HOST, "GET", "/liste", {}, {})
    robots = Asked(HOST, "GET", ROBOTS, {}, {})
    for name, made in TRAPS.items():
        trap = made()
        answers = [trap(one) for one in (robots, *[asked] * 7)]
        assert any(isinstance(one, Answer) for one in answers), name


def test_a_name_that_leads_to_this_machine_is_never_connected_to(
    tmp_path: Path, replica: Replica
) -> None:
    port = replica.address.rpartition(":")[2]
    ended = crawl(tmp_path, "", address=f"http://localhost:{port}/liste")
    assert (ended.code, ended.report["reason"]) == (3, "private")
    assert ended.report["errors"][0]["detail"].startswith("robots.txt: ")
    assert replica.asked == []


def test_a_service_whose_name_nobody_vouches_for_is_left(
    tmp_path: Path, replica: Replica, untrusted: int
) -> None:
    ended = crawl(tmp_path, "", "--partout", address=f"https://localhost:{untrusted}/liste")
    assert (ended.code, ended.report["reason"]) == (3, "tls")
    assert "certificate verify failed" in ended.report["errors"][0]["detail"]
    assert len(ended.said.splitlines()) == 1, ended.said


KEY = {"variable": "ENSAYO_KEY", "parameter": "api_key", "how": "Sur demande."}


def test_a_key_that_the_service_repeats_is_in_nothing_we_keep(
    tmp_path: Path, replica: Replica, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENSAYO_KEY", "s3cret+/é")
    written = "s3cret%2B%2F%C3%A9"
    replica.traps = [
        at("/liste", Answer(f"/geant.xml?n=1&api_key={written}\n/port.xml".encode())),
        at("/geant.xml", huge),
        at("/port.xml", redirection(f"{HERE}:22/?api_key={written}")),
    ]
    ended = crawl(tmp_path, replica.address, spider="liste", key=KEY)
    assert ended.missed == {"/geant.xml?n=1": "oversize", "/port.xml": "offsite"}
    assert [one.query.get("api_key") for one in replica.asked] == [None] + ["s3cret+/é"] * 3
    assert ended.folder is not None
    (ended.folder / "_000001.txt").unlink()  # what came is kept as it came
    assert b"s3cret" not in ended.left


def test_a_key_is_not_shown_in_the_clear_to_whoever_listens(
    tmp_path: Path, replica: Replica, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENSAYO_KEY", "s3cret")
    replica.traps = [at("/liste", redirection(f"http://{HOST}/clair"))]
    crawl(tmp_path, replica.address, spider="files", key=KEY)
    assert [one.query for one in replica.asked if one.path == "/clair"] == [{}]


def test_a_fault_of_ours_ends_the_run_with_its_traceback_and_without_the_key(
    tmp_path: Path, replica: Replica, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENSAYO_KEY", "s3cret")
    ended = crawl(tmp_path, replica.address, spider="bogue", key=KEY, address=f"{HERE}/avis")
    assert (ended.code, ended.report["reason"]) == (3, "unreadable")
    assert replica.paths(HOST) == [ROBOTS, "/avis"]
    assert "Traceback" in ended.said and "KeyError" in ended.said
    assert b"s3cret" not in ended.left
