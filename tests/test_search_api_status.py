"""« /statut » and /api/v1/sources: what everybody sees of the health of the sources."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from conftest import NOW, LeadFactory, words
from fastapi.testclient import TestClient
from lxml import html
from rows import HOUR, ingested, written
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from index.settings import Settings
from index.store import LeadStore
from index.tables import collection, incident, quarantine
from ingest.health import Day
from ingest.source import sources
from search_api.app import create_app
from search_api.board import Board
from search_api.sparkline import HEIGHT, sparkline

DAY = timedelta(days=1)
HOSTILE = '"><img src=x onerror=alert(1)><script>alert(2)</script>\u202e'
PAGE = """
{name: mine, title: Ma source, publisher: Éditeur, country: PE, licence: l, formats: [ocds],
 url: "javascript:alert(1)", expected: [10, 50],
 collect: {spider: ocds, address: "https://a.test/{since}", rhythm: {at: "06:00"}}}
"""


class Site:
    """The whole site on a record of its own, with a clock that one turns."""

    def __init__(self, folder: Path) -> None:
        (folder / "pages").mkdir()
        (folder / "pages" / "mine.yml").write_text(PAGE, "utf-8")
        self.now = NOW
        settings = Settings(data=folder / "data", sources=folder / "pages", database_url="")
        self.app = create_app(settings, clock=lambda: self.now)
        self.store: LeadStore = self.app.state.store
        self.client = TestClient(self.app, follow_redirects=False)

    def page(self, path: str = "/statut", status: int = 200) -> html.HtmlElement:
        answer = self.client.get(path)
        assert answer.status_code == status, answer.text
        return html.document_fromstring(answer.text)

    def source(self, name: str = "mine") -> dict[str, Any]:
        told = self.client.get("/api/v1/sources").json()["sources"]
        return next(one for one in told if one["name"] == name)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    opened = Site(tmp_path)
    yield opened
    opened.store.close()


def row(tree: html.HtmlElement, name: str = "mine") -> str:
    return words(tree, f"//tr[@id='source-{name}']")


def held(site: Site, detail: str = "Trop peu d’avis.") -> int:
    """A collection that a monitor holds, with its incident."""
    crawl = '{"items": 3, "reason": "finished"}'
    number = written(site.store, collection, source="mine", state="held", crawl=crawl)
    written(
        site.store, incident, source="mine", kind="volume", collection=number, detail=detail,
        opened=NOW - 3 * HOUR, times=2,
    )  # fmt: skip
    return number


def test_an_empty_record_is_told_as_such(site: Site) -> None:
    tree = site.page()
    total = len(sources()) + 1
    assert words(tree, "//h1") == "État des sources"
    assert f"0 source à jour sur {total} ; aucun incident ouvert" in words(tree)
    assert not tree.xpath("//h2[@id='incidents']")
    assert "Jamais collectée" in row(tree)
    assert len(tree.xpath("//tbody/tr")) == total


def test_a_source_collected_in_time_is_told_with_what_it_brought(
    site: Site, lead: LeadFactory
) -> None:
    number = ingested(site.store, "mine", received=40, new=7, duplicates=33)
    written(site.store, collection, source="mine", run=number, started=NOW - HOUR)
    site.store.save([lead(source="mine", published=NOW - DAY)])
    written(site.store, quarantine, source="mine", position="1")
    told = row(site.page())
    for expected in (
        "Éditeur, Pérou", "Collectée, chaque jour à 6 h 00 (Europe/Paris)", "À jour", "il y a 1 h",
        "admise, 40 avis reçus, 7 nouveaux", "31 mai 2026 hier", "1 en quarantaine", "dans 19 h",
    ):  # fmt: skip
        assert expected in told, told


def test_a_held_collection_and_its_incident_are_in_sight(site: Site) -> None:
    held(site)
    tree = site.page()
    told = words(tree, "//ul[@class='incidents']")
    assert told == (
        "Ma source : volume inhabituel Trop peu d’avis. "
        "Ouvert il y a 3 h, constaté 2 fois, la dernière il y a moins d’une minute"
    )
    assert "Retenue voir pourquoi" in row(tree)
    assert "retenue, 3 avis vus" in row(tree)


def test_what_made_a_collection_impossible_is_told(site: Site) -> None:
    crawl = '{"reason": "impossible", "errors": [{"detail": "La clé CLE est absente."}]}'
    written(site.store, collection, source="mine", state="rejected", crawl=crawl)
    assert "impossible : La clé CLE est absente." in row(site.page())
    assert site.source()["last"]["why"] == ["La clé CLE est absente."]


@pytest.mark.parametrize(
    ("crawl", "state", "beat", "told"),
    [
        ("", "promoted", NOW, "admise, rien de nouveau"),
        ('{"items": 12}', "collecting", NOW, "en cours, 12 avis vus"),
        ("", "collecting", NOW - HOUR, "interrompue"),
        ("", "rejected", NOW, "rejetée"),
    ],
)
def test_each_state_of_a_collection_has_its_words(
    site: Site, crawl: str, state: str, beat: Any, told: str
) -> None:
    written(site.store, collection, source="mine", crawl=crawl, state=state, beat=beat)
    assert told in row(site.page())


def test_hostile_words_of_a_source_stay_words_and_are_shortened(site: Site) -> None:
    held(site, HOSTILE + "é" * 5_000)
    answer = site.client.get("/statut")
    tree = html.document_fromstring(answer.text)
    assert not tree.xpath("//main//img | //script | //@style | //@*[starts-with(name(),'on')]")
    assert "<script>alert(2)</script>" in words(tree, "//ul[@class='incidents']")
    assert "\u202e" not in answer.text
    assert len(words(tree, "//ul[@class='incidents']")) < 600
    assert not tree.xpath("//a[starts-with(@href, 'javascript')]")
    assert "script-src 'self'" in answer.headers["content-security-policy"]


def test_the_table_is_sorted_by_links(site: Site, lead: LeadFactory) -> None:
    site.store.save([lead(source="mine"), lead(source="mine"), lead(source="us-fbo")])
    first: Callable[[str], list[str]] = lambda path: [  # noqa: E731
        one.get("id").removeprefix("source-") for one in site.page(path).xpath("//tbody/tr")
    ]
    assert first("/statut?tri=leads")[:2] == ["mine", "us-fbo"]
    assert first("/statut?tri=leads&ordre=inverse")[-2:] == ["us-fbo", "mine"]
    tree = site.page("/statut?tri=leads")
    [sorted_by] = tree.xpath("//th[@aria-sort]")
    assert sorted_by.get("aria-sort") == "descending"
    assert sorted_by.xpath("a/@href") == ["/statut?tri=leads&ordre=inverse"]


def test_every_column_sorts_both_ways(site: Site) -> None:
    held(site)
    for address in site.page().xpath("//thead//a/@href"):
        turned = site.page(address).xpath("//th[@aria-sort]/a/@href")
        assert len(site.page(turned[0]).xpath("//tbody/tr")) == len(sources()) + 1


@pytest.mark.parametrize("wrong", ["tri=x", "ordre=x", "tri="])
def test_an_order_that_does_not_exist_is_refused(site: Site, wrong: str) -> None:
    assert "Ce tri n’existe pas" in words(site.page(f"/statut?{wrong}", 400))


def test_the_most_pressing_sources_come_first(site: Site) -> None:
    held(site)
    assert site.page().xpath("//tbody/tr/@id")[0] == "source-mine"


def test_an_index_that_is_behind_is_told(site: Site, lead: LeadFactory) -> None:
    saved = site.store.save([lead(), lead()])
    assert "en retard de 2 écritures" in words(site.page(), "//dl[@class='chiffres']")
    site.app.state.engine.put(saved)
    assert words(site.page(), "//dl[@class='chiffres']/div[4]/dd") == "à jour"


def test_the_record_is_read_once_a_minute_at_most(site: Site, lead: LeadFactory) -> None:
    asked: list[str] = []
    event.listen(site.store.engine, "before_cursor_execute", lambda *args: asked.append(args[2]))
    for path in ("/statut", "/statut?tri=leads", "/api/v1/sources", "/recherche"):
        site.client.get(path)
    once = len(asked)
    assert once <= 12
    site.now = NOW + timedelta(seconds=59)
    site.client.get("/statut")
    assert len(asked) == once
    site.now = NOW + timedelta(seconds=60)
    site.client.get("/statut")
    assert len(asked) == 2 * once


def test_what_is_shown_may_be_kept_for_a_minute(site: Site) -> None:
    for path in ("/statut", "/api/v1/sources"):
        assert site.client.get(path).headers["cache-control"] == "public, max-age=60"


def test_the_pages_lead_to_the_state_of_the_sources(site: Site) -> None:
    assert site.page("/").xpath("//footer//a/@href").count("/statut") == 1
    assert "/statut" in site.page("/a-propos").xpath("//main//a/@href")


def test_the_same_states_are_given_to_machines(site: Site, lead: LeadFactory) -> None:
    number = held(site)
    site.store.save([lead(source="mine", published=NOW - DAY)])
    told = site.source()
    assert (told["health"], told["way"], told["leads"]) == ("retenue", "collected", 1)
    assert (told["newest_age"], told["promoted"], told["promoted_age"]) == (86_400, None, None)
    assert (told["last"]["number"], told["last"]["items"]) == (number, 3)
    assert told["last"]["why"] == ["Trop peu d’avis."]
    assert told["incidents"][0]["title"] == "volume inhabituel"
    assert len(told["volume"]) == 30
    assert told["expected"] == [10, 50]


def test_nobody_who_decided_is_named(site: Site) -> None:
    written(site.store, collection, source="mine", state="rejected", decided_by="Jeanne Martin")
    assert "Martin" not in site.client.get("/api/v1/sources").text
    assert "Martin" not in site.client.get("/statut").text


def test_an_answer_says_how_fresh_its_sources_are(site: Site, lead: LeadFactory) -> None:
    ingested(site.store, "mine", received=1, new=1)
    site.app.state.engine.put(site.store.save([lead(source="mine"), lead(source="inconnue")]))
    found = site.client.get("/api/v1/leads").json()
    mine = {"title": "Ma source", "promoted": "2026-06-01T08:00:00Z", "health": "à jour"}
    assert found["sources"] == {"mine": mine}
    results = site.page("/recherche")
    assert words(results, "//p[contains(@class,'fraicheur')]") == (
        "Source de cette page : Ma source (reçue il y a 1 h). État des sources"
    )


def test_a_search_answers_when_the_record_is_away(
    site: Site, lead: LeadFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.app.state.engine.put(site.store.save([lead(source="mine")]))

    def away(*_: Any) -> None:
        raise OperationalError("SELECT", {}, Exception("away"))

    event.listen(site.store.engine, "before_cursor_execute", away)
    found = site.client.get("/api/v1/leads").json()
    assert (found["total"], found["sources"]) == (1, {})
    assert site.client.get("/recherche").status_code == 200
    assert site.client.get("/statut").status_code == 503
    assert site.client.get("/api/v1/sources").status_code == 503
    event.remove(site.store.engine, "before_cursor_execute", away)
    assert site.client.get("/statut").status_code == 200


def test_answers_keep_what_was_last_read_while_the_record_is_away(
    site: Site, lead: LeadFactory
) -> None:
    board: Board = site.app.state.board
    board.read()

    def away(*_: Any) -> None:
        raise OperationalError("SELECT", {}, Exception("away"))

    event.listen(site.store.engine, "before_cursor_execute", away)
    site.now = NOW + HOUR
    assert list(board.known(["mine", "rien"])) == ["mine"]


def test_answers_do_not_wait_for_a_reading_under_way(site: Site) -> None:
    board: Board = site.app.state.board
    with board._lock:
        assert board.known(["mine"]) == {}


def days(*received: int) -> list[Day]:
    return [Day((NOW - n * DAY).date(), items, 0, items > 0) for n, items in enumerate(received)]


def test_a_month_is_drawn_and_told_in_words() -> None:
    drawn = sparkline(days(40, 0, 5, 60), (10, 50))
    assert drawn is not None
    assert drawn.text.replace("\u202f", " ").replace("\u00a0", " ") == (
        "105 avis reçus en 4 jours, au plus 60 le 29 mai 2026 ; 2 jours hors de l’attendu "
        "(de 10 à 50 par envoi)"
    )
    assert [bar.odd for bar in drawn.bars] == [False, False, True, True]
    assert max(bar.height for bar in drawn.bars) == HEIGHT
    assert drawn.floor == HEIGHT - 5


def test_a_source_that_brought_nothing_has_no_drawing() -> None:
    assert sparkline(days(0, 0), (10, 50)) is None


def test_without_anything_expected_nothing_is_odd() -> None:
    drawn = sparkline(days(1, 9_000), (0, 0))
    assert drawn is not None
    assert not any(bar.odd for bar in drawn.bars)
    assert drawn.floor is None
