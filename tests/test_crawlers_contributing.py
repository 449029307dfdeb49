"""CONTRIBUTING tells the truth: its worked example is a page, its tables name every field."""

import csv
import re
from pathlib import Path
from typing import get_args

import pytest
import yaml
from pydantic import BaseModel
from scrapy.settings import Settings
from scrapy.spiderloader import SpiderLoader

from crawlers.paged import PagedSpider
from crawlers.settings import settings
from crawlers.spiders import ocds
from ingest.collect import AccessKey, Collect, Paging, Rhythm
from ingest.source import Format, Mapping, Source

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
    explained = names(GUIDE)
    assert set(Source.model_fields) | set(Mapping.model_fields) <= explained


def chapter(title: str) -> str:
    """A part of the guide, from its title to the next one."""
    return GUIDE.partition(f"### {title}\n")[2].partition("\n##")[0]


def names(text: str) -> set[str]:
    """The fields that the tables of a text explain."""
    return set(re.findall(r"`(\w+)`", "".join(re.findall(r"^\| (`.*?) \|", text, re.M))))


@pytest.mark.parametrize("part", [Collect, Rhythm, AccessKey, Paging])
def test_every_field_of_a_collection_is_explained(part: type[BaseModel]) -> None:
    explained = names(chapter("La collecte") + chapter("Le rythme d'une source interrogée"))
    assert set(part.model_fields) <= explained


def test_the_collectors_and_formats_named_are_those_we_have() -> None:
    [row] = re.findall(r"^\| `spider` \| (.*) \|", chapter("La collecte"), re.M)
    known = SpiderLoader.from_settings(Settings(settings())).list()
    assert set(re.findall(r"`(\w+)`", row)) - {"paging"} <= set(known)
    [formats] = re.findall(r"^\| `formats` \| Parmi ([^;]*) ;", GUIDE, re.M)
    assert set(re.findall(r"`(\w+)`", formats)) == set(get_args(Format))


def test_the_collection_shown_can_be_one_of_a_page() -> None:
    [shown] = re.findall(r"```yaml\n(.*?)```", chapter("La collecte"), re.DOTALL)
    found = Collect.model_validate(yaml.safe_load(shown)["collect"])
    assert (found.spider, found.rhythm.every, found.coverage["deadline"]) == ("rss", "week", 0.8)


def test_the_spider_shown_is_the_spider_we_have() -> None:
    shown: dict[str, type[PagedSpider]] = {}
    exec(block("python"), {**vars(ocds)}, shown)
    assert shown["OcdsSpider"].paging == ocds.OcdsSpider.paging
    assert shown["OcdsSpider"].name == ocds.OcdsSpider.name


def test_a_spider_is_a_declaration_of_sixty_lines_at_most() -> None:
    folder = Path(__file__).parents[1] / "crawlers" / "spiders"
    lines = {path.name: path.read_text("utf-8").count("\n") for path in folder.glob("*.py")}
    assert {name: count for name, count in lines.items() if count > 60} == {}
