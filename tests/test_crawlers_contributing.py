"""CONTRIBUTING tells the truth: its worked example is a page, its tables name every field."""

import csv
import re
from pathlib import Path

import yaml

from crawlers.paged import PagedSpider
from crawlers.spiders import ocds
from ingest.source import Mapping, Source

GUIDE = (Path(__file__).parents[1] / "CONTRIBUTING.md").read_text("utf-8")


def block(kind: str) -> str:
    """The first block of code of one kind."""
    found = re.search(rf"```{kind}\n(.*?)```", GUIDE, re.DOTALL)
    assert found is not None
    return found[1]


def page() -> Source:
    return Source.model_validate(yaml.safe_load(block("yaml")))


def test_the_worked_example_describes_each_column_of_its_file() -> None:
    mapping = page().mapping
    assert mapping is not None
    lines = block("csv").splitlines()[mapping.skip :]
    columns, *rows = csv.reader(lines, delimiter=mapping.delimiter)
    read = {mapping.buyer, mapping.country, mapping.place, mapping.published, mapping.deadline}
    read |= {mapping.amount, mapping.currency, mapping.kind, mapping.url, *mapping.codes.values()}
    assert {*read, *mapping.key, *mapping.title, *mapping.body, *mapping.ignored} == set(columns)
    assert {len(row) for row in rows} == {len(columns)}
    states = {row[columns.index(mapping.kind)] for row in rows}
    assert states == set(mapping.stages)


def test_every_field_of_a_source_page_is_explained() -> None:
    explained = set(re.findall(r"`(\w+)`", "".join(re.findall(r"^\| (`.*?) \|", GUIDE, re.M))))
    assert set(Source.model_fields) | set(Mapping.model_fields) <= explained


def test_the_spider_shown_is_the_spider_we_have() -> None:
    shown: dict[str, type[PagedSpider]] = {}
    exec(block("python"), {**vars(ocds)}, shown)
    assert shown["OcdsSpider"].paging == ocds.OcdsSpider.paging
    assert shown["OcdsSpider"].name == ocds.OcdsSpider.name
