"""The common procurement vocabulary: which codes exist, how they are read, what is above them."""

import pytest

from taxonomies import cpv


def test_the_table_is_the_whole_official_one() -> None:
    assert len(cpv.codes()) == 9454
    assert len(cpv.children("")) == 45
    assert all(len(code) == 8 and code.isdigit() for code in cpv.codes())
    assert all(entry.fr and entry.en for entry in cpv.codes().values())


def test_a_code_has_its_check_digit_and_its_labels() -> None:
    assert cpv.get("39160000") == cpv.CpvCode(
        "39160000", "1", "Mobilier scolaire", "School furniture"
    )
    assert cpv.get("39160001") is None


@pytest.mark.parametrize(
    "published",
    [
        "03000000-1", "09110000-3", "09132100-4", "30213100-6", "33141620-2", "42160000-8",
        "45000000-7", "48180000-3", "51000000-9", "72611000-6", "85210000-3", "98000000-3",
    ],
)  # fmt: skip
def test_published_check_digits_are_right(published: str) -> None:
    assert cpv.normalise(published) == published[:8]


@pytest.mark.parametrize(
    "written",
    [
        "39160000", "39160000-1", " 39160000 - 1 ", "39160000–1", "391600001", "39 16 00 00",
        "39.16.00.00-1", "3916", "39160", "3916000", "3916-1", "39160000\n",
    ],
)  # fmt: skip
def test_a_code_is_read_however_it_is_written(written: str) -> None:
    assert cpv.normalise(written) == "39160000"


@pytest.mark.parametrize("wrong", [f"39160000-{digit}" for digit in "023456789"])
def test_a_wrong_check_digit_is_no_code(wrong: str) -> None:
    assert cpv.normalise(wrong) is None


@pytest.mark.parametrize(
    "other",
    [
        "", "3", "39999999", "00000000", "CB10-6", "IA01-3", "mobilier", "39160000-1-1", "3916000a",
        "391600001-1", "3916000012", "٣٩١٦٠٠٠٠", "39160000;45000000", "-1", "3916\x000000",
    ],
)  # fmt: skip
def test_what_is_not_in_the_official_table_is_no_code(other: str) -> None:
    assert cpv.normalise(other) is None


def test_a_very_long_text_is_no_code() -> None:
    assert cpv.normalise("3 " * 500_000) is None


def test_seven_digits_that_lost_a_zero_on_one_side_only_are_read() -> None:
    assert cpv.normalise("3000000-1") == "03000000"
    assert cpv.normalise("3000000-9") == "30000000"


def test_seven_digits_that_may_have_lost_a_zero_on_either_side_are_no_code() -> None:
    assert cpv.get("03111000") and cpv.get("31110000")
    assert cpv.normalise("3111000") is None


def test_ancestors_go_from_the_nearest_to_the_division() -> None:
    assert cpv.ancestors("39161000") == ("39160000", "39100000", "39000000")
    assert cpv.ancestors("39000000") == ()
    assert cpv.division("39161000") == "39"


def test_ancestors_that_are_not_codes_are_skipped() -> None:
    assert "34511000" not in cpv.codes()
    assert cpv.ancestors("34511100") == ("34510000", "34500000", "34000000")


def test_every_code_leads_to_its_division() -> None:
    for code in cpv.codes():
        steps = (code, *cpv.ancestors(code))
        assert steps[-1] == f"{cpv.division(code)}000000"
        assert list(steps) == sorted(steps, key=lambda step: -len(step.rstrip("0")))


def test_an_unknown_code_has_no_ancestors_nor_label() -> None:
    with pytest.raises(KeyError):
        cpv.ancestors("39160001")
    with pytest.raises(KeyError):
        cpv.label("39160001")


def test_children_are_the_codes_just_below() -> None:
    assert cpv.children("39160000") == ("39161000", "39162000")
    assert cpv.children("39162110") == ()
    below = [child for code in ("", *cpv.codes()) for child in cpv.children(code)]
    assert sorted(below) == list(cpv.codes())


def test_labels_exist_in_the_24_languages_of_the_union() -> None:
    assert len(cpv.LANGUAGES) == 24
    for language in cpv.LANGUAGES:
        labels = cpv.labels(language)
        assert labels.keys() == cpv.codes().keys()
        assert all(labels.values())


def test_a_label_is_french_unless_asked_otherwise() -> None:
    assert cpv.label("39160000") == "Mobilier scolaire"
    assert cpv.label("39160000", "en") == "School furniture"
    assert cpv.label("39160000", "de") == "Schulmöbel"
    with pytest.raises(KeyError):
        cpv.label("39160000", "xx")
