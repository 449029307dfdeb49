"""What people said of texts is kept once, and the coder takes it without training."""

from datetime import timedelta

from conftest import NOW
from sqlalchemy import update

from index.coding import Coder, Wording
from index.labelled import LabelledText, LabelledTexts
from index.store import LeadStore
from index.tables import labelled

HELMET = LabelledText("HS", "650610", "Casques de vélo", "pour enfants", "fr")


def test_a_labelled_text_is_read_back_as_it_was_said(store: LeadStore) -> None:
    texts = LabelledTexts(store)
    texts.add([HELMET], "Ana", NOW)
    assert texts.all() == [HELMET]


def test_saying_it_twice_keeps_it_once_and_the_last_code_wins(store: LeadStore) -> None:
    texts = LabelledTexts(store)
    again = HELMET._replace(title="CASQUES DE VELO !", code="950699")
    texts.add([HELMET, HELMET], "Ana", NOW)
    texts.add([HELMET], "Ana", NOW)
    texts.add([again], "Bo", NOW + timedelta(days=1))
    assert texts.all() == [again]


def test_a_text_may_have_a_code_in_each_nomenclature(store: LeadStore) -> None:
    texts = LabelledTexts(store)
    texts.add([HELMET, HELMET._replace(scheme="CPV", code="18444112")], "Ana", NOW)
    assert {one.scheme for one in texts.all()} == {"CPV", "HS"}


def test_nothing_said_teaches_nothing(store: LeadStore, coder: Coder) -> None:
    texts = LabelledTexts(store)
    texts.add([], "Ana", NOW)
    assert texts.taught(coder) is coder


def test_the_coder_takes_what_was_said(store: LeadStore, coder: Coder) -> None:
    LabelledTexts(store).add([HELMET], "Ana", NOW)
    taught = LabelledTexts(store).taught(coder)
    [near] = taught.corrected("HS", [HELMET.wording])
    assert near is not None
    assert near.codes == ("650610",)
    assert coder.corrected("HS", [HELMET.wording]) == [None]


def test_a_code_that_the_tables_no_longer_have_is_left_out(store: LeadStore, coder: Coder) -> None:
    LabelledTexts(store).add([HELMET], "Ana", NOW)
    with store.writing() as connection:
        connection.execute(update(labelled).values(code="999999"))
    taught = LabelledTexts(store).taught(coder)
    assert taught.corrected("HS", [Wording("Casques de vélo", "pour enfants")]) == [None]
