"""Among leads that answer alike, the fresher first; never before one that answers better."""

from datetime import datetime, timedelta

import numpy as np
import pytest
from conftest import LeadFactory

from index.engine import SearchEngine
from index.query import Query, Results
from index.ranking import FRESH, freshness

DAY, NOW = 86_400, 20_000 * 86_400


def gain(age: float, left: float | None, on_offer: bool = True) -> float:
    published, deadline = int(NOW - age * DAY), 0 if left is None else int(NOW + left * DAY)
    expires = NOW + DAY if on_offer else NOW - DAY
    one = [np.array([moment], np.int64) for moment in (published, deadline, expires)]
    return float(freshness(*one, NOW)[0])


def titles(results: Results) -> list[str]:
    return [hit.lead.title for hit in results.hits]


def test_the_gain_shrinks_with_age_and_ends() -> None:
    assert gain(0, 20) == FRESH
    assert gain(0, 20) > gain(5, 20) > gain(20, 20) > 0
    assert gain(30, 20) == gain(4_000, 20) == 0
    assert gain(0, None) == FRESH


def test_a_publication_to_come_gains_no_more_than_one_of_today() -> None:
    assert gain(-500, 20) == FRESH


@pytest.mark.parametrize(("left", "on_offer"), [(-1, False), (-1, True), (2, True), (20, False)])
def test_what_cannot_be_answered_in_time_gains_nothing(left: float, on_offer: bool) -> None:
    assert gain(0, left, on_offer) == 0


def test_of_two_leads_that_answer_alike_the_fresher_comes_first(
    engine: SearchEngine, lead: LeadFactory, now: datetime
) -> None:
    old = lead("vin rouge", published=now - timedelta(days=28))
    engine.put([old, lead("vin rouge", country="AT", published=now)])
    hits = engine.search(Query("vin rouge"), now).hits
    assert [hit.lead.country for hit in hits] == ["AT", "DE"]
    assert hits[0].reasons.freshness == FRESH


def test_a_fresh_lead_never_passes_one_that_answers_better(
    engine: SearchEngine, lead: LeadFactory, now: datetime
) -> None:
    good = lead("Mobilier scolaire", cpv="39160000", published=now - timedelta(days=200))
    engine.put([good, lead("Mobilier de bureau", cpv="39130000", published=now)])
    assert titles(engine.search(Query("mobilier scolaire"), now))[0] == "Mobilier scolaire"


def test_expired_leads_keep_the_order_of_their_relevance(
    engine: SearchEngine, lead: LeadFactory, now: datetime
) -> None:
    engine.put([lead("vin", days=-1, published=now - timedelta(days=n)) for n in (20, 2)])
    hits = engine.search(Query("vin", include_expired=True), now).hits
    assert [hit.reasons.freshness for hit in hits] == [0, 0]
    assert hits[0].score == hits[1].score


def test_the_same_moment_gives_the_same_scores(
    engine: SearchEngine, lead: LeadFactory, now: datetime
) -> None:
    engine.put([lead(f"vin {n}", published=now - timedelta(hours=7 * n)) for n in range(9)])
    once, again = (engine.search(Query("vin"), now).hits for _ in range(2))
    assert [hit.score for hit in once] == [hit.score for hit in again]
