"""Traps: what services do wrong, by accident or not. By hand: ``python -m replica --piege X``."""

import gzip
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import cache
from itertools import count, repeat

from replica.server import Answer, Asked, Trap

Made = Answer | Callable[[], Answer]  # a function for what is used up by sending it
ROBOTS = "/robots.txt"
MEGABYTE = b" " * 1_000_000

HTML = {"Content-Type": "text/html"}
CAPTCHA = Answer(
    b"<!-- 12 -->\n<!DOCTYPE html><title>Just a moment...</title><p>Enable JavaScript", 200, HTML
)
DENIED = Answer(b"Access Denied\nReference #18.2d351ab8", 200, HTML)
MAINTENANCE = Answer(b"\n<HTML><meta http-equiv='refresh' content='0;url=/suite'>", 200, HTML)


def at(path: str, *answers: Made) -> Trap:
    """The answers to what is asked at a path, in order, the last for ever; "" for any path but that
    of robots.txt."""
    left = list(answers)

    def trap(asked: Asked) -> Answer | None:
        if asked.path != path and (path or asked.path == ROBOTS):
            return None
        made = left.pop(0) if len(left) > 1 else left[0]
        return made() if callable(made) else made

    return trap


def once(answer: Made) -> Trap:
    """An answer to the first thing asked, robots.txt aside; then the service answers."""
    return after(0, answer, times=1)


def after(requests: int, answer: Made, times: int | None = None) -> Trap:
    """An answer once so many requests were let through, robots.txt aside."""
    seen = count()

    def trap(asked: Asked) -> Answer | None:
        if asked.path == ROBOTS:
            return None
        number = next(seen) - requests
        if number < 0 or (times is not None and number >= times):
            return None
        return answer() if callable(answer) else answer

    return trap


def cut(body: bytes) -> Answer:
    """A body whose connection dies half way."""
    return Answer(body[: len(body) // 2], headers={"Content-Length": str(len(body))})


def cut_gzip(body: bytes) -> Answer:
    """A compressed body that was cut before it was sent: its length is right."""
    packed = gzip.compress(body)
    return Answer(packed[: len(packed) * 2 // 3], headers={"Content-Encoding": "gzip"})


@cache
def bomb() -> Answer:
    """194 kB that become 200 MB."""
    return Answer(gzip.compress(MEGABYTE * 200), headers={"Content-Encoding": "gzip"})


def river() -> Answer:
    """10 GB, of which nobody says how long they are."""
    return Answer(repeat(MEGABYTE, 10_000))


def huge() -> Answer:
    """A body that says to be of 10 GB."""
    return Answer(b"<", headers={"Content-Length": str(10**10)})


def drip() -> Answer:
    """A byte now and then, without end: never idle long enough to be given up."""
    wait = threading.Event()

    def drops() -> Iterator[bytes]:
        while not wait.wait(0.05):
            yield b" "

    return Answer(drops())


def heads() -> Answer:
    """A head of 4 MB, none of whose lines is too long."""
    return Answer(b"<a/>", headers={f"X-{number}": "x" * 10_000 for number in range(400)})


def redirection(where: str) -> Answer:
    """An answer that is elsewhere."""
    return Answer(status=302, headers={"Location": where})


def busy(retry_after: str, status: int = 429) -> Answer:
    """A service that asks to come back later."""
    return Answer(status=status, headers={"Retry-After": retry_after})


def tomorrow() -> str:
    """A date as HTTP writes it."""
    return format_datetime(datetime.now(UTC) + timedelta(days=1), usegmt=True)


def calendar(asked: Asked) -> Answer | None:
    """Pages without end, all different."""
    if asked.path == ROBOTS:
        return None
    number = int(asked.query.get("mois", "1"))
    release = f'{{"ocid": "ocds-abc123-{number}"}}'
    following = f"https://{asked.host}{asked.path}?mois={number + 1}"
    page = f'{{"releases": [{release}], "links": {{"next": "{following}"}}}}'
    return Answer(page.encode())


def same(asked: Asked) -> Answer | None:
    """The same page at every address, which says that there is another."""
    body = b'{"releases": [{"ocid": "ocds-abc123-1"}], "links": {"next": "?mois=2"}}'
    return None if asked.path == ROBOTS else Answer(body)


TRAPS: dict[str, Callable[[], Trap]] = {
    "panne": lambda: once(Answer(status=500)),
    "page-7": lambda: after(6, Answer(status=500)),
    "patience": lambda: once(busy("1")),
    "demain": lambda: at("", busy(tomorrow())),
    "goutte": lambda: at("", drip),
    "robots-interdit": lambda: at(ROBOTS, Answer(b"User-agent: *\nDisallow: /\n")),
    "robots-panne": lambda: at(ROBOTS, Answer(status=503)),
    "robots-boucle": lambda: at(ROBOTS, redirection(ROBOTS)),
    "boucle": lambda: at("", redirection("")),
    "prive": lambda: at("", redirection("http://169.254.169.254/latest/meta-data")),
    "fichier": lambda: at("", redirection("file:///etc/passwd")),
    "coupe": lambda: at("", cut(MEGABYTE)),
    "gzip-coupe": lambda: at("", cut_gzip(b'{"releases": []}')),
    "bombe": lambda: at("", bomb),
    "fleuve": lambda: at("", river),
    "longueur": lambda: at("", huge),
    "entetes": lambda: at("", heads),
    "captcha": lambda: at("", CAPTCHA),
    "refus": lambda: at("", DENIED),
    "maintenance": lambda: at("", MAINTENANCE),
    "vide": lambda: at("", Answer()),
    "profond": lambda: at("", Answer(b"[" * 1_000_000)),
    "calendrier": lambda: calendar,
    "meme-page": lambda: same,
}
