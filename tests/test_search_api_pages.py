"""The French pages, as a browser without JavaScript receives them."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from urllib.parse import parse_qs, parse_qsl, quote, urlsplit

import pytest
from conftest import words
from fastapi import Request
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar
from lxml import html

from index.lead import Change, Lead, LeadCode, LeadText, Provenance, Value
from index.query import Query
from index.settings import Settings
from search_api.app import create_app
from search_api.links import PAGE, address, pairs
from search_api.pages import paginate
from search_api.params import query_params

HOSTILE = '"><img src=x onerror=alert(1)><script>alert(2)</script>\u202e \r\nBEGIN:VEVENT'
Site = Callable[..., TestClient]


@pytest.fixture
def site(tmp_path: Path, now: datetime) -> Iterator[Site]:
    """Opens the whole site on a record that holds the given leads."""
    app = create_app(Settings(data=tmp_path), clock=lambda: now)

    def opened(*leads: Lead) -> TestClient:
        app.state.engine.put(app.state.store.save(leads))
        return TestClient(app, follow_redirects=False)

    yield opened
    app.state.store.close()


def page(site: TestClient, path: str, status: int = 200) -> html.HtmlElement:
    """The page at this address, parsed; also what every page owes its readers."""
    answer = site.get(path)
    assert answer.status_code == status, answer.text
    tree = html.document_fromstring(answer.text)
    assert tree.get("lang") == "fr"
    assert len(tree.xpath("//h1")) == 1
    assert not tree.xpath(
        "//script[not(@src)] | //style | //@style | //@*[starts-with(name(),'on')]"
    )
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    return tree


def titles(tree: html.HtmlElement) -> list[str]:
    return [words(one, ".") for one in tree.xpath("//ol[@class='leads']//h2")]


def test_the_home_page_of_an_empty_base_says_so(site):
    home = page(site(), "/")
    assert "La base est vide" in words(home)
    assert home.xpath("//form[@action='/recherche']//input[@name='q']")


def test_the_home_page_counts_open_leads_by_sector_and_shows_the_freshest(site, lead, now):
    old = lead("Alt", sectors=("batiment",), published=now - timedelta(days=9))
    new = lead("Neu", sectors=("batiment",), published=now - timedelta(days=1))
    home = page(site(old, new), "/")
    sectors = home.xpath("//ul[@class='secteurs']/li")
    assert [words(one, ".").split()[-1] for one in sectors] == ["2"]
    assert [words(one, ".") for one in home.xpath("//h3")] == ["Neu", "Alt"]


def test_a_base_of_old_notices_still_shows_its_sectors_and_says_they_are_past(site, lead):
    home = page(site(lead(days=-20, sectors=("batiment",))), "/")
    assert "Aucun lead n’est ouvert en ce moment" in words(home)
    assert home.xpath("//ul[@class='secteurs']//a/@href") == ["/recherche?secteur=batiment&echus=1"]


def test_a_search_shows_title_country_deadline_and_reasons(site, lead):
    found = lead(
        "Lieferung von Schulmöbeln", cpv="39160000", buyer="Stadt Köln", euros=1_240_000, days=30,
    )  # fmt: skip
    results = page(site(found), "/recherche?q=mobilier+scolaire")
    assert titles(results) == ["Lieferung von Schulmöbeln"]
    text = words(results, "//article")
    for expected in (
        "Allemagne", "Stadt Köln", "Ouvert", "Échéance le 1er juillet 2026", "dans 30 jours",
        "1,2 M€", "Mobilier scolaire", "Pourquoi ce résultat",
    ):  # fmt: skip
        assert expected in text
    assert words(results, "//h1") == "1 lead ouvert pour « mobilier scolaire »"


def test_when_nothing_is_open_the_past_leads_are_shown_as_such(site, lead):
    old = [lead(f"Schulmöbel {n}", cpv="39160000", days=-40) for n in range(3)]
    results = page(site(*old), "/recherche?q=mobilier+scolaire")
    heading = words(results, "//h1")
    assert heading == "Aucun lead ouvert ; 3 leads échus correspondent à « mobilier scolaire »"
    assert len(titles(results)) == 3
    assert words(results, "//article").count("Échu ") == 3


def test_when_nothing_matches_at_all_the_page_says_what_to_try(site, lead):
    results = page(site(lead()), "/recherche?pays=DE&source=rien")
    assert words(results, "//h1") == "Aucun lead ne correspond"
    assert "retirer un filtre" in words(results, "//div[@class='vide']")


@pytest.mark.parametrize(
    ("stage", "badge"), [("awarded", "Attribué"), ("cancelled", "Annulé"), ("planned", "Annoncé")]
)
def test_each_stage_has_its_badge(site, lead, stage, badge):
    results = page(site(lead(stage=stage)), "/recherche?echus=1")
    assert badge in words(results, "//article//span[starts-with(@class,'signe')]")


def test_an_example_is_marked_fictitious_wherever_it_is_shown(site, lead):
    example = lead(fictitious=True)
    visited = site(example)
    assert "Exemple fictif" in words(page(visited, "/recherche"), "//article")
    assert "Exemple fictif." in words(page(visited, f"/leads/{example.id}"))


def test_a_title_says_its_language_and_direction(site, lead):
    results = page(site(lead("توريد أثاث مدرسي", language="ar", country="TN")), "/recherche")
    (title,) = results.xpath("//h2")
    assert (title.get("lang"), title.get("dir")) == ("ar", "rtl")


def test_the_french_version_of_the_source_comes_first(site, lead):
    both = lead(
        texts=(
            LeadText(language="nl", title="Levering van meubilair"),
            LeadText(language="fr", title="Fourniture de mobilier", text="Tables et chaises."),
        )
    )
    visited = site(both)
    results = page(visited, "/recherche")
    assert titles(results) == ["Fourniture de mobilier"]
    assert words(results, "//p[@lang='nl']") == "Levering van meubilair"
    details = page(visited, f"/leads/{both.id}")
    assert details.xpath("//h1/@lang") == ["fr"]
    assert "Tables et chaises." in words(details, "//div[@class='texte'][@lang='fr']")


def test_the_form_keeps_what_was_asked_and_links_remove_it(site, lead):
    visited = site(lead(cpv="39160000"), lead(country="PL", cpv="39160000"))
    results = page(visited, "/recherche?q=mobilier&pays=DE&cpv=39&tri=echeance&echus=1")
    assert results.xpath("//input[@name='q']/@value") == ["mobilier"]
    ticked = {one.get("id") for one in results.xpath("//input[@checked]")}
    assert ticked == {"pays-DE", "cpv-39", "echus"}
    assert results.xpath("//option[@selected]/@value") == ["echeance"]
    links = results.xpath("//ul[@class='actifs']//a/@href")
    assert "/recherche?q=mobilier&cpv=39&echus=1&tri=echeance" in links
    assert words(results, "//label[@for='pays-PL']/..") == "Pologne 1"


def test_every_control_of_the_filters_belongs_to_the_form(site, lead):
    results = page(site(lead()), "/recherche")
    controls = results.xpath("//div[@id='facettes']//*[self::input or self::button]")
    assert controls
    assert {one.get("form") for one in controls} == {"recherche"}


def test_empty_parameters_are_dropped_from_the_address(site):
    answer = site().get("/recherche?q=vin&tri=pertinence&echeance_du=&cpv=&page=1&inconnu=x")
    assert (answer.status_code, answer.headers["location"]) == (303, "/recherche?q=vin")


def test_htmx_is_told_the_short_address_rather_than_sent_there(site):
    answer = site().get("/recherche?q=vin&cpv=", headers={"HX-Request": "true"})
    assert (answer.status_code, answer.headers["hx-push-url"]) == (200, "/recherche?q=vin")


_codes = st.lists(st.sampled_from(["39160000", "39", "03000000", "0311"]), max_size=3, unique=True)


@given(
    st.builds(
        Query,
        text=st.text(st.characters(exclude_categories=["Cs"]), max_size=20).map(str.strip),
        country=st.lists(st.sampled_from(["DE", "CI", "GB"]), max_size=2, unique=True).map(tuple),
        cpv=_codes.map(tuple),
        deadline=st.sampled_from([(), ("d7", "none")]),
        published_from=st.none() | st.dates(date(1990, 1, 1), date(2100, 1, 1)),
        include_expired=st.booleans(),
        sort=st.sampled_from(["relevance", "deadline", "published"]),
        offset=st.integers(0, 49).map(lambda number: number * PAGE),
    )
)
def test_an_address_says_its_query_and_nothing_else(query):
    told = address(query)
    scope = {"type": "http", "query_string": urlsplit(told).query.encode(), "headers": []}
    understood = query_params(Request(scope))
    assert address(understood) == told
    assert list(pairs(understood)) == parse_qsl(urlsplit(told).query, keep_blank_values=True)


@pytest.mark.parametrize(
    "wrong", ["pays=Ailleurs", "echeance_du=hier", "page=0", "page=99999", "etape=x", "cpv=abc"]
)
def test_a_wrong_value_is_refused_with_a_message_and_the_form(site, wrong):
    refused = page(site(), f"/recherche?q=vin&{wrong}", 400)
    assert words(refused, "//p[contains(@class,'avis-erreur')]").startswith(wrong.split("=")[0])
    assert refused.xpath("//input[@name='q']/@value") == ["vin"]


def test_pages_of_results_follow_each_other(site, lead):
    visited = site(*(lead(f"Titel {n}") for n in range(45)))
    second = page(visited, "/recherche?page=2")
    assert len(titles(second)) == 20
    assert second.xpath("//ol[@class='leads']/@start") == ["21"]
    assert second.xpath("//nav//a[@rel='prev']/@href") == ["/recherche"]
    assert second.xpath("//nav//a[@rel='next']/@href") == ["/recherche?page=3"]
    assert words(second, "//nav//a[@aria-current='page'][span]") == "Page 2"
    beyond = page(visited, "/recherche?page=9")
    assert "au-delà du dernier résultat" in words(beyond)


def test_ranked_results_stop_at_a_thousand_and_say_so():
    last = paginate(Query(text="vin", offset=980), total=54_321)
    assert (last.current, last.last, last.following, last.capped) == (50, 50, "", True)
    assert [one.number for one in last.numbers] == [1, 0, 48, 49, 50]
    assert not paginate(Query(offset=980), total=1_000).capped


def test_hostile_words_stay_words(site, lead):
    wicked = lead(
        HOSTILE, text=HOSTILE, buyer=HOSTILE, place=HOSTILE, language='x" onload="y',
        url="javascript:alert(3)", cpv="39160000", source='"><b>', sectors=("<i>",),
        codes=(LeadCode(scheme="HS", code="<u>", score=0.1, method="model", evidence=(HOSTILE,)),),
        value=Value(amount=5, currency="<s>"),
        history=(Change(at=None, key=HOSTILE, stage="open", fields={HOSTILE: (HOSTILE, "")}),),
        provenances=(
            Provenance(
                source="<b>", key=HOSTILE, kind="", stage=None, change="", raw="",
                url="data:text/html,x", published=None, received=datetime(2026, 1, 1, tzinfo=UTC),
            ),
        ),
    )  # fmt: skip
    visited = site(wicked)
    for path in ("/", "/recherche", f"/leads/{wicked.id}", "/a-propos", "/recherche?q=%3Cimg%3E"):
        tree = page(visited, path)
        assert not tree.xpath("//main//img | //main//script | //main//i | //main//s | //main//u")
        assert all(link.startswith(("/", "#", "http")) for link in tree.xpath("//a/@href"))
    assert "onerror=alert(1)" in words(page(visited, "/recherche"), "//h2")


def test_the_page_of_a_lead_says_where_it_comes_from_and_what_changed(site, lead, now):
    told = lead(
        text="Erste Zeile\nZweite Zeile",
        cpv="39161000",
        url="https://ted.europa.eu/x",
        deadline=datetime(2026, 7, 3, 12, tzinfo=timezone(timedelta(hours=-5))),
        value=Value(amount=2_000_000, currency="PLN", euros=466_000, rate_date=date(2026, 5, 29)),
        history=(Change(at=now, key="2-2026", stage="open", fields={"deadline": ("A", "B")}),),
        provenances=(
            Provenance(
                source="ted", key="1-2026", kind="cn", stage="open", change="", raw="00",
                url="https://ted.europa.eu/x", published=now, received=now,
            ),
        ),
    )  # fmt: skip
    text = words(page(site(told), f"/leads/{told.id}"))
    for expected in (
        "3 juillet 2026 à 12:00", "UTC-05:00", "3 juillet 2026 à 19:00 heure de Paris",
        "≈ 466 k€", "2 000 000 PLN", "BCE du 29 mai 2026", "Mobilier pour jardin d’enfants",
        "› Mobilier scolaire", "Échéance : A B", "1-2026", "Licence",
    ):  # fmt: skip
        assert expected in text


def test_a_long_history_is_told_in_french_and_folded(site, lead, now):
    steps = (
        {"stage": ("open", "awarded")},
        {"deadline": ("2026-05-07T17:00:00+02:00", "bientôt")},
        {"value": ("", "120000.00 EUR")},
        {},
    )
    history = tuple(
        Change(at=now, key=str(n), stage="open", fields=fields)
        for n, fields in enumerate((*[{}] * 4, *steps))
    )
    old = lead(history=history)
    tree = page(site(old), f"/leads/{old.id}")
    told = words(tree, "//ol[@class='historique']")
    for expected in (
        "ouvert attribué", "7 mai 2026 à 17:00 (UTC+02:00) bientôt", "120 000 EUR",
        "Aucun changement relevé",
    ):  # fmt: skip
        assert expected in told
    assert words(tree, "//details[ol]/summary") == "3 changements plus anciens"


def test_only_web_addresses_become_links(site, lead):
    visited = site(lead(url="https://x.example/a"), lead(url="javascript:alert(1)"))
    links = [
        page(visited, f"/leads/{n:016x}").xpath("//p[@class='actions']/a[@rel]/@href")
        for n in (1, 2)
    ]
    assert "https://x.example/a" in links[0]
    assert not [link for link in links[1] if "leads" not in link]


def test_a_lead_taken_over_by_another_sends_there(site, lead):
    moved = lead(merged_into="00000000000000aa")
    visited = site(moved)
    for end in ("", "/echeance.ics"):
        answer = visited.get(f"/leads/{moved.id}{end}")
        assert (answer.status_code, answer.headers["location"]) == (301, "/leads/00000000000000aa")


@pytest.mark.parametrize(
    ("status", "code"), [("proposed", 404), ("rejected", 404), ("withdrawn", 410)]
)
def test_a_lead_that_is_not_public_is_not_shown(site, lead, status, code):
    hidden = lead(status=status)
    tree = page(site(hidden), f"/leads/{hidden.id}", code)
    assert "Schulmöbel" not in words(tree)


@pytest.mark.parametrize("path", ["/rien", "/leads/rien", "/leads/rien/echeance.ics"])
def test_an_unknown_page_answers_in_french(site, path):
    assert "Erreur 404" in words(page(site(), path, 404))


def test_the_about_page_lists_sources_with_licence_and_freshness(site, lead):
    about = page(site(lead()), "/a-propos")
    assert "31 mai 2026" in words(about, "//tr[contains(.,'TED')]")
    assert "non auditée" in words(about, "//main//p")


def test_the_deadline_enters_a_calendar(site, lead):
    due = lead(title="Möbel")
    answer = site(due).get(f"/leads/{due.id}/echeance.ics")
    assert answer.headers["content-type"].startswith("text/calendar")
    (event,) = Calendar.from_ical(answer.content).walk("VEVENT")
    assert event["uid"] == f"{due.id}@debouches"
    assert event.decoded("dtstart") == due.deadline
    assert event["summary"].endswith("Möbel")


def test_a_lead_without_deadline_has_no_calendar(site, lead):
    endless = lead(days=None)
    assert site(endless).get(f"/leads/{endless.id}/echeance.ics").status_code == 404


def test_dates_at_the_edge_of_the_calendar_do_not_break_a_page(site, lead):
    edge = lead(
        deadline=datetime(9999, 12, 31, 23, tzinfo=timezone(timedelta(hours=-12))), expires=None
    )
    visited = site(edge)
    assert "31 décembre 9999" in words(page(visited, f"/leads/{edge.id}"))
    assert visited.get(f"/leads/{edge.id}/echeance.ics").status_code == 404


def links(tree: html.HtmlElement, path: str) -> list[dict[str, list[str]]]:
    """What the links under the path ask for: parameter → values."""
    return [parse_qs(urlsplit(one).query) for one in tree.xpath(f"{path}//a/@href")]


def test_a_place_read_in_the_text_is_shown_as_a_filter_and_can_be_removed(site, lead):
    visited = site(lead("vin rouge"), lead("vin Allemagne", country="AT"))
    results = page(visited, "/recherche?q=vin+Allemagne")
    assert titles(results) == ["vin rouge"]
    assert "Retirer le filtre Allemagne, compris comme pays" in words(
        results, "//ul[@class='actifs']"
    )
    removed, cleared = links(results, "//ul[@class='actifs']")
    assert removed == cleared == {"q": ["vin Allemagne"], "litteral": ["Allemagne"]}
    plain = page(visited, "/recherche?q=vin+Allemagne&litteral=Allemagne")
    assert "vin Allemagne" in titles(plain)
    assert not plain.xpath("//ul[@class='actifs']")


def test_a_region_read_in_the_text_is_named_as_such(site, lead):
    results = page(site(lead(country="SN")), "/recherche?q=Afrique+de+l%E2%80%99Ouest")
    assert "Afrique de l’Ouest, compris comme zone" in words(results, "//ul[@class='actifs']")


def test_words_taken_as_they_are_stay_so_when_a_filter_is_ticked(site, lead):
    results = page(site(lead()), "/recherche?q=vin+Allemagne&litteral=Allemagne")
    kept = results.xpath("//input[@name='litteral'][@form='recherche'][@type='hidden']/@value")
    assert kept == ["Allemagne"]


def test_words_taken_as_they_are_are_forgotten_with_the_text_that_held_them(site, lead):
    answer = site(lead()).get("/recherche?q=vin&litteral=Allemagne")
    assert (answer.status_code, answer.headers["location"]) == (303, "/recherche?q=vin")


def test_a_correction_is_told_and_can_be_refused(site, lead):
    visited = site(lead("échafaudage"))
    results = page(visited, "/recherche?q=echaffaudage")
    told = words(results, "//p[@class='lecture']")
    assert told == "Résultats pour « échafaudage ». Chercher plutôt « echaffaudage »"
    assert links(results, "//p[@class='lecture']") == [
        {"q": ["echaffaudage"], "litteral": ["echaffaudage"]}
    ]
    plain = page(visited, "/recherche?q=echaffaudage&litteral=echaffaudage")
    assert not plain.xpath("//p[@class='lecture']")


def test_an_acronym_shows_its_full_words(site, lead):
    told = words(page(site(lead()), "/recherche?q=VRD"), "//p[@class='lecture']")
    assert told == (
        "VRD : recherché aussi comme « voirie et réseaux divers ». Chercher seulement « VRD »"
    )


def test_what_was_read_is_shown_without_harm(site, lead):
    hostile = "<b>Allemagne</b> équipemnt<script>"
    results = page(site(lead(country="AT")), f"/recherche?q={quote(hostile)}")
    assert not results.xpath("//main//b")
    assert "équipement" in words(results, "//p[@class='lecture']")


def test_the_codes_understood_are_told_and_can_be_refused_required_and_taken_back(site, lead):
    visited = site(lead(cpv="39160000"), lead("Bürostühle", cpv="39112000"))
    results = page(visited, "/recherche?q=mobilier+scolaire&pays=DE")
    told = words(results, "//div[@class='compris']")
    assert told.startswith("Compris comme CPV 39160000 Mobilier scolaire")
    asked = {"q": ["mobilier scolaire"], "pays": ["DE"]}
    without, filtered = links(results, "//div[@class='compris']")
    assert without == asked | {"sans_code": ["CPV39160000"]}
    assert filtered == asked | {"cpv": ["3916"]}
    other = page(visited, "/recherche?q=mobilier+scolaire&sans_code=CPV39160000&pays=DE")
    assert "CPV 39160000" not in words(other, "//div[@class='compris']")
    assert "Code écarté : CPV 39160000 Mobilier scolaire" in words(other, "//p[@class='lecture']")
    assert links(other, "//p[@class='lecture']") == [asked]
    kept = other.xpath("//input[@name='sans_code'][@form='recherche'][@type='hidden']/@value")
    assert kept == ["CPV39160000"]


def test_a_code_that_already_filters_is_not_offered_as_a_filter(site, lead):
    results = page(site(lead(cpv="39160000")), "/recherche?q=mobilier+scolaire&cpv=3916")
    assert "filtrer" not in words(results, "//div[@class='compris']")


def test_words_without_product_are_understood_as_no_code(site, lead):
    results = page(site(lead()), "/recherche?q=bonjour+comment+allez+vous")
    assert not results.xpath("//div[@class='compris']")


@pytest.mark.parametrize("written", ["SH940131", "sh 9401 31", "HS:940131"])
def test_a_refused_code_has_one_address_however_it_is_written(site, lead, written):
    answer = site(lead()).get(f"/recherche?q=chaises&sans_code={quote(written)}")
    if answer.status_code == 303:
        assert answer.headers["location"] == "/recherche?q=chaises&sans_code=SH940131"
    else:
        assert written == "SH940131"


def test_a_proposed_code_never_looks_like_a_given_one(site, lead):
    def guessed(score: float, *evidence: str) -> LeadCode:
        return LeadCode(
            scheme="CPV", code="39160000", score=score, method="model", evidence=evidence
        )

    sure, likely = lead(codes=(guessed(0.95, "Schulmöbel"),)), lead(codes=(guessed(0.7),))
    possible = lead(codes=(guessed(0.5),), without_hs=True)
    given_one, hidden = lead("Stühle", cpv="39112000"), lead(codes=(guessed(0.4),))
    visited = site(sure, likely, possible, given_one, hidden)
    told = [
        words(page(visited, f"/leads/{one.id}"), "//section[@aria-labelledby='codes']")
        for one in (sure, likely, possible, given_one)
    ]
    assert "proposé d’après les mots : « Schulmöbel », sûr" in told[0]
    assert "proposé d’après le texte, probable" in told[1]
    assert "proposé d’après le texte, possible" in told[2]
    assert "Sans code SH (service ou travaux)" in told[2]
    assert "donné par la source" in told[3]
    unsure = page(visited, f"/leads/{hidden.id}")
    assert "Mobilier scolaire" not in words(unsure, "//article[contains(@class,'fiche')]")
    cards = page(visited, "/recherche").xpath("//article")
    assert [len(one.xpath(".//span[@class='propose']")) for one in cards].count(1) == 3
    [plain] = [one for one in cards if "Stühle" in one.text_content()]
    assert "proposé" not in plain.text_content()


def test_a_code_that_follows_from_another_says_so(site, lead):
    follows = LeadCode(scheme="HS", code="940360", score=0.8, method="correspondence")
    found = lead(codes=(LeadCode(scheme="CPV", code="39160000"), follows))
    told = words(page(site(found), f"/leads/{found.id}"), "//section[@aria-labelledby='codes']")
    assert "déduit du CPV (correspondance), probable" in told


def test_a_code_that_answers_without_a_word_says_that_it_answers(site, lead):
    found = lead("Lieferung", cpv="09134000")
    told = words(page(site(found), "/recherche?q=carburant+diesel"), "//details[@class='raisons']")
    assert "« Gasoils » : répond à la recherche" in told


def test_a_fresh_lead_says_so(site, lead, now):
    found = lead("vin", published=now - timedelta(days=3), days=20)
    told = words(page(site(found), "/recherche?q=vin"), "//details[@class='raisons']")
    assert "Publié il y a 3 jours, échéance dans 20 jours : un peu remonté" in told


SHEET = """Série PX : pompes à engrenages externes pour circuits hydrauliques.
Cylindrée de 4 à 63 cm³ par tour, pression de service continue jusqu'à 250 bar, « sans fuite ».
Corps en aluminium extrudé, flasques en fonte, paliers à compensation axiale, joints nitrile."""


def test_a_pasted_sheet_becomes_a_search_with_an_address(site, lead):
    visited = site(lead("Hydraulikpumpen", cpv="42122480"), lead(country="PL", cpv="39160000"))
    form = page(visited, "/fiche-produit?pays=DE&q=abc")
    assert form.xpath("//textarea[@name='fiche']")[0].text.strip() == "abc"
    [there] = form.xpath("//form[@method='post']/@action")
    assert there == "/fiche-produit?pays=DE"
    answer = visited.post(there, data={"fiche": SHEET})
    assert answer.status_code == 303
    results = page(visited, answer.headers["location"])
    assert titles(results) == ["Hydraulikpumpen"]
    start = "Série PX : pompes à engrenages externes pour circuits hydrauliques"
    assert words(results, "//h1") == f"1 lead ouvert pour la fiche « {start}… »"
    assert "CPV 4212" in words(results, "//div[@class='compris']")
    again = page(visited, results.xpath("//a[.='Modifier la fiche produit']/@href")[0])
    assert "sans fuite" in again.xpath("//textarea")[0].text


def test_a_sheet_of_twenty_thousand_characters_fits_an_address(site):
    answer = site().post("/fiche-produit", data={"fiche": (SHEET * 100)[:20_000]})
    (_, text), *_ = parse_qsl(urlsplit(answer.headers["location"]).query)
    assert answer.status_code == 303
    assert text.startswith("Série PX : pompes à engrenages")
    assert len(text) <= 2_000


@pytest.mark.parametrize(
    ("text", "status"), [("", 400), (" \n ", 400), ("é" * 20_001, 413), ("🧀" * 90_000, 413)]
)
def test_a_sheet_that_cannot_be_read_is_refused_in_french(site, text, status):
    answer = site().post("/fiche-produit", data={"fiche": text})
    assert answer.status_code == status
    assert "erreur-fiche" in answer.text


@pytest.mark.parametrize("body", [b"", b"\xff=\xfe", b"fiche=%ff%00", b"fiche", b"&" * 2_000])
def test_no_body_makes_the_reading_of_a_sheet_fail(site, body):
    assert site().post("/fiche-produit?pays=Ailleurs", content=body).status_code in (303, 400)


def test_a_hostile_sheet_stays_text(site):
    visited = site()
    answer = visited.post("/fiche-produit", data={"fiche": HOSTILE * 9 + "</textarea><u>"})
    results = page(visited, answer.headers["location"])
    form = page(visited, results.xpath("//a[contains(.,'fiche produit')]/@href")[0])
    for tree in (results, form):
        assert not tree.xpath("//main//img | //main//script | //main//u")
