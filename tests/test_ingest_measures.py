"""The measures of search and codes, on cases small enough to be counted by hand."""

from collections.abc import Callable
from math import log2
from pathlib import Path

import numpy as np
import pytest

from index.coding import Coder, Wording
from index.concepts import concepts
from index.lead import Hint, Lead
from index.ranking import Weights
from index.sense import Sense
from index.settings import Settings
from ingest.evaluation import codes, corpus, search, worst
from ingest.evaluation.confidence import Band, Confidence, Said
from ingest.evaluation.corpus import AbsentError, Judged, Product
from ingest.evaluation.measures import gain, mean, ndcg, recall
from taxonomies import cpv

FURNITURE = Judged("mobilier scolaire", ("39160", "3916"), ("3910",))


def test_a_notice_gains_by_its_best_code() -> None:
    assert gain(["45000000", "39160000"], FURNITURE) == 2
    assert gain(["39100000"], FURNITURE) == 1
    assert gain(["39200000"], FURNITURE) == 0
    assert gain([], FURNITURE) == 0
    assert gain(["39100000"], Judged("mobilier", ("3916",), ())) == 0


def test_the_best_order_has_all_the_gain() -> None:
    assert ndcg([2, 1, 0], [0, 1, 2]) == 1


def test_what_comes_later_counts_less() -> None:
    assert ndcg([0, 2], [2, 0]) == pytest.approx(1 / log2(3))
    assert ndcg([1, 2], [2, 1]) == pytest.approx((1 + 2 / log2(3)) / (2 + 1 / log2(3)))


def test_what_is_not_found_is_missed() -> None:
    assert ndcg([], [1]) == 0
    assert ndcg([2], [2, 2]) == pytest.approx(2 / (2 + 2 / log2(3)))


def test_only_the_first_answers_count() -> None:
    assert ndcg([0] * 10 + [2], [2]) == 0
    assert recall([0] * 100 + [1], [1]) == 0


def test_recall_is_asked_of_as_many_as_fit() -> None:
    assert recall([1, 1], [1] * 4, depth=2) == 1
    assert recall([1, 0], [1, 2, 0]) == 0.5
    assert recall([1, 2], [1, 2, 2], least=2) == 0.5
    assert recall([], [1], least=2) is None


def test_a_mean_is_of_what_is_known() -> None:
    assert mean([1, None, 0]) == 0.5
    assert mean([None]) is None


# Parts


def test_the_parts_share_no_name_and_hold_them_all() -> None:
    names = [f"ted_legacy/{number:06}-2020.xml" for number in range(500)]
    test = {name for name in names if corpus.within(name, "test")}
    learned = {name for name in names if corpus.within(name, "apprentissage")}
    assert not test & learned
    assert test | learned == set(names)
    assert all(corpus.within(name, "tout") for name in names)
    assert 70 < len(test) < 130


def test_the_part_of_a_file_does_not_depend_on_where_its_folder_lies(tmp_path: Path) -> None:
    for place in ("one", "two/deep"):
        folder = tmp_path / place / "notices" / "ted"
        folder.mkdir(parents=True)
        for number in range(20):
            (folder / f"{number}.xml").touch()
    found = [
        [path.name for path in corpus.notice_files(tmp_path / place, "test")]
        for place in ("one", "two/deep", "one/notices")
    ]
    assert found[0] == found[1] == found[2]
    assert 0 < len(found[0]) < 20


def test_data_that_are_absent_are_said(tmp_path: Path) -> None:
    for read in (
        lambda: corpus.notices_folder(tmp_path / "nowhere"),
        lambda: corpus.judged(tmp_path),
        lambda: corpus.products(tmp_path, "tout"),
    ):
        with pytest.raises(AbsentError, match="Introuvable"):
            read()


def test_queries_of_any_name_are_read(tmp_path: Path) -> None:
    rows = "query\tcpv_exact\tcpv_near\nvaccins\t33651\t336\nvins\t1593 1591\t\n"
    (tmp_path / "queries_held_out.tsv").write_text(rows, "utf-8")
    assert corpus.judged(tmp_path) == [
        Judged("vaccins", ("33651",), ("336",)),
        Judged("vins", ("1593", "1591"), ()),
    ]


