"""A lead's codes: what is given stays, what is guessed climbs or says nothing."""

import numpy as np
import pytest
from conftest import LeadFactory

from index.coding import Coder, Near
from index.concepts import concepts
from index.lead import SURE_ENOUGH, Lead, LeadCode
from ingest.classify import among, classify, guess, method_of, wording
from taxonomies import cpv, hs


def classified(coder: Coder, lead: Lead) -> Lead:
    [made] = classify([lead], coder)
    return made


def codes(lead: Lead, scheme: str) -> dict[str, str]:
    return {code.code: code.method for code in lead.codes if code.scheme == scheme}


def test_given_codes_are_never_replaced(coder: Coder, lead: LeadFactory) -> None:
    found = classified(coder, lead("Lieferung von Schulmöbeln", cpv="34114121", hs="870390"))
    assert codes(found, "CPV") == {"34114121": "source"}
    assert codes(found, "HS") == {"870390": "source"}
    assert found.hints == ()


def test_an_analysts_code_is_given_too(coder: Coder, lead: LeadFactory) -> None:
    said = LeadCode(scheme="CPV", code="34114121", method="analyst")
    found = classified(coder, lead("Lieferung von Schulmöbeln", codes=()))
    assert codes(found, "CPV") == {"39160000": "model"}
    again = found.model_copy(update={"codes": (said,)})
    assert codes(classified(coder, again), "CPV") == {"34114121": "analyst"}


def test_what_was_guessed_before_is_guessed_again(coder: Coder, lead: LeadFactory) -> None:
    once = classified(coder, lead("Lieferung von Schulmöbeln"))
    assert classified(coder, once) == once


def test_a_guess_says_its_confidence_its_words_and_its_sector(
    coder: Coder, lead: LeadFactory
) -> None:
    found = classified(coder, lead("Fourniture de mobilier scolaire", language="fr"))
    [code] = [one for one in found.codes if one.scheme == "CPV"]
    assert code.code == "39160000"
    assert SURE_ENOUGH <= code.score < 1
    assert set(code.evidence) == {"mobilier", "scolaire"}
    assert "mobilier-amenagement" in found.sectors
    assert max(hint.share for hint in found.hints) > 0.5


def test_shares_too_scattered_climb_to_what_they_have_in_common(coder: Coder) -> None:
    shares = np.zeros(len(cpv.codes()), np.float32)
    groups = [code for code in cpv.children("39100000") if code.endswith("0000")]
    for code in groups:
        shares[concepts().position["CPV", code]] = 1 / len(groups)
    found = guess(coder, "CPV", shares)
    assert found.code is not None
    assert found.code.rstrip("0") in ("39", "391")
    assert found.confidence >= SURE_ENOUGH


@pytest.mark.parametrize("title", ["事務用品", "12/2026", "?"])
def test_a_text_of_which_nothing_is_known_gets_nothing(
    coder: Coder, lead: LeadFactory, title: str
) -> None:
    found = classified(coder, lead(title, language=""))
    assert (found.codes, found.hints, found.sectors, found.without_hs) == ((), (), (), False)


def test_votes_for_everything_say_nothing(coder: Coder) -> None:
    shares = np.full(len(hs.codes()), 1 / len(hs.codes()), np.float32)
    found = guess(coder, "HS", shares)
    assert (found.code, found.hints) == (None, ())


def test_services_and_works_have_no_hs_code(coder: Coder, lead: LeadFactory) -> None:
    for title in ("Services de nettoyage de bureaux", "Construction d'une école"):
        found = classified(coder, lead(title, language="fr"))
        assert found.without_hs
        assert codes(found, "HS") == {}
    assert classified(coder, lead("x", cpv="90910000")).without_hs


def test_hs_and_naf_codes_follow_from_given_cpv_codes(coder: Coder, lead: LeadFactory) -> None:
    found = classified(coder, lead("x", cpv="39160000"))
    assert codes(found, "HS").items() >= {("9403", "correspondence")}
    assert not found.without_hs
    [label] = {code.evidence for code in found.codes if code.method == "correspondence"}
    assert label == (cpv.label("39160000"),)


def test_votes_for_hs_codes_that_follow_from_cpv_count_most() -> None:
    shares = np.full(len(hs.codes()), 1 / len(hs.codes()), np.float32)
    kept = among(shares, [LeadCode(scheme="CPV", code="39160000")])
    assert kept.sum() == pytest.approx(1, abs=1e-4)
    place = {code: at for at, code in enumerate(concepts().codes("HS"))}
    assert kept[place["940360"]] > 5 * kept[place["870390"]] > 0


def test_leads_keep_their_order_and_none_is_fine(coder: Coder, lead: LeadFactory) -> None:
    leads = [lead(f"Schulmöbel {word}") for word in ("rot", "blau", "gelb")]
    assert [one.id for one in classify(leads, coder)] == [one.id for one in leads]
    assert classify([], coder) == []


# What people said


def test_what_a_person_said_of_the_same_text_is_said_again(coder: Coder, lead: LeadFactory) -> None:
    one = lead("Bidules à trois branches", language="fr")
    taught = coder.learning("HS", [wording(one)], ["950300"])
    found = classified(taught, one)
    [code] = [code for code in found.codes if code.scheme == "HS"]
    assert (code.code, code.method) == ("950300", "neighbours")
    assert code.score >= 0.9


def test_what_a_person_said_wins_over_no_hs_code_but_not_over_the_source(
    coder: Coder, lead: LeadFactory
) -> None:
    cleaning = lead("Services de nettoyage de bureaux", language="fr")
    taught = coder.learning("HS", [wording(cleaning)], ["340250"])
    found = classified(taught, cleaning)
    assert not found.without_hs
    assert codes(found, "HS") == {"340250": "neighbours"}
    given = lead("Services de nettoyage de bureaux", language="fr", hs="870390")
    assert codes(classified(taught, given), "HS") == {"870390": "source"}


def test_a_code_borne_out_by_a_text_nearly_the_same_comes_from_it() -> None:
    assert method_of("HS", "6506", Near(0.93, ("650610",))) == "neighbours"
    assert method_of("HS", "6506", Near(0.93, ("420212",))) == "model"
    assert method_of("HS", "6506", Near(0.80, ("650610",))) == "model"
    assert method_of("CPV", "39000000", Near(0.95, ("33600000", "39160000"))) == "neighbours"
