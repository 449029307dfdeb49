"""Correspondences: from a CPV code to HS and NAF codes, from HS to NAF, and back."""

from collections import Counter

import pytest

from benchmarks import correspondences as measured
from taxonomies import correspondence as known
from taxonomies import cpv, hs, naf
from taxonomies.rebuild import correspondences as rebuilt
from taxonomies.rebuild import goods
from taxonomies.rebuild.activities import activity, mean, neighbours, table
from taxonomies.table import rows

Codes = tuple[str, ...]


def codes(matches: tuple[known.Match, ...]) -> Codes:
    return tuple(match.code for match in matches)


@pytest.mark.parametrize(
    ("tender", "product"),
    [
        ("15931000", "2204"), ("33141420", "401512"), ("34115300", "8703"), ("39160000", "9403"),
        ("30213100", "847130"), ("09310000", "2716"), ("42122450", "841410"), ("03222220", "0805"),
        ("33711760", "330620"), ("44211000", "9406"), ("39000000", "94"),
    ],
)  # fmt: skip
def test_goods_lead_to_their_hs_code(tender: str, product: str) -> None:
    assert codes(known.hs_of_cpv(tender))[0] == product


def test_services_works_and_software_are_known_to_have_no_hs_code() -> None:
    for code in ("90610000", "45233140", "48000000", "72000000", "09323000"):
        assert known.has_no_hs(code)
        assert known.hs_of_cpv(code) == ()


def test_goods_that_name_no_product_are_unknown_not_without_code() -> None:
    assert known.hs_of_cpv("39230000") == ()
    assert not known.has_no_hs("39230000")


def test_servers_are_goods_among_software() -> None:
    assert codes(known.hs_of_cpv("48820000")) == ("847150", "847149")
    assert not known.has_no_hs("48820000")


def test_every_cpv_code_is_known_known_to_have_none_or_counted_unknown() -> None:
    kinds = Counter(
        "none" if known.has_no_hs(c) else "some" if known.hs_of_cpv(c) else "unknown"
        for c in cpv.codes()
    )
    assert kinds.total() == 9454
    assert kinds["unknown"] <= 60
    assert kinds["none"] == 3107


def test_matches_are_official_codes_with_a_confidence_the_surest_first() -> None:
    for start, end, of in (
        (cpv.codes(), hs.codes(), known.hs_of_cpv),
        (cpv.codes(), naf.codes(), known.naf_of_cpv),
        (hs.codes(), naf.codes(), known.naf_of_hs),
    ):
        for code in start:
            matches = of(code)
            scores = [match.score for match in matches]
            assert scores == sorted(scores, reverse=True)
            assert all(0 < score <= 1 for score in scores)
            assert set(codes(matches)) <= end.keys()


def test_every_hs_code_has_an_activity() -> None:
    assert [code for code in hs.codes() if not known.naf_of_hs(code)] == []


@pytest.mark.parametrize(
    ("product", "makers"),
    [
        ("220421", "11.02"), ("080510", "01.23"), ("940161", "31"), ("940350", "31.09"),
        ("030289", "03"), ("870321", "29.10"),
        ("300490", "21.20"), ("880621", "30.30"), ("2204", "11.02"), ("91", "26.52"),
    ],
)  # fmt: skip
def test_a_product_leads_to_the_activity_that_makes_it(product: str, makers: str) -> None:
    assert codes(known.naf_of_hs(product))[0] == makers


@pytest.mark.parametrize(
    ("tender", "doers"),
    [
        ("15931000", "11.02"), ("72230000", "62.01"), ("45233140", "42.11"), ("55520000", "56.21"),
        ("85210000", "96.09"), ("48000000", "58.29"), ("33651600", "21.20"),
    ],
)  # fmt: skip
def test_a_cpv_code_leads_to_the_activity_that_makes_or_does_it(tender: str, doers: str) -> None:
    assert codes(known.naf_of_cpv(tender))[0] == doers


def test_the_way_back_gives_the_same_pairs() -> None:
    assert "15931000" in codes(known.cpv_of_hs("2204"))
    assert "220421" in codes(known.hs_of_naf("11.02"))
    assert "15931000" in codes(known.cpv_of_naf("11.02"))
    for code in ("39160000", "33141420", "24311411"):
        for match in known.hs_of_cpv(code):
            assert code in codes(known.cpv_of_hs(match.code))


def test_a_subheading_gives_its_own_cpv_codes_before_those_of_its_heading() -> None:
    found = codes(known.cpv_of_hs("220410"))
    assert found[0] == "15931100"
    assert "15931000" in found


def test_what_is_known_for_a_chapter_is_not_given_for_a_heading() -> None:
    assert "39000000" in codes(known.cpv_of_hs("94"))
    assert "39000000" not in codes(known.cpv_of_hs("9403"))


