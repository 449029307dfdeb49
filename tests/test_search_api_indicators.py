"""« /indicateurs » and /api/v1/indicateurs: the same honest figures for people and machines."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from conftest import NOW, LeadFactory, words
from fastapi.testclient import TestClient
from lxml import html
from rows import HOUR, ingested, written
from sqlalchemy import event, insert, update

from index import interest, usefulness_tables
from index.ballot import VERDICTS
from index.lead import Lead, LeadCode, LeadText
from index.settings import Settings
from index.store import LeadStore
from index.tables import collection
from index.usefulness_tables import vote
from search_api.app import create_app
from search_api.bars import chart
from search_api.coverage_map import legend, thresholds

HOSTILE = '"><img src=x onerror=alert(1)></svg><script>alert(2)</script>\u202e'
NAME = HOSTILE.replace("\u202e", "")
PAGE = f"""
name: mine
title: '{NAME}'
publisher: P
country: TD
licence: l
formats: [ocds]
url: https://a.test
"""


class Site:
    """The whole site on a record of its own."""

    def __init__(self, folder: Path) -> None:
        (folder / "pages").mkdir()
        (folder / "pages" / "mine.yml").write_text(PAGE, "utf-8")
        settings = Settings(data=folder / "data", sources=folder / "pages", database_url="")
        self.app = create_app(settings, clock=lambda: NOW)
        self.store: LeadStore = self.app.state.store
        self.client = TestClient(self.app, follow_redirects=False)

    def page(self, path: str = "/indicateurs", status: int = 200) -> html.HtmlElement:
        answer = self.client.get(path)
        assert answer.status_code == status, answer.text
        return html.document_fromstring(answer.text)

    def told(self, **filters: str) -> dict[str, Any]:
        answer = self.client.get("/api/v1/indicateurs", params=filters)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    opened = Site(tmp_path)
    yield opened
    opened.store.close()


@pytest.fixture
def world(lead: LeadFactory) -> list[Lead]:
    """Seven foreign leads, five of the last twelve months; a French one, an example, a proposal."""
    given = (LeadCode(scheme="CPV", code="39160000"),)
    guessed = (LeadCode(scheme="HS", code="940360", score=0.8, method="model"),)
    furniture, health = ("mobilier-amenagement",), ("sante", "mobilier-amenagement")
    april = NOW - timedelta(days=40)
    return [
        lead(sectors=furniture, codes=given, euros=10.0),
        lead(sectors=furniture, codes=guessed, published=april),
        lead(country="PE", sectors=health, codes=given, days=None),
        lead(country="PE", published=april, source="us-state"),
        lead(country="", source="us-state"),
        lead(country="PE", published=NOW - timedelta(days=800)),
        lead(published=None),
        lead(country="FR", domestic=True),
        lead(fictitious=True),
        lead(status="proposed"),
    ]


def table(tree: html.HtmlElement, section: str) -> dict[str, list[str]]:
    """Head of each row → its cells, without the drawing."""
    lines = tree.xpath(f"//section[@aria-labelledby='{section}']//table//tr[position()>0]")
    return {
        words(line, "th"): [words(one, ".") for one in line.xpath("td")][1:]
        for line in lines
        if line.xpath("td")
    }


def test_the_tables_are_what_one_counts_by_hand(site: Site, world: list[Lead]) -> None:
    site.store.save(world)
    tree = site.page("/indicateurs?du=2026-04&au=2026-05")
    assert table(tree, "secteurs") == {
        "Mobilier et équipement de la maison et du bureau": ["1", "1", "2"],
        "Secteur inconnu": ["1", "1", "2"],
        "Santé et dispositifs médicaux": ["0", "1", "1"],
        "Ensemble": ["2", "3", "5"],
    }
    assert table(tree, "pays") == {
        "Allemagne": ["1", "1", "2"],
        "Pérou": ["1", "1", "2"],
        "Pays inconnu": ["0", "1", "1"],
        "Ensemble": ["2", "3", "5"],
    }
    assert "5 leads de avr. 2026 à mai 2026" in words(tree)
    assert "1 lead sans date de publication n’entre dans aucune période" in words(tree)


@pytest.mark.parametrize(
    "filters",
    [{}, {"pays": "PE"}, {"secteur": "sante"}, {"du": "2020-01"}, {"pays": "PE", "du": "2024-01"}],
    ids=["all", "country", "sector", "years", "country and years"],
)
def test_every_table_adds_up_to_the_number_of_leads_told(
    site: Site, world: list[Lead], filters: dict[str, str]
) -> None:
    site.store.save(world)
    told = site.told(**filters)
    for name in ("sectors", "countries"):
        rows = told[name]
        assert sum(one["total"] for one in rows) == told["total"] > 0
        assert [sum(cells) for cells in zip(*(r["leads"] for r in rows), strict=True)] == told[
            "leads"
        ]
    assert sum(told["leads"]) == sum(one["leads"] for one in told["sources"]) == told["total"]
    for one in told["sources"]:
        assert sum(one["codes"].values()) == one["leads"]
    if "pays" not in filters:
        nowhere = sum(one["total"] for one in told["countries"] if not one["code"])
        assert sum(one["leads"] for one in told["coverage"]) + nowhere == told["total"]


def test_the_last_twelve_months_are_told_without_a_choice(site: Site, world: list[Lead]) -> None:
    site.store.save(world)
    told = site.told()
    assert (told["columns"][0], told["columns"][-1], told["total"]) == ("2025-07", "2026-06", 5)
    assert (told["all_leads"], told["undated"], told["since"]) == (7, 1, "2024-03")


def test_page_and_api_tell_the_same(site: Site, world: list[Lead]) -> None:
    site.store.save(world)
    told = site.told(du="2026-01", au="2026-06")
    cells = table(site.page("/indicateurs?du=2026-01&au=2026-06"), "pays")
    expected = {
        row["label"]: [*map(str, row["leads"]), str(row["total"])] for row in told["countries"]
    }
    assert {name: line for name, line in cells.items() if name != "Ensemble"} == expected


def test_a_base_of_examples_says_so_everywhere(site: Site, lead: LeadFactory) -> None:
    site.store.save([lead(fictitious=True)])
    tree = site.page()
    assert "aucun ne mesure une demande réelle" in words(tree, "//p[@class='avis']")
    assert words(tree, "//title").startswith("Indicateurs (exemples)")
    captions = tree.xpath("//main//caption")
    assert len(captions) == 4
    assert all("exemple" in words(one, ".") for one in captions)
    assert site.told()["examples"]


def test_real_leads_put_examples_aside(site: Site, lead: LeadFactory) -> None:
    site.store.save([lead(fictitious=True), lead()])
    told = site.told()
    assert (told["examples"], told["total"]) == (False, 1)
    assert "exemple" not in words(site.page())


def test_an_empty_base_is_told_as_such(site: Site) -> None:
    tree = site.page()
    assert "Aucun lead publié dans cette période" in words(tree)
    assert not tree.xpath("//table[@class='croise']")
    assert site.told()["total"] == 0


def test_a_country_without_source_is_told_so(site: Site, world: list[Lead]) -> None:
    site.store.save(world)
    standing = {one["code"]: one["standing"] for one in site.told()["coverage"]}
    assert "FR" not in standing
    assert [standing[code] for code in ("DE", "PE", "TD", "AU", "TV")] == [
        "leads", "leads", "sources", "sources", "aucune",
    ]  # fmt: skip
    standing = {
        one["code"]: one["standing"] for one in site.told(du="2026-04", au="2026-04")["coverage"]
    }
    assert standing["DE"] == "leads"
    titles = site.page().xpath("//figure//title/text()")
    assert "Tuvalu : aucune source" in [one.replace("\u202f", " ") for one in titles]


def test_each_country_is_on_the_map_and_in_the_table(site: Site, world: list[Lead]) -> None:
    site.store.save(world)
    tree = site.page()
    coverage = site.told()["coverage"]
    lines = tree.xpath("//details[@id='tableau-couverture']//tbody/tr")
    assert len(lines) == len(coverage) > 230
    links = tree.xpath("//figure//a/@aria-label")
    assert sorted(links) == ["Allemagne\u202f: 2\u00a0leads", "Pérou\u202f: 2\u00a0leads"]
    assert len(tree.xpath("//figure/svg/*[not(self::title or self::defs)]")) == 251


def test_the_table_of_coverage_is_sorted_by_links(site: Site, world: list[Lead]) -> None:
    site.store.save(world)
    first = lambda tree: words(tree.xpath("//details//tbody/tr")[0], "th")  # noqa: E731
    tree = site.page("/indicateurs?secteur=sante")
    assert first(tree) == "Pérou"
    links = tree.xpath("//details//thead//a/@href")
    assert all("secteur=sante" in one and one.endswith("#couverture") for one in links)
    assert first(site.page(links[0])) == "Afghanistan"
    assert site.page(links[0]).xpath("//details[@open]")


def test_delays_and_shares_are_told_by_source(site: Site, world: list[Lead]) -> None:
    site.store.save(world)
    for hours in (1, 2, 9):
        number = ingested(site.store, "ted", HOUR)
        written(site.store, collection, source="ted", run=number, started=NOW - (hours + 1) * HOUR)
    written(site.store, collection, source="ted", state="held")
    [ted, _] = site.told()["sources"]
    assert ted["collecting"] == {"median": 2.0, "p90": 7.6}
    assert ted["to_record"] is None
    assert ted["codes"] == {"checked": 0, "given": 2, "deduced": 0, "guessed": 1, "none": 0}
    assert (ted["leads"], ted["deadline"], ted["value"], ted["country"]) == (3, 2, 1, 3)
    [line, _] = site.page().xpath("//section[@aria-labelledby='delais']//tbody/tr")
    assert [words(one, ".") for one in line.xpath("td")] == [
        "3", "non mesuré", "2 h p90 7 h", "67 %", "0 %", "33 %", "0 %", "0 %", "67 %", "33 %",
        "100 %",
    ]  # fmt: skip


def people(site: Site, words: dict[str, int], at: datetime) -> None:
    """So many say each of these: a vote for a verdict, else an interest in this state."""
    voted = {
        "reason": "",
        "changes": 0,
        "counted": True,
        "network": "",
        "rule": "",
        "source": "ted",
    }
    moments = {"first": at, "at": at}
    facts = {"country": "DE", "facts": '{"sectors": ["sante", "energie"]}'}
    with site.store.writing() as connection:
        for what, count in words.items():
            for n in range(count):
                if what in VERDICTS:
                    who = {"lead": "0" * 16, "voter": f"{what}{n}{at}", "verdict": what}
                    connection.execute(insert(vote).values(**voted, **moments, **facts, **who))
                else:
                    token = interest.begin(connection, interest.Company("A"), f"{n}", at)
                    asked = update(usefulness_tables.interest).values(state=what)
                    one = Lead(id="1" * 16, texts=(LeadText(language="fr", title="t"),))
                    made = interest.add(connection, token, one, "t", at)
                    connection.execute(asked.where(usefulness_tables.interest.c.id == made.number))


def test_what_people_say_is_told_by_month_and_never_below_five(site: Site) -> None:
    may, june = NOW - timedelta(days=3), NOW - timedelta(hours=1)
    people(site, {"utile": 7, "hors-sujet": 4, "gagne": 5, "perdu": 1}, may)
    people(site, {"utile": 9}, june)
    said = site.told(du="2026-04", au="2026-06")["said"]
    assert said["months"] == ["2026-04", "2026-05"]
    told = {one["what"]: one["counts"] for one in said["votes"] + said["follow_ups"]}
    assert (told["utile"], told["hors-sujet"], told["frauduleux"]) == ([0, 7], [0, None], [0, 0])
    assert (told["gagne"], told["perdu"], told["abandonne"]) == ([0, 5], [0, None], [0, 0])
    tree = site.page("/indicateurs?du=2026-04&au=2026-06")
    assert words(tree, "//caption[@id='legende-avis']/..//tbody/tr[2]") == "Hors sujet0moins de 5"


def test_filters_do_not_cut_what_people_say(site: Site) -> None:
    """Otherwise the difference of two choices would tell what is hidden."""
    people(site, {"utile": 7, "hors-sujet": 4}, NOW - timedelta(days=3))
    every = site.told()["said"]
    assert site.told(secteur="sante")["said"] == site.told(pays="PE")["said"] == every
    assert len(site.told(du="2000-01")["said"]["months"]) == 24


def test_nothing_said_is_told_as_such(site: Site) -> None:
    section = "//section[@aria-labelledby='utilite']"
    assert words(site.page(), section).count("aucun dans les mois complets") == 2
    assert site.told(du="2026-06", au="2026-06")["said"]["months"] == []


@pytest.mark.parametrize(
    "wrong",
    [
        "du=2026-13",
        "du=mai",
        "au=9999-01",
        "du=2026-06&au=2026-05",
        "secteur=x",
        "pays=Ailleurs",
        "du=2026-1",
    ],
)
def test_a_wrong_filter_is_refused_in_words(site: Site, wrong: str) -> None:
    assert "incorrect" in words(site.page(f"/indicateurs?{wrong}", 400)).lower()
    answer = site.client.get(f"/api/v1/indicateurs?{wrong}")
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")


def test_empty_choices_of_the_form_are_none(site: Site, world: list[Lead]) -> None:
    site.store.save(world)
    assert "5 leads de" in words(site.page("/indicateurs?secteur=&pays=&du=&au=&autre=1"))


def test_many_countries_are_summed_until_one_asks(site: Site, lead: LeadFactory) -> None:
    codes = "DE PE PL IT ES PT BE NL LU AT CH GB IE US CA MX BR AR CL CO UY BO".split()
    site.store.save([lead(country=code) for code in codes])
    rows = table(site.page(), "pays")
    assert (len(rows), rows["2 autres pays"][-1], rows["Ensemble"][-1]) == (22, "2", "22")
    assert len(table(site.page("/indicateurs?tous=1"), "pays")) == 23


def test_hostile_names_of_sources_stay_words(site: Site, lead: LeadFactory) -> None:
    site.store.save([lead(source="mine", country="TD", buyer=HOSTILE, title=HOSTILE)])
    tree = site.page()
    assert not tree.xpath("//main//img | //script | //@style | //@*[starts-with(name(),'on')]")
    assert "<script>alert(2)</script>" in words(tree)


def test_the_record_is_not_read_again_for_what_was_counted(site: Site, world: list[Lead]) -> None:
    site.store.save(world)
    site.page()
    asked: list[str] = []
    event.listen(site.store.engine, "before_cursor_execute", lambda *args: asked.append(args[2]))
    site.page()
    assert [one for one in asked if "body" in one] == []
    assert len(asked) <= 3
    site.store.save(world[:1])
    assert site.told()["total"] == 5


def test_machines_ask_whether_something_changed(site: Site, world: list[Lead]) -> None:
    site.store.save(world)
    tag = site.client.get("/api/v1/indicateurs").headers["etag"]
    same = site.client.get("/api/v1/indicateurs", headers={"If-None-Match": tag})
    assert (same.status_code, same.content) == (304, b"")
    site.store.save(world[:1])
    assert site.client.get("/api/v1/indicateurs", headers={"If-None-Match": tag}).status_code == 200


@pytest.mark.parametrize(
    ("most", "expected"),
    [
        (0, ()),
        (1, (1,)),
        (40, (1, 3, 10, 30)),
        (5_000, (1, 10, 100, 1_000)),
        (10**6, (1, 100, 1_000, 10_000, 100_000)),
    ],
)
def test_the_steps_of_colour_are_five_at_most(most: int, expected: tuple[int, ...]) -> None:
    assert thresholds(most) == expected
    assert len(legend(expected)) == len(expected) + 3


def test_one_lead_among_thousands_is_seen() -> None:
    drawn = chart([0, 1, 5_000])
    assert [bar.height for bar in drawn.bars] == [0, 1.5, 150]
    assert all(bar.y + bar.height == drawn.floor for bar in drawn.bars)
