"""What people call goods and services: every name has an official code."""

from taxonomies import cn, cpv, everyday, hs


def test_every_row_names_an_official_code_in_french_or_english() -> None:
    rows = everyday.everyday_names()
    assert len(rows) == 9298
    for row in rows:
        assert cpv.get(row.code) if row.scheme == "CPV" else hs.get(row.code), row
        assert any(row.fr) or any(row.en), row


def test_gas_oil_and_sports_shoes_are_found_under_their_everyday_names() -> None:
    gas_oil = [name for row in everyday.of("CPV", "09134000") for name in row.fr]
    assert {"gasoil", "gazole", "GNR"} <= set(gas_oil)
    shoes = [name for row in everyday.of("HS", "640411") for name in row.en]
    assert "textile sneakers" in shoes


def test_a_code_without_everyday_name_has_none() -> None:
    assert list(everyday.of("CPV", "00000000")) == []


def test_texts_of_goods_stand_by_themselves_in_four_languages() -> None:
    for language in cn.LANGUAGES:
        assert len(cn.texts(language)) > 9_700
    assert cn.texts("fr")["01012990"] == "Chevaux vivants"
    assert all(hs.get(code[:6]) for code in cn.texts("fr"))


def test_what_a_good_is_not_is_left_out_of_its_text() -> None:
    assert "boucherie" not in cn.texts("fr")["01012990"]
    assert "slaughter" not in cn.texts("en")["01012990"]