def test_products_are_english_texts_coded_in_the_edition_of_the_tables(tmp_path: Path) -> None:
    rows = (
        "source,text,code,hs6,hs6_in_hs2022,extra\n"
        "uk,abalone,0307810000,030781,yes,\nuk,gone,8542,854209,no,\n"
        "bench,大米,100630,100630,yes,zh|multilingual\n"
    )
    (tmp_path / "hs_labelled.csv").write_text(rows, "utf-8")
    assert corpus.products(tmp_path, "tout") == [Product("abalone", "030781", "uk")]


# Search


def test_a_lead_as_a_source_without_codes_would_tell_it(lead: Callable[..., Lead]) -> None:
    told = lead(
        cpv="39160000",
        hints=(Hint(scheme="CPV", code="39160000", share=0.5),),
        sectors=("mobilier",),
        without_hs=True,
    )
    bare = corpus.bare(told)
    assert (bare.codes, bare.hints, bare.sectors, bare.without_hs) == ((), (), (), False)
    assert bare.texts == told.texts
    assert corpus.cpv_of(told) == ("39160000",)


def test_foreign_coded_notices_are_searched(lead: Callable[..., Lead]) -> None:
    kept = lead(cpv="39160000")
    others = (lead(), lead(cpv="39160000", domestic=True), lead(cpv="39160000", source="fbo"))
    assert search.coded([kept, *others]) == [kept]


@pytest.fixture(scope="module")
def answered() -> search.Measured:
    """Made once: two notices of furniture, one of bread, and a query that nothing answers."""
    from index.lead import LeadCode, LeadText

    told = (
        ("de", "Lieferung von Schulmöbeln", "39160000"),
        ("pl", "Dostawa mebli szkolnych", "39160000"),
        ("de", "Lieferung von Brot", "15811000"),
    )
    leads = [
        Lead(
            id=f"{number:016x}",
            sequence=number,
            texts=(LeadText(language=language, title=title),),
            codes=(LeadCode(scheme="CPV", code=code),),
            source="ted",
        )
        for number, (language, title, code) in enumerate(told, 1)
    ]
    coder = Coder.load()
    opened = search.engines(Sense(coder.embedder, coder), Settings())["embarque"]
    queries = [FURNITURE, Judged("satellites", ("3563",), ())]
    return search.evaluate(leads, queries, coder, opened)


def test_queries_that_nothing_answers_do_not_count(answered: search.Measured) -> None:
    figures = answered.figures(search.WITH, search.TOGETHER)
    assert (figures.queries, figures.ndcg, figures.recall, figures.exact) == (1, 1, 1, 1)


def test_every_way_is_measured_in_every_group(answered: search.Measured) -> None:
    assert answered.leads[search.EVERY] == 3
    assert sorted(answered.leads.values()) == [1, 2, 3]
    told = answered.to_json()
    assert set(told[search.WITH]) == set(search.WAYS)
    # Without codes there is nothing to rank by codes alone.
    assert set(told[search.WITHOUT]) == set(search.WAYS) - {"codes"}
    for ways in (told[search.WITH], told[search.WITHOUT]):
        for groups in ways.values():
            assert [groups[name]["requetes"] for name in answered.leads] == [1, 1, 1]


def test_the_worst_queries_are_told_with_what_was_understood(answered: search.Measured) -> None:
    coder = Coder.load()
    [only] = worst.worst(answered, coder, 30)
    assert (only.query, only.ndcg) == ("mobilier scolaire", 1)
    assert only.understood[0].startswith("CPV 39160000 Mobilier scolaire")
    assert all("Brot" in title for title in only.wrong)
    assert worst.worst(answered, coder, 0) == []


def test_the_ways_are_the_lists_alone_and_those_of_the_engine() -> None:
    alone = [ways for name, ways in search.WAYS.items() if name != search.TOGETHER]
    assert all((one.words, one.meaning, one.codes).count(0) == 2 for one in alone)
    assert search.WAYS[search.TOGETHER] == Weights()


