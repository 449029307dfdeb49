"""What any search engine of ours must answer."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from conftest import LeadFactory

from index.engine import SearchEngine
from index.lead import LeadText, Provenance
from index.query import Query, Results


def titles(results: Results) -> list[str]:
    return [hit.lead.title for hit in results.hits]


def counts(results: Results, facet: str) -> dict[str, int]:
    return {one.value: one.count for one in results.facets[facet]}


def test_a_german_tender_for_school_furniture_answers_a_french_query(
    engine: SearchEngine, lead: LeadFactory, now: datetime
) -> None:
    engine.put([lead("Lieferung von Schulmöbeln", cpv="39160000"), lead("Hausmeisterdienste")])
    assert titles(engine.search(Query("mobilier scolaire"), now)) == ["Lieferung von Schulmöbeln"]


def test_labels_of_the_ancestors_of_a_code_are_words_of_the_lead(
    engine: SearchEngine, lead: LeadFactory, now: datetime
) -> None:
    engine.put([lead("Dostawa tablic", language="pl", cpv="39162110")])
    assert titles(engine.search(Query("mobilier scolaire"), now)) == ["Dostawa tablic"]


@pytest.mark.parametrize("typed", ["éclairage public", "ECLAIRAGE PUBLIC", "éclairages publics"])
def test_accents_case_and_plural_do_not_matter(
    engine: SearchEngine, lead: LeadFactory, now: datetime, typed: str
) -> None:
    engine.put([lead("Rénovation de l’éclairage public", language="fr", country="BE")])
    assert engine.search(Query(typed), now).total == 1


def test_a_phrase_must_be_found_whole(
    engine: SearchEngine, lead: LeadFactory, now: datetime
) -> None:
    engine.put([lead("eau potable"), lead("potable ou eau")])
    assert titles(engine.search(Query('"eau potable"'), now)) == ["eau potable"]


def test_an_excluded_word_is_never_found(
    engine: SearchEngine, lead: LeadFactory, now: datetime
) -> None:
    engine.put([lead("vin rouge"), lead("vin blanc")])
    assert titles(engine.search(Query("vin -blanc"), now)) == ["vin rouge"]


def test_alternatives_are_both_found(
    engine: SearchEngine, lead: LeadFactory, now: datetime
) -> None:
    engine.put([lead("fromage"), lead("beurre"), lead("pneus")])
    assert sorted(titles(engine.search(Query("fromage OU beurre"), now))) == ["beurre", "fromage"]


def test_a_reference_is_found_with_any_punctuation(
    engine: SearchEngine, lead: LeadFactory, now: datetime
) -> None:
    origin = Provenance(
        source="ted", key="346469-2019", kind="3", stage="open", change="", url="",
        published=None, received=now, raw="",
    )  # fmt: skip
    engine.put([lead("Ambulanzen", provenances=(origin,)), lead("Busse")])
    for typed in ("346469-2019", "346469/2019", "3464692019"):
        assert titles(engine.search(Query(typed), now)) == ["Ambulanzen"]


def test_a_code_typed_as_a_query_finds_what_lies_below_it(
    engine: SearchEngine, lead: LeadFactory, now: datetime
) -> None:
    engine.put([lead("a", cpv="39162110"), lead("b", hs="940161"), lead("c", cpv="45000000")])
    assert titles(engine.search(Query("39160000-1"), now)) == ["a"]
    assert titles(engine.search(Query("9401"), now)) == ["b"]


def test_what_is_no_longer_on_offer_is_hidden_until_asked_for(
    engine: SearchEngine, lead: LeadFactory, now: datetime
) -> None:
    engine.put(
        [
            lead("open"),
            lead("over", days=-1),
            lead("awarded", stage="awarded", expires=None),
            lead("cancelled", stage="cancelled", expires=None),
        ]
    )
    assert titles(engine.search(Query(), now)) == ["open"]
    assert engine.search(Query(include_expired=True), now).total == 4
    assert titles(engine.search(Query(stage=("awarded",)), now)) == ["awarded"]
    assert engine.search(Query(stage=("open",)), now).total == 1


def test_a_lead_expires_by_the_clock_alone(
    engine: SearchEngine, lead: LeadFactory, now: datetime
) -> None:
    engine.put([lead(days=1)])
    assert engine.search(Query(), now).total == 1
    assert engine.search(Query(), now + timedelta(days=2)).total == 0


def test_french_buyers_and_unpublished_leads_are_kept_out(
    engine: SearchEngine, lead: LeadFactory, now: datetime
) -> None:
    engine.put([lead(domestic=True, country="FR"), lead(status="proposed"), lead("Brücke")])
    assert titles(engine.search(Query(), now)) == ["Brücke"]
    assert engine.search(Query(include_domestic=True), now).total == 2


def test_each_filter_keeps_what_it_says(
    engine: SearchEngine, lead: LeadFactory, now: datetime
) -> None:
    wanted = lead(
        "wanted",
        country="PL",
        region="europe-hors-ue",
        language="pl",
        cpv="33651600",
        hs="300241",
        sectors=("pharmacie",),
        source="us-fbo",
        stage="planned",
        euros=2e6,
        days=5,
    )
    engine.put([wanted, lead("other", cpv="45000000", euros=10, days=60)])
    for query in (
        Query(country=("PL",)),
        Query(region=("europe-hors-ue",)),
        Query(language=("pl",)),
        Query(cpv=("33",)),
        Query(cpv=("33651600",)),
        Query(cpv=("33650000",)),
        Query(hs=("30",)),
        Query(sector=("pharmacie",)),
        Query(source=("us-fbo",)),
        Query(stage=("planned",)),
        Query(value=("v1m",)),
        Query(deadline=("d7",)),
        Query(deadline_to=date(2026, 6, 6)),
        Query(deadline_from=date(2026, 6, 6), deadline_to=date(2026, 6, 6)),
    ):
        assert titles(engine.search(query, now)) == ["wanted"], query


def test_values_of_a_filter_are_alternatives_and_filters_add_up(
    engine: SearchEngine, lead: LeadFactory, now: datetime
) -> None:
    engine.put([lead("a", country="PL"), lead("b", country="CZ", days=60), lead("c")])
    both = Query(country=("PL", "CZ"))
    assert sorted(titles(engine.search(both, now))) == ["a", "b"]
    assert titles(engine.search(replace(both, deadline=("d90",)), now)) == ["b"]


def test_facets_count_what_one_more_choice_would_give(
    engine: SearchEngine, lead: LeadFactory, now: datetime
) -> None:
    engine.put(
        [
            lead("Schulmöbel", country="DE", cpv="39160000", sectors=("mobilier",), euros=50_000),
            lead("Meble", country="PL", cpv="39160000", sectors=("mobilier",), days=3),
            lead("Pneus", country="PL", cpv="34350000", sectors=("automobile",), days=None),
        ]
    )
    results = engine.search(Query(sector=("mobilier",)), now)
    assert counts(results, "country") == {"DE": 1, "PL": 1}
    assert counts(results, "cpv") == {"39": 2}
    assert counts(results, "deadline") == {"d30": 1, "d7": 1}
    assert counts(results, "value") == {"v0": 1, "none": 1}
    assert counts(results, "sector") == {"mobilier": 2, "automobile": 1}


@pytest.mark.parametrize("text", ["", "möbel", "mobilier scolaire"])
def test_choosing_a_facet_value_gives_exactly_its_count(
    engine: SearchEngine, lead: LeadFactory, now: datetime, text: str
) -> None:
    leads = [
        lead(
            f"Möbel {n}",
            country=("DE", "PL", "ES")[n % 3],
            language=("de", "pl", "es")[n % 3],
            region=("union-europeenne", "oceanie")[n % 2],
            cpv=("39160000", "39130000", "33651600")[n % 3],
            sectors=(("mobilier",), ("mobilier", "sante"))[n % 2],
            source=("ted", "us-fbo")[n % 2],
            stage=("open", "planned")[n % 2],
            euros=(None, 5e4, 5e5, 5e6, 5e7)[n % 5],
            days=(3, 20, 60, 200, None)[n % 5],
        )
        for n in range(60)
    ]
    engine.put(leads)
    base = Query(text, country=("DE", "PL"))
    results = engine.search(base, now)
    assert results.total
    for facet, values in results.facets.items():
        for value in values:
            chosen = engine.search(replace(base, **{facet: (value.value,)}), now)
            assert chosen.total == value.count, (facet, value)


def test_pages_follow_one_another_without_overlap(
    engine: SearchEngine, lead: LeadFactory, now: datetime
) -> None:
    engine.put([lead(f"vin {n}", days=n + 1) for n in range(30)])
    for sort in ("relevance", "deadline", "published"):
        pages = [
            titles(engine.search(Query("vin", sort=sort, offset=offset, limit=10), now))
            for offset in (0, 10, 20, 30)
        ]
        assert pages[3] == []
        assert len({title for page in pages for title in page}) == 30


def test_deadlines_to_come_first_then_past_then_none(
    engine: SearchEngine, lead: LeadFactory, now: datetime
) -> None:
    engine.put([lead(str(days), days=days) for days in (None, 9, -1, 2, -30)])
    query = Query(sort="deadline", include_expired=True)
    assert titles(engine.search(query, now)) == ["2", "9", "-1", "-30", "None"]


def test_the_freshest_come_first_without_words(
    engine: SearchEngine, lead: LeadFactory, now: datetime
) -> None:
    engine.put([lead(str(age), published=now - timedelta(days=age)) for age in (5, 1, 9)])
    assert titles(engine.search(Query(), now)) == ["1", "5", "9"]


def test_a_word_in_the_title_counts_more_than_in_the_text(
    engine: SearchEngine, lead: LeadFactory, now: datetime
) -> None:
    engine.put([lead("Divers", text="un vaccin parmi d’autres"), lead("Vaccin")])
    assert titles(engine.search(Query("vaccin"), now)) == ["Vaccin", "Divers"]


def test_reasons_tell_words_codes_and_similarity(
    engine: SearchEngine, lead: LeadFactory, now: datetime
) -> None:
    engine.put([lead("Mobilier pour école", language="fr", country="CH", cpv="39161000")])
    [hit] = engine.search(Query("Mobiliers scolaires"), now).hits
    assert hit.reasons.words == ("Mobiliers",)
    scolaire = [code for code in hit.reasons.codes if code.code == "39160000"]
    assert scolaire[0].words == ("Mobiliers", "scolaires")
    assert scolaire[0].label == "Mobilier scolaire"


def test_a_lead_without_codes_is_found_by_its_meaning(
    engine: SearchEngine, lead: LeadFactory, now: datetime
) -> None:
    engine.put([lead("Lieferung von Schulmöbeln"), lead("Reinigung der Kanalisation")])
    results = engine.search(Query("mobilier scolaire"), now)
    assert titles(results) == ["Lieferung von Schulmöbeln"]
    assert (results.hits[0].reasons.similarity or 0) > 0


def test_a_lead_written_again_replaces_itself(
    engine: SearchEngine, lead: LeadFactory, now: datetime
) -> None:
    first = lead("vin rouge")
    engine.put([first])
    texts = (LeadText(language="fr", title="pneus neige"),)
    engine.put([first.model_copy(update={"texts": texts, "sequence": 9})])
    assert engine.count() == 1
    assert engine.search(Query("vin"), now).total == 0
    assert titles(engine.search(Query("pneus"), now)) == ["pneus neige"]


def test_a_stale_write_never_wins(engine: SearchEngine, lead: LeadFactory, now: datetime) -> None:
    new = lead("new", sequence=7)
    old = new.model_copy(update={"sequence": 3, "texts": (LeadText(language="fr", title="old"),)})
    assert engine.put([new]) == 1
    assert engine.put([old]) == 0
    assert titles(engine.search(Query(), now)) == ["new"]


def test_the_last_of_two_writes_in_one_batch_wins(
    engine: SearchEngine, lead: LeadFactory, now: datetime
) -> None:
    one = lead("one")
    two = one.model_copy(update={"sequence": 8, "texts": (LeadText(language="fr", title="two"),)})
    engine.put([two, one])
    assert titles(engine.search(Query(), now)) == ["two"]


def test_a_new_generation_holds_only_what_it_was_given(
    engine: SearchEngine, lead: LeadFactory, now: datetime
) -> None:
    engine.put([lead("old")])
    fresh = lead("new")
    assert engine.replace([[fresh]]) == 1
    assert titles(engine.search(Query(), now)) == ["new"]
    assert engine.sequence() == fresh.sequence


def test_another_process_sees_what_was_written(
    engine: SearchEngine, another: Callable[[], SearchEngine], lead: LeadFactory, now: datetime
) -> None:
    reader = another()
    assert reader.search(Query(), now).total == 0
    engine.put([lead()])
    assert reader.search(Query(), now).total == 1
    assert reader.sequence() == engine.sequence()


def test_similar_leads_are_on_offer_and_never_the_lead_itself(
    engine: SearchEngine, lead: LeadFactory, now: datetime
) -> None:
    school = lead("Lieferung von Schulmöbeln", cpv="39160000")
    engine.put(
        [
            school,
            lead("Dostawa mebli szkolnych", language="pl", cpv="39160000"),
            lead("Schulmöbel, vergeben", cpv="39160000", stage="awarded", expires=None),
            lead("Straßenbau", cpv="45233120"),
        ]
    )
    found = [hit.lead.title for hit in engine.similar(school.id, 3, now)]
    assert found[0] == "Dostawa mebli szkolnych"
    assert not {"Lieferung von Schulmöbeln", "Schulmöbel, vergeben"} & set(found)
    assert engine.similar("0" * 16, 3, now) == ()


@pytest.mark.parametrize(
    "text", ["-", '"', '""', "OU OU", "((((", "a" * 5_000, "-vin", "\x00", "🧀", "title:vin^9"]
)
def test_no_text_makes_a_search_fail(
    engine: SearchEngine, lead: LeadFactory, now: datetime, text: str
) -> None:
    engine.put([lead("vin")])
    assert engine.search(Query(text), now).total in (0, 1)


def test_a_place_in_the_text_filters_as_if_chosen(
    engine: SearchEngine, lead: LeadFactory, now: datetime
) -> None:
    engine.put([lead("vin rouge"), lead("vin blanc", country="AT"), lead("vin gris", country="PL")])
    assert titles(engine.search(Query("vin Allemagne"), now)) == ["vin rouge"]
    assert titles(engine.search(Query("Allemagne"), now)) == ["vin rouge"]
    both = engine.search(Query("vin Allemagne", country=("AT",)), now)
    assert sorted(titles(both)) == ["vin blanc", "vin rouge"]
    assert [place.typed for place in both.understood.places] == ["Allemagne"]


def test_a_place_in_the_text_leaves_the_other_countries_to_choose(
    engine: SearchEngine, lead: LeadFactory, now: datetime
) -> None:
    engine.put([lead("vin rouge"), lead("vin blanc", country="AT")])
    results = engine.search(Query("vin Allemagne"), now)
    assert counts(results, "country") == {"DE": 1, "AT": 1}


def test_a_place_that_was_refused_is_looked_for_as_a_word(
    engine: SearchEngine, lead: LeadFactory, now: datetime
) -> None:
    engine.put([lead("cave Allemagne", country="AT"), lead("Busse")])
    found = engine.search(Query("Allemagne", literal=("Allemagne",)), now)
    assert titles(found) == ["cave Allemagne"]
    assert found.understood.places == ()


def test_a_misspelt_word_finds_what_was_meant(
    engine: SearchEngine, lead: LeadFactory, now: datetime
) -> None:
    engine.put([lead("échafaudage"), lead("Busse")])
    assert titles(engine.search(Query("echaffaudage"), now)) == ["échafaudage"]
    engine.put([lead("echaffaudage")])
    assert titles(engine.search(Query('"echaffaudage"'), now)) == ["echaffaudage"]
    assert engine.search(Query("echaffaudage"), now).understood.corrections == ()


def test_an_acronym_finds_its_full_words_and_itself(
    engine: SearchEngine, lead: LeadFactory, now: datetime
) -> None:
    engine.put([lead("voirie et réseaux divers"), lead("travaux de VRD"), lead("Busse")])
    found = engine.search(Query("VRD"), now)
    assert sorted(titles(found)) == ["travaux de VRD", "voirie et réseaux divers"]
    assert titles(engine.search(Query('"VRD"'), now)) == ["travaux de VRD"]


def test_an_empty_engine_understands_too(engine: SearchEngine, now: datetime) -> None:
    assert engine.search(Query("vin Allemagne"), now).understood.places


def test_plurals_units_and_feminines_are_found_in_the_index(
    engine: SearchEngine, lead: LeadFactory, now: datetime
) -> None:
    engine.put([lead("tuyaux"), lead("signalisation routière"), lead("groupe 20kVA"), lead("maïs")])
    for typed, found in (
        ("tuyau", "tuyaux"),
        ("panneau routier", "signalisation routière"),
        ("20 kVA", "groupe 20kVA"),
        ("mais", "maïs"),
    ):
        assert found in titles(engine.search(Query(typed), now))


def test_words_that_name_nothing_are_near_nothing(
    engine: SearchEngine, lead: LeadFactory, now: datetime
) -> None:
    codes = ("39160000", "45000000", "33651600", "15930000", "34114121", "72000000")
    engine.put([lead(f"Auftrag {code}", cpv=code) for code in codes])
    assert engine.search(Query("zzz qqq"), now).total == 0
    assert engine.search(Query("vaccins"), now).hits[0].lead.title == "Auftrag 33651600"


def test_from_the_first_distant_answer_on_people_may_stop_reading(
    engine: SearchEngine, lead: LeadFactory, now: datetime
) -> None:
    codes = ("39160000", "39161000", "39162110", "45000000", "33651600", "15930000", "72000000")
    engine.put([lead(f"Auftrag {code}", cpv=code) for code in codes])
    distant = [hit.distant for hit in engine.search(Query("mobilier scolaire"), now).hits]
    assert distant == sorted(distant)
    assert not distant[0]
