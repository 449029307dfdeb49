"""A look at documents counts what they hold, and writes nothing."""

from datetime import datetime
from pathlib import Path

import pytest

from ingest.document import Limits
from ingest.looked import Look, look
from ingest.source import Source

MAPPING = {
    "key": ["ref"],
    "title": ["title"],
    "buyer": "buyer",
    "published": "published",
    "deadline": "deadline",
}
HEADER = "ref,title,buyer,published,deadline"


@pytest.fixture
def looked(tmp_path: Path, now: datetime) -> "Looking":
    return Looking(tmp_path, now)


class Looking:
    """A folder as a crawl leaves it."""

    def __init__(self, folder: Path, now: datetime) -> None:
        self.folder, self.now = folder, now
        self.heard: list[int] = []

    def at(self, *documents: str | bytes, order: str = "ymd") -> Look:
        for n, document in enumerate(documents, 1):
            body = document if isinstance(document, bytes) else document.encode()
            (self.folder / f"{n:06d}.csv").write_bytes(body)
        page = {
            "name": "essai",
            "title": "Flux d'essai",
            "publisher": "Chambre d'essai",
            "licence": "CC BY 4.0",
            "url": "https://example.org",
            "formats": ["tabular"],
            "dates": {"order": order},
            "mapping": MAPPING,
        }
        source = Source.model_validate(page)
        return look(self.folder, source, self.now, Limits(), self.heard.append)


def table(*rows: str) -> str:
    return "\n".join([HEADER, *rows, ""])


def test_fields_are_counted_notice_by_notice(looked: Looking) -> None:
    found = looked.at(table("A,Tables,Köln,2026-05-30,", "B,Chaises,,2026-05-31,2026-07-01"))
    assert (found.documents, found.received, found.quarantined) == (1, 2, 0)
    shares = found.to_json()["coverage"]
    assert (shares["title"], shares["buyer"], shares["deadline"], shares["codes"]) == (
        1,
        0.5,
        0.5,
        0,
    )
    assert looked.heard[-1] == 2


def test_what_cannot_be_read_is_counted_with_its_reason(looked: Looking) -> None:
    found = looked.at(table("A,Tables,,,", ",Chaises,,,", "C,,,,"), b"", b"\x00\x01")
    assert found.received == found.quarantined + found.notices
    assert found.notices == 1
    assert sum(found.reasons.values()) == found.quarantined >= 3


def test_dates_are_read_as_the_source_page_says(looked: Looking) -> None:
    found = looked.at(
        table(
            "A,Tables,,03.04.2026,1970-01-01",
            "B,Tables,,03.04.2027,01/01/1900 00:00",
            "C,Tables,,bientôt,2090-01-01",
        ),
        order="dmy",
    )
    told = found.published.to_json()
    assert (told["written"], told["first"], told["last"]) == (3, "2026-04-03", "2027-04-03")
    assert (told["ahead"], told["unread"], told["default"]) == (1, 1, 0)
    assert (found.deadline.default, found.deadline.ahead) == (2, 1)


def test_a_notice_that_comes_twice_is_counted(looked: Looking) -> None:
    body = table(*(f"R{n},Tables,,," for n in range(50)))
    assert looked.at(body, body).repeated == 50


@pytest.mark.parametrize(
    "body", [b"<!DOCTYPE html><p>Captcha", b"\xef\xbb\xbf\n<html lang='fr'>", b"<!-- a --><HTML>"]
)
def test_a_web_page_is_told_from_data(looked: Looking, body: bytes) -> None:
    assert looked.at(table("A,Tables,,,"), body).web_pages == 1


def test_a_source_that_publishes_pages_of_html_gives_no_web_page_in_the_place_of_data(
    tmp_path: Path, now: datetime
) -> None:
    (tmp_path / "000001.html").write_text("<!DOCTYPE html><ul><li id='A'>Tables</ul>")
    mapping = {"rows": "//li", "key": ["@id"], "title": ["."]}
    page = Source.model_validate(
        {"name": "essai", "title": "E", "publisher": "E", "licence": "CC0", "formats": ["tabular"]}
        | {"url": "https://exemple.test", "mapping": mapping}
    )
    found = look(tmp_path, page, now, Limits(), lambda number: None)
    assert (found.notices, found.web_pages) == (1, 0)


def test_lists_that_only_say_where_notices_are_do_not_count(looked: Looking) -> None:
    (looked.folder / "_000001.json").write_text("<html>")
    (looked.folder / "_run.json").write_text("{}")
    assert looked.at(table("A,Tables,,,")).documents == 1
