"""Floors under the codes said from words alone, on texts that training never read: a change that
finds fewer or claims more than it holds fails here. Figures: docs/qualite.md."""

from pathlib import Path

import pytest

from index.coding import Coder
from index.lead import Lead
from ingest.evaluation import codes, corpus

HS = {"SH6@1": 0.45, "SH6@5": 0.70, "SH4@1": 0.575, "SH2@1": 0.69}
CPV_MAIN = {"division@1": 0.59, "division@3": 0.75, "classe@1": 0.31}
CPV_ANY = {"division@1": 0.635, "division@3": 0.78, "classe@1": 0.385}
# Scheme → least share of texts of which a code is said, of right ones, of right ones among « sûr ».
SAID = {"HS": (0.72, 0.73, 0.90), "CPV": (0.61, 0.64, 0.90)}
MUTE_PRECISION, MUTE_RECALL = 0.90, 0.77

pytestmark = pytest.mark.notices


@pytest.fixture(scope="module")
def goods(notices: Path, coder: Coder) -> codes.Measured:
    try:
        products = corpus.products(notices.parent, "test")
    except corpus.AbsentError:
        pytest.skip("the product texts of ../shared/data are absent")
    return codes.goods(coder, products)


@pytest.fixture(scope="module")
def coded(unseen: list[Lead], coder: Coder) -> codes.Notices:
    return codes.notices(coder, [lead for lead in unseen if corpus.cpv_of(lead)])


def below(found: codes.Found, floors: dict[str, float]) -> dict[str, float]:
    return {name: found.right[name] for name, floor in floors.items() if found.right[name] < floor}


def test_products_find_their_hs_code(goods: codes.Measured) -> None:
    assert goods.found[codes.EVERY].texts > 800
    assert not below(goods.found[codes.EVERY], HS)


def test_notices_find_their_cpv_code(coded: codes.Notices) -> None:
    assert coded.main[codes.EVERY].texts > 500
    assert not below(coded.main[codes.EVERY], CPV_MAIN)
    assert not below(coded.every.found[codes.EVERY], CPV_ANY)


def test_codes_that_are_said_are_right_as_often_as_before(
    goods: codes.Measured, coded: codes.Notices
) -> None:
    for scheme, told in (("HS", goods.confidence), ("CPV", coded.every.confidence)):
        figures = (told.share() or 0, told.whole().right or 0, told.sure().right or 0)
        floors = SAID[scheme]
        held = [one >= floor for one, floor in zip(figures, floors, strict=True)]
        assert all(held), (scheme, figures, floors)


def test_services_and_works_are_told_from_goods(coded: codes.Notices) -> None:
    assert (coded.mute.precision() or 0) >= MUTE_PRECISION
    assert (coded.mute.recall() or 0) >= MUTE_RECALL


def test_nothing_is_said_in_languages_never_learned(coder: Coder) -> None:
    found = codes.unlearned(coder, list(corpus.unlearned_products()))
    assert {"ar", "zh", "ja", "tr", "vi"} <= set(found)
    assert not any(told.said for told in found.values())
