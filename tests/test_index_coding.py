"""From words to codes: what a query asks for, what a text speaks of, what was learned."""

import numpy as np
import pytest

from index.coding import Coded, Coder, Near, Wording
from index.concepts import concepts
from index.names import all_names

UNKNOWN_SCRIPT = "事務用品"


def best(coder: Coder, scheme: Coded, title: str, language: str = "fr") -> str:
    [shares] = coder.shares(scheme, [Wording(title, "", language)])
    return concepts().codes(scheme)[int(shares.argmax())]


def nearest_learned(coder: Coder, scheme: Coded, texts: list[Wording]) -> list[Near]:
    """The learned text closest to each text."""
    return [near for _, learned in coder.read(scheme, texts) for near in learned]


@pytest.mark.parametrize(
    ("text", "language", "start"),
    [
        ("mobilier scolaire", "fr", "3916"),
        ("Lieferung von Schulmöbeln", "de", "3916"),
        ("Services de nettoyage de bureaux", "fr", "9091"),
        ("Ambulances", "fr", "34114121"),
        ("Construction d'une école", "fr", "452142"),
    ],
)
def test_a_text_gets_the_family_that_it_speaks_of(
    coder: Coder, text: str, language: str, start: str
) -> None:
    assert best(coder, "CPV", text, language).startswith(start)


def test_a_product_gets_its_heading(coder: Coder) -> None:
    assert best(coder, "HS", "pompe à eau")[:4] == "8413"
    assert best(coder, "HS", "bicycle helmet", "en")[:4] == "6506"


def test_the_shares_of_a_scheme_add_up_to_one(coder: Coder) -> None:
    texts = [Wording("pompe à eau", "", "fr"), Wording("Dostawa mebli"), Wording("vin", "rouge")]
    for scheme in ("CPV", "HS"):
        shares = coder.shares(scheme, texts)
        assert shares.shape == (3, len(concepts().codes(scheme)))
        assert shares.sum(axis=1) == pytest.approx(np.ones(3), abs=1e-4)
        assert shares.min() >= 0


def test_a_text_of_which_nothing_is_known_shares_nothing(coder: Coder) -> None:
    for scheme in ("CPV", "HS"):
        assert not coder.shares(scheme, [Wording(UNKNOWN_SCRIPT), Wording("")]).any()
    assert not coder.wanted(UNKNOWN_SCRIPT).any()
    assert nearest_learned(coder, "CPV", [Wording(UNKNOWN_SCRIPT)])[0].cosine == 0


def test_no_text_is_no_row(coder: Coder) -> None:
    assert coder.shares("HS", []).shape == (0, len(concepts().codes("HS")))
    assert nearest_learned(coder, "HS", []) == []
    assert coder.corrected("HS", []) == []


def test_a_query_wants_the_codes_that_answer_it(coder: Coder) -> None:
    wanted = coder.wanted("mobilier scolaire")
    assert concepts().names[int(wanted.argmax())] == ("CPV", "39160000")
    assert wanted.min() >= 0
    assert wanted.max() <= 1


def test_names_are_found_by_words_in_french_and_english(coder: Coder) -> None:
    for text in ("ambulances", "an ambulance"):
        rows, parts = coder.names.by_words.find(text)
        codes = {concepts().names[all_names()[row].position] for row in rows}
        assert ("CPV", "34114121") in codes
        assert 0 < parts.max() <= 1


def test_names_of_one_scheme_only_are_found_when_asked(coder: Coder) -> None:
    rows, _ = coder.names.by_words.find("pompe", "HS")
    assert len(rows)
    assert {concepts().names[all_names()[row].position][0] for row in rows} == {"HS"}


def test_function_words_find_nothing(coder: Coder) -> None:
    assert len(coder.names.by_words.find("de la, the of")[0]) == 0


def test_every_code_has_a_name() -> None:
    positions = [name.position for name in all_names()]
    assert positions == sorted(positions)
    assert set(positions) == set(range(len(concepts().names)))


# What is learned


def test_what_was_learned_counts_at_once(coder: Coder) -> None:
    text = Wording("Bidules à trois branches")
    taught = coder.learning("HS", [text], ["970121"])
    assert best(taught, "HS", text.title) == "970121"
    assert nearest_learned(taught, "HS", [text])[0].codes == ("970121",)
    assert nearest_learned(taught, "HS", [text])[0].cosine == pytest.approx(1, abs=1e-4)


def test_learning_leaves_the_coder_itself_as_it_was(coder: Coder) -> None:
    before = len(coder.learned["HS"].codes)
    coder.learning("HS", [Wording("Bidules à trois branches")], ["970121"])
    assert len(coder.learned["HS"].codes) == before
    assert coder.corrected("HS", [Wording("Bidules à trois branches")]) == [None]


def test_the_last_code_said_of_a_text_wins(coder: Coder) -> None:
    text = Wording("Bidules à trois branches")
    once = coder.learning("HS", [text, text], ["970121", "950300"])
    later = once.learning("HS", [Wording("BIDULES à trois branches !")], ["650610"])
    for taught, code in ((once, "950300"), (later, "650610")):
        [said] = taught.corrected("HS", [text])
        assert said is not None
        assert said.codes == (code,)
        assert nearest_learned(taught, "HS", [text])[0].codes == (code,)
    assert len(later.learned["HS"].codes) == len(once.learned["HS"].codes)


def test_an_unknown_code_is_refused(coder: Coder) -> None:
    with pytest.raises(KeyError):
        coder.learning("HS", [Wording("Bidules")], ["999999"])


def test_only_the_same_text_is_corrected(coder: Coder) -> None:
    taught = coder.learning("HS", [Wording("Casques de vélo pour enfants")], ["650610"])
    same, other = (
        taught.corrected("HS", [Wording(title)])[0]
        for title in ("CASQUES DE VÉLO, pour enfants 12", "Casques de chantier")
    )
    assert same is not None
    assert other is None


def test_two_notices_that_differ_by_their_title_alone_are_not_the_same(coder: Coder) -> None:
    procedure = "Les offres sont à remettre avant la date limite par voie électronique. " * 8
    taught = coder.learning("HS", [Wording("Fourniture de papier", procedure)], ["480256"])
    [said] = taught.corrected("HS", [Wording("Fourniture de toner", procedure)])
    assert said is None