def test_a_french_subclass_is_read_as_its_class_and_a_division_as_all_its_classes() -> None:
    assert known.hs_of_naf("11.02A") == known.hs_of_naf("11.02")
    assert set(codes(known.hs_of_naf("11.02"))) < set(codes(known.hs_of_naf("11")))
    assert known.cpv_of_naf("62.01Z") == known.cpv_of_naf("62.01")


@pytest.mark.parametrize(
    ("of", "code"),
    [
        (known.hs_of_cpv, "99999999"), (known.has_no_hs, "99999999"), (known.naf_of_cpv, ""),
        (known.cpv_of_hs, "999999"), (known.naf_of_hs, "9999"), (known.hs_of_naf, "99.99"),
        (known.cpv_of_naf, "10.11Q"),
    ],
)  # fmt: skip
def test_an_unknown_code_is_refused(of: measured.Finder, code: str) -> None:
    with pytest.raises(KeyError):
        of(code)


def test_groups_of_food_agree_with_the_european_activities_that_their_codes_come_from() -> None:
    """CPV 15.1 to 15.8 kept the groups of NACE rév. 1.1, whose 15 became 10 and 11 in rév. 2."""
    food = [c for c in cpv.codes() if "151" <= c[:3] <= "158" and known.naf_of_cpv(c)]
    agree = [c for c in food if known.naf_of_cpv(c)[0].code[:2] in ("10", "11", "01", "03")]
    assert len(agree) / len(food) > 0.97


def test_choices_concern_official_codes_and_say_why() -> None:
    for row in table(goods.CHOICES):
        assert row["cpv"] in cpv.codes() and row["reason"]
        marks = [mark.removesuffix("?") for mark in row["hs"].split()]
        assert marks == [goods.NONE] or all(mark in hs.codes() for mark in marks)
        assert len(marks) == len(set(marks))
    for row in table(rebuilt.CHOICES):
        assert row["cpv"] in cpv.codes() and row["reason"]
        assert all(code in naf.codes() for code in row["naf"].split())


def test_the_tables_say_what_was_chosen() -> None:
    for code, marks in goods.read_choices().items():
        if goods.NONE in marks:
            assert known.has_no_hs(code)
        else:
            chosen = {mark.removesuffix("?") for mark in marks}
            assert set(codes(known.hs_of_cpv(code))) == chosen, code
    for row in table(rebuilt.CHOICES):
        assert codes(known.naf_of_cpv(row["cpv"])) == tuple(row["naf"].split())


def test_every_cpv_code_stands_under_a_choice() -> None:
    choices = goods.read_choices()
    for code in cpv.codes():
        assert any(c in choices for c in (code, *cpv.ancestors(code))), code


def test_cpa_gives_the_class_or_the_division_where_it_has_no_class() -> None:
    assert activity("110211") == "11.02"
    assert activity("030021") == "03"
    assert activity("31") is None
    assert activity("320021") == "32"


def test_a_subheading_new_in_2022_takes_after_the_nearest_ones() -> None:
    others = {code: {"11.02": 1.0} for code in hs.codes() if len(code) == 6}
    del others["220422"], others["880621"]
    found = neighbours(others | {"220429": {"11.03": 1.0}})
    assert found == {"220422": {"11.02": 0.5, "11.03": 0.5}, "880621": {"30.30": 1.0}}


def test_a_mean_of_shares_is_a_share() -> None:
    assert mean([{"a": 1.0}, {"a": 0.5, "b": 0.5}]) == {"a": 0.75, "b": 0.25}


def test_the_sample_checked_by_hand_is_still_in_the_tables() -> None:
    pairs = measured.sample()
    counts = Counter(pair.table for pair in pairs)
    assert counts["cpv_hs"] >= 200
    assert counts["hs_naf"] + counts["cpv_naf"] >= 60
    assert all(pair.score > 0 and pair.verdict in measured.VERDICTS for pair in pairs)
    assert len(pairs) == len({(pair.table, pair.code, pair.match) for pair in pairs})


@pytest.mark.parametrize(
    ("name", "lowest", "floor"), [("cpv_hs", 0.8, 0.9), ("hs_naf", 0.8, 0.9), ("cpv_naf", 0.8, 0.8)]
)
def test_what_is_said_with_confidence_is_right(name: str, lowest: float, floor: float) -> None:
    pairs = [pair for pair in measured.sample() if pair.table == name and pair.score >= lowest]
    assert len(pairs) >= 15
    assert measured.precision(pairs) >= floor


def test_the_report_has_a_line_per_table_and_band() -> None:
    lines = list(measured.report(measured.sample()))
    assert sum(line.startswith("cpv_hs") for line in lines) == 5
    assert sum("in all" in line for line in lines) == 3


def test_the_tables_are_sorted_and_without_double() -> None:
    for name in ("cpv_hs.csv.gz", "hs_naf.csv.gz", "cpv_naf.csv.gz"):
        pairs = [(code, other) for code, other, _, _ in rows(name)]
        assert len(pairs) == len(set(pairs))
        assert [code for code, _ in pairs] == sorted(code for code, _ in pairs)
