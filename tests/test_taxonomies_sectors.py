"""Export sectors: every official code belongs to at least one."""

import pytest

from taxonomies import cpv, hs, naf, sectors
from taxonomies.table import rows


def test_every_cpv_code_has_a_sector() -> None:
    assert [code for code in cpv.codes() if not sectors.of("CPV", code)] == []


def test_every_hs_code_has_a_sector() -> None:
    assert [code for code in hs.codes() if not sectors.of("HS", code)] == []


def test_every_naf_code_below_the_section_has_a_sector() -> None:
    assert [c for c in naf.codes() if not c.isalpha() and not sectors.of("NAF", c)] == []


def test_the_map_knows_only_real_prefixes_and_real_sectors() -> None:
    tables = {"CPV": cpv.codes(), "HS": hs.codes(), "NAF": naf.codes()}
    for scheme, prefix, identifier in rows("sector_map.csv"):
        assert any(code.replace(".", "").startswith(prefix) for code in tables[scheme]), prefix
        assert sectors.get(identifier), identifier


def test_every_sector_has_codes_of_each_goods_or_activity_scheme() -> None:
    mapped = {(scheme, identifier) for scheme, _, identifier in rows("sector_map.csv")}
    for sector in sectors.all_sectors():
        assert ("CPV", sector.id) in mapped
        assert ("NAF", sector.id) in mapped


def test_a_sector_has_a_label_a_description_and_synonyms() -> None:
    identifiers = [sector.id for sector in sectors.all_sectors()]
    assert len(identifiers) == len(set(identifiers)) == 30
    for sector in sectors.all_sectors():
        assert sector.label and sector.description.endswith(".")
        assert len(sector.synonyms) >= 4 and all(sector.synonyms)
    assert sectors.get("mobilier") is None


@pytest.mark.parametrize(
    ("scheme", "code", "main"),
    [
        ("CPV", "39160000", "mobilier-amenagement"), ("CPV", "33651600", "pharmacie"),
        ("CPV", "33112200", "sante"), ("CPV", "15931000", "vins-spiritueux"),
        ("CPV", "34511100", "naval-maritime"), ("CPV", "72000000", "numerique"),
        ("CPV", "45233140", "construction"), ("HS", "220421", "vins-spiritueux"),
        ("HS", "22", "agroalimentaire"), ("HS", "8802", "aeronautique-spatial"),
        ("HS", "330300", "cosmetique-parfumerie"), ("NAF", "11.02A", "vins-spiritueux"),
        ("NAF", "30.30Z", "aeronautique-spatial"), ("NAF", "62.01Z", "numerique"),
        ("NAF", "3030Z", "aeronautique-spatial"),
    ],
)  # fmt: skip
def test_the_longest_prefix_gives_the_main_sector(scheme: str, code: str, main: str) -> None:
    assert sectors.of(scheme, code)[0] == main


def test_a_code_may_belong_to_two_sectors() -> None:
    assert sectors.of("HS", "9402") == ("sante", "mobilier-amenagement")


def test_an_unknown_code_or_scheme_has_no_sector() -> None:
    assert sectors.of("UNSPSC", "43211500") == ()
    assert sectors.of("HS", "77") == ()
    assert sectors.of("CPV", "") == ()
    assert sectors.of("CPV", "9" * 1_000_000) == ()