# Codes


def votes(scheme: str, **given: float) -> np.ndarray:
    names = [code for _, code in concepts().names[concepts().of(scheme)]]  # type: ignore[arg-type]
    row = np.zeros((1, len(names)), np.float32)
    for code, share in given.items():
        row[0, names.index(code.removeprefix("c"))] = share
    return row


def test_a_class_gathers_the_votes_of_all_that_it_holds() -> None:
    row = votes("CPV", c39162100=0.25, c39162200=0.25, c45000000=0.4, c39100000=0.1)
    assert codes.prefixes("CPV", row, 4, 2) == [("3916", "4500")]
    assert codes.prefixes("CPV", row, 2, 1) == [("39",)]


def test_a_chapter_is_no_subheading() -> None:
    row = votes("HS", c94=0.9, c940360=0.1)
    assert codes.prefixes("HS", row, 6, 1) == [("940360",)]
    assert codes.prefixes("HS", row, 2, 1) == [("94",)]


def test_a_text_of_which_nothing_is_known_has_no_code() -> None:
    assert codes.prefixes("HS", votes("HS"), 6, 5) == [()]


def test_one_right_code_among_those_of_a_notice_is_enough() -> None:
    row = votes("CPV", c39162100=1)
    told = codes.hits("CPV", np.repeat(row, 2, axis=0), [("45000000", "39160000"), ("45000000",)])
    assert {name: hit.tolist() for name, hit in told.items()} == {
        "division@1": [True, False],
        "division@3": [True, False],
        "classe@1": [True, False],
    }


def test_groups_come_after_the_whole_the_largest_first() -> None:
    told = codes.by_group({"SH6@1": np.array([True, False, True])}, ["a", "b", "b"])
    assert [(name, one.texts, one.right["SH6@1"]) for name, one in told.items()] == [
        (codes.EVERY, 3, pytest.approx(2 / 3)),
        ("b", 2, 0.5),
        ("a", 1, 1),
    ]
    assert codes.by_group({"SH6@1": np.zeros(0, bool)}, []) == {}


def test_confidence_is_counted_by_band_and_depth() -> None:
    told = Confidence(4, [Said(6, 0.95, True), Said(6, 1.0, False), Said(2, 0.55, True)])
    assert told.bands()["0,9–1,0"] == Band(2, pytest.approx(0.975), 0.5)
    assert told.bands()["0,5–0,6"].right == 1
    assert told.bands()["0,6–0,7"] == Band(0, None, None)
    assert {depth: band.said for depth, band in told.depths().items()} == {2: 1, 6: 2}
    assert (told.sure().said, told.whole().said, told.share()) == (2, 3, 0.75)


def test_a_broader_code_is_right_when_the_text_s_own_lies_below(coder: Coder) -> None:
    shares = coder.shares("HS", [Wording("fresh apples", "", "en")])
    told = Confidence.of(coder, "HS", shares, [("080810",)])
    assert [one.right for one in told.said] == [True] * len(told.said)
    assert Confidence.of(coder, "HS", np.zeros_like(shares), [("080810",)]).said == []


def test_what_has_no_hs_code_is_counted_both_ways() -> None:
    mute = codes.Mute()
    assert (mute.precision(), mute.recall()) == (None, None)
    for said, true in ((True, True), (True, False), (False, True), (False, False)):
        mute.add(said, true)
    assert (mute.precision(), mute.recall()) == (0.5, 0.5)


def test_products_in_languages_never_learned_have_codes_of_the_tables() -> None:
    from taxonomies import hs

    products = list(corpus.unlearned_products())
    assert {one.language for one in products} == {"ar", "zh", "tr", "ja", "vi"}
    assert all(one.code in hs.codes() for one in products)


def test_our_own_queries_name_official_codes_only() -> None:
    codes = list(cpv.codes())
    for query in corpus.own_judged():
        assert query.exact
        for prefix in (*query.exact, *query.near):
            assert any(code.startswith(prefix) for code in codes), (query.text, prefix)
