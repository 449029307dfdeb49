"""Monitors: each says in one sentence what a person should look at, and is silent otherwise."""

from collections import Counter
from datetime import date, timedelta
from typing import Any

import pytest

from ingest.crawl import Crawl, Fault
from ingest.looked import FIELDS, Days, Look
from ingest.monitors import CONTENT_MONITORS, TITLES, Facts, Past, check, watched
from ingest.source import Source

DAY = date(2026, 6, 1)


def page(expected: tuple[int, int] = (0, 0), **collect: Any) -> Source:
    return Source.model_validate(
        {
            "name": "essai",
            "title": "Flux d'essai",
            "publisher": "Chambre d'essai",
            "licence": "CC BY 4.0",
            "url": "https://example.org",
            "formats": ["tabular"],
            "expected": expected,
            "collect": {"spider": "files", "address": "https://example.org/a.csv", **collect},
        }
    )


def looked(notices: int = 30, quarantined: int = 0, **fields: int) -> Look:
    """Documents of notices with all fields, but for those that fewer have."""
    counts = Counter({name: fields.get(name, notices) for name in FIELDS})
    reasons = Counter({"Ligne illisible": quarantined} if quarantined else {})
    return Look(1, notices + quarantined, quarantined, fields=counts, reasons=reasons)


def dated(*, default: int = 0, ahead: int = 0, unread: int = 0, plain: int = 0) -> Days:
    days = Counter({DAY - timedelta(days=n % 9): 1 for n in range(plain + ahead)})
    return Days(default + ahead + unread + plain, default, unread, ahead, days)


def facts(
    look: Look | None = None,
    source: Source | None = None,
    past: int = 0,
    usual: Past | None = None,
    days: int = 3,
    **crawl: Any,
) -> Facts:
    """A crawl that went well, unless said otherwise, after ``past`` collections like ``usual``."""
    found = looked() if look is None else look
    usual = usual or Past(30, 30, 10, dict.fromkeys(FIELDS, 1.0))
    told = {"reason": "finished", "items": found.received, "pages": 10, "requests": 10} | crawl
    since = DAY - timedelta(days=days - 1)
    return Facts(source or page(), Crawl(**told), found, [usual] * past, since, DAY)


def said(given: Facts) -> dict[str, str]:
    return check(given, watched(asked=True))


def test_a_collection_that_went_well_is_let_in() -> None:
    assert said(facts(past=5)) == {}


def test_a_crawl_that_stopped_is_said_with_its_reason_and_its_place() -> None:
    where = Fault(address="https://example.org/p7", reason="unavailable", detail="HTTP 500")
    [(kind, sentence)] = said(facts(reason="unavailable", errors=(where,))).items()
    assert kind == "ended"
    assert sentence == (
        "Collecte incomplète, après 10 réponses et 30 avis : le service ne répond pas correctement"
        " (https://example.org/p7, HTTP 500)."
    )


def test_a_service_that_announces_more_than_it_gives_is_said() -> None:
    assert said(facts(declared=30)) == {}
    assert said(facts(declared=31)) == {
        "short": "Le service annonce 31 éléments et n’en a donné que 30."
    }


@pytest.mark.parametrize(
    ("low", "high", "said_so"), [(31, 90, True), (1, 29, True), (1, 30, False)]
)
def test_a_volume_out_of_the_source_page_is_said(low: int, high: int, said_so: bool) -> None:
    assert ("volume" in said(facts(source=page((low, high))))) is said_so


def test_a_collection_of_a_month_may_bring_ten_times_the_usual() -> None:
    source = page((1, 10), overlap_days=2)
    assert "volume" in said(facts(source=source, days=3))
    assert "volume" not in said(facts(source=source, days=30))


def test_an_unchanged_feed_is_not_an_empty_one() -> None:
    nothing = facts(Look(), page((10, 90)), past=5, pages=0, items=0, requests=1)
    assert set(said(nothing)) == {"volume", "empty", "paging"}
    same = facts(Look(), page((10, 90)), past=5, pages=0, items=0, requests=1, unchanged=1)
    assert said(same) == {}


def test_a_list_of_nothing_but_known_notices_is_unchanged() -> None:
    assert said(facts(Look(), page((10, 90)), past=5, items=40, declared=40, unchanged=40)) == {}


def test_a_feed_suddenly_empty_is_said_but_not_one_that_often_is() -> None:
    assert "empty" in said(facts(Look(1), past=3))
    often = Past(0, 0, 1, {})
    assert "empty" not in said(facts(Look(1), past=3, usual=often))


