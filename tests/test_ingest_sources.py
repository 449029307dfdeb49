"""The pages of the sources are complete, and say the same thing as the readers."""

import re
from fnmatch import fnmatchcase
from itertools import combinations
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from index.lead import STAGES
from ingest.feeds.mapped import parsed
from ingest.source import Source, SourceError, source, sources
from taxonomies import countries

PAGES = list(sources().values())
each = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


@each
def test_a_page_says_who_publishes_what_and_on_which_terms(page: Source) -> None:
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", page.name)
    assert page.title and page.publisher and page.licence
    # Without a format no document is read: what it says is submitted, or typed on this site.
    elsewhere = page.formats and not page.fictitious
    assert page.url.startswith(("https://", "http://")) if elsewhere else page.access
    assert not page.country or countries.get(page.country)
    assert not page.language or re.fullmatch("[a-z]{2}", page.language)
    assert not page.currency or re.fullmatch("[A-Z]{3}", page.currency)
    assert page.expected[0] <= page.expected[1]


@each
def test_a_page_s_time_zone_exists(page: Source) -> None:
    assert not page.dates.timezone or ZoneInfo(page.dates.timezone)


@each
def test_a_table_has_a_mapping_and_its_stages_are_ours(page: Source) -> None:
    # Feeds and linked data have columns of their own, which a page may complete.
    assert "tabular" not in page.formats or page.mapping is not None
    assert page.mapping is None or {"tabular", "rss", "jsonld"} & set(page.formats)
    if page.mapping is None:
        return
    words = {*page.mapping.stages.values(), page.mapping.constants.get("stage", "open")}
    assert words <= {*STAGES, ""}
    assert not page.mapping.stages or page.mapping.kind
    for path in (*page.mapping.key, *page.mapping.title, *page.mapping.codes.values()):
        assert parsed(path)


@each
def test_stage_lookups_lead_to_our_stages(page: Source) -> None:
    assert set(page.lookups.get("stage", {}).values()) <= set(STAGES)


def test_no_two_pages_claim_the_same_ocid_prefix() -> None:
    claimed = [prefix.lower() for page in PAGES for prefix in page.recognise.ocid_prefixes]
    assert len(set(claimed)) == len(claimed)


def test_no_two_pages_claim_the_same_file_name() -> None:
    patterns = [(page.name, one) for page in PAGES for one in page.recognise.files]
    for (name, one), (other, two) in combinations(patterns, 2):
        sample = re.sub(r"\[[^\]]*\]", "1", one).replace("*", "x")
        assert name == other or not fnmatchcase(sample, two)


def test_only_the_countries_of_the_buyers_are_stated() -> None:
    abroad = {"us-state", "us-ustda", "us-ustda-rss", "mca-dgmarket", "openopps"}
    assert all(not source(name).country for name in abroad)


def test_an_unknown_source_is_answered_with_the_known_ones() -> None:
    with pytest.raises(SourceError, match=r"Source inconnue : « zz ».*gb-contracts-finder"):
        source("zz")


def own(folder: Path, written: str) -> dict[str, Source]:
    """The pages when one's own folder holds « mine », with this added to it."""
    start = "name: mine\ntitle: t\npublisher: p\nlicence: l\nurl: u\nformats: [tabular]\n"
    (folder / "mine.yml").write_text(start + written)
    return sources(folder)


def test_one_s_own_pages_join_the_packaged_ones(tmp_path: Path) -> None:
    pages = own(tmp_path, "dates: {timezone: Europe/Paris}\nmapping: {key: [a ~ (b)], title: [t]}")
    assert pages["mine"].dates.timezone == "Europe/Paris"
    assert "ted" in pages


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("dates: {timezone: Europe/Pariss}", r"dates.timezone : fuseau horaire inconnu"),
        ("dates: {timezone: Europe}", "fuseau horaire inconnu"),
        ("dates: {timezone: ../../etc}", "fuseau horaire inconnu"),
        ("mapping: {key: ['a ~ (b'], title: [t]}", r"mapping.key : expression régulière incorrec"),
        ("mapping: {key: [a], title: [t], kind: 'a | b ~ *'}", r"mapping.kind : expression rég"),
        ("mapping: {key: [a], title: [t], codes: {CPV: 'a ~ ['}}", r"mapping.codes : expression"),
        ("mapping: {key: [a], title: ['a ~ x{99999999999999}']}", r"mapping.title : expression"),
        ("mapping: {rows: '//tr[', key: [a], title: [t]}", "mapping.rows : chemin XPath incorrect"),
        ("mapping: {rows: //tr, key: [a], title: ['td[']}", "mapping.title : chemin XPath"),
        ("mapping: {key: [a]}", "mapping.title : valeur attendue"),
        ("colour: red", "colour : champ inconnu"),
        ("trust: total", "trust : valeur inconnue"),
        ("trust: low\ntrust: high", r"« trust » deux fois, ligne [0-9]+"),
        ("dates: {order: dmy, order: mdy}", "« order » deux fois"),
        ("notes: [", "YAML illisible, ligne"),
        ("notes: 2024-99-99", "YAML illisible"),
        ("notes: " + "[" * 5_000, "YAML illisible"),
    ],
)
def test_a_wrong_page_is_refused_in_one_french_line(
    tmp_path: Path, written: str, told: str
) -> None:
    with pytest.raises(SourceError, match=told) as caught:
        own(tmp_path, written)
    assert "« mine » est incorrecte" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_page_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine.yml").write_bytes(b"name: \xff")
    with pytest.raises(SourceError, match="illisible"):
        sources(tmp_path)


def test_a_folder_of_pages_that_does_not_exist_is_said(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="n'existe pas"):
        sources(tmp_path / "none")