def test_a_first_collection_without_anything_is_said() -> None:
    assert "l’adresse ou ses dates" in said(facts(Look(1)))["empty"]


def test_pages_that_repeat_themselves_are_said() -> None:
    look = looked(30)
    look.repeated = 20
    assert said(facts(look))["paging"].startswith("Les pages se répètent : 20 avis sur 30")
    look.repeated = 10
    assert said(facts(look)) == {}


def test_a_pagination_that_dies_early_is_said() -> None:
    assert said(facts(past=3, pages=2))["paging"].endswith("2 pages, contre 10 d’ordinaire.")
    assert said(facts(past=2, pages=2)) == {}
    assert said(facts(past=3, pages=3)) == {}


def test_too_many_details_that_could_not_be_had_are_said() -> None:
    gone = Fault(address="https://example.org/1", reason="absent", detail="HTTP 404")
    told = said(facts(looked(94), items=100, missed=(gone,) * 6))
    assert told["missed"].startswith("6 avis sur 100 n’ont pu être obtenus")
    assert said(facts(looked(95), items=100, missed=(gone,) * 5)) == {}
    assert said(facts(looked(8), items=10, missed=(gone,) * 2)) == {}


def test_a_service_about_to_break_is_said() -> None:
    assert "30 %" in said(facts(requests=10, retries=3))["failing"]
    assert said(facts(requests=10, retries=2)) == {}
    assert said(facts(requests=3, retries=2)) == {}


def test_a_web_page_instead_of_data_is_said() -> None:
    look = looked()
    look.web_pages = 1
    assert "anti-robot" in said(facts(look))["web_page"]


def test_too_much_that_cannot_be_read_is_said_with_the_usual_reason() -> None:
    assert "4 fois : Ligne illisible" in said(facts(looked(30, 4)))["quarantined"]
    assert said(facts(looked(30, 3))) == {}
    assert said(facts(looked(5, 2))) == {}
    assert "quarantined" in said(facts(looked(0, 2)))


def test_a_field_under_the_floor_of_the_source_page_is_said() -> None:
    source = page(coverage={"deadline": 0.8, "title": 1})
    sentence = said(facts(looked(10, deadline=7), source))["uncovered"]
    assert sentence == "Champs manquants : 70 % des avis ont une date limite, au lieu de 80 %."
    assert said(facts(looked(10, deadline=8), source)) == {}


def test_a_field_much_rarer_than_before_is_said() -> None:
    sentence = said(facts(looked(20, buyer=13), past=3))["fallen"]
    assert sentence == "Champs en chute : 65 % des avis ont un acheteur, contre 100 % d’ordinaire."
    assert said(facts(looked(20, buyer=14), past=3)) == {}
    assert said(facts(looked(20, buyer=13), past=2)) == {}
    assert said(facts(looked(19, buyer=0), past=3)) == {}


def test_dates_of_1970_are_said() -> None:
    look = looked()
    look.deadline = dated(default=4, plain=26)
    assert said(facts(look))["default_dates"].startswith("4 sur 30 des dates limites")
    look.deadline = dated(default=2, plain=8)
    assert said(facts(look)) == {}


def test_a_month_of_notices_all_of_one_day_is_said() -> None:
    look = looked()
    look.published = Days(30, days=Counter({DAY: 30}))
    assert "01/06/2026" in said(facts(look, days=30))["one_day"]
    assert said(facts(look, days=3)) == {}


def test_dates_in_the_future_are_said() -> None:
    look = looked()
    look.published = dated(ahead=5, plain=25)
    assert "l’ordre du jour et du mois" in said(facts(look))["ahead"]
    look.published = dated(ahead=2, plain=10)
    assert said(facts(look)) == {}


def test_dates_no_longer_understood_are_said() -> None:
    look = looked()
    look.published = dated(unread=10, plain=20)
    assert "10 sur 30" in said(facts(look))["unread_dates"]


def test_files_that_somebody_brings_are_not_asked_about_the_network() -> None:
    stopped = facts(looked(1), page((5, 9)), reason="interrupted", declared=90)
    assert not set(check(stopped, CONTENT_MONITORS)) & {"ended", "short"}
    brought = facts(looked(1), page((5, 9)), reason="brought")
    assert set(check(brought, CONTENT_MONITORS)) == {"volume"}


def test_every_monitor_has_a_name_for_people() -> None:
    assert set(watched(asked=True)) < set(TITLES)
