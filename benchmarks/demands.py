"""Invented demands of a partner, as JSON lines: all different, in eight languages, some faulty.

Titles and texts are made of the official labels of CPV codes, quantities, places and buyers. The
same seed gives the same bytes.
"""

import random
from collections.abc import Iterator
from datetime import date, timedelta
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import orjson
import yaml

from taxonomies import correspondence, cpv

# Shares of what a real feed also has: a demand told again under another reference, a demand that
# is corrected, a line sent twice, a line that cannot be read.
RETOLD, CORRECTED, REPEATED, FAULTY = 0.03, 0.01, 0.01, 0.02
# Demands among which one is told again: some hundreds of transactions.
_REMEMBERED = 20_000
# Lines whose code, whose language, amount or deadline is told.
_CODED, _TONGUE, _PRICED, _DATED = 0.5, 0.8, 0.6, 0.85

_FIRST = date(2026, 1, 5)
_CURRENCIES = ("EUR", "EUR", "EUR", "USD", "GBP", "PLN", "CHF")
_SYLLABLES = "ba cor da el fa gri hel ja lor ma ni or pe ri sa tu ver zan".split()

PAGE = """\
name: {name}
title: Demandes inventées
publisher: Partenaire inventé
licence: Sans objet, données inventées
url: https://partenaire.exemple.test
formats: [tabular]
trust: medium
fictitious: true
notice_url: https://partenaire.exemple.test/{{key}}
mapping:
  key: [ref]
  title: [title]
  body: [text]
  language: lang
  buyer: buyer.name
  country: buyer.country
  place: buyer.city
  published: published
  deadline: deadline
  amount: amount.value
  currency: amount.currency
  codes: {{CPV: codes.cpv, HS: codes.hs}}
  constants: {{stage: open}}
"""


@cache
def _words() -> dict[str, dict[str, list[str]]]:
    text = Path(__file__).with_name("feed_words.yml").read_text("utf-8")
    read: dict[str, dict[str, list[str]]] = yaml.safe_load(text)
    return read


@cache
def _names() -> list[str]:
    return ["".join(three).capitalize() for three in product(_SYLLABLES, repeat=3)]


@cache
def _goods() -> list[tuple[str, str]]:
    """CPV codes of goods with the HS code that corresponds best, if any; services without."""
    return [
        (code, matches[0].code if (matches := correspondence.hs_of_cpv(code)) else "")
        for code in cpv.codes()
        if not code.endswith("000000")
    ]


class Demands:
    """Makes demands one after the other; each line is a JSON object without its line end."""

    def __init__(self, seed: int = 1) -> None:
        self._chance = random.Random(seed)
        self._told: list[dict[str, Any]] = []
        self._number = 0

    def lines(self, count: int) -> Iterator[bytes]:
        """``count`` lines."""
        for _ in range(count):
            yield self._line()

    def _line(self) -> bytes:
        kind = self._chance.random()
        if self._told and kind < RETOLD:
            return orjson.dumps(self._retold())
        if self._told and kind < RETOLD + CORRECTED:
            return orjson.dumps(self._corrected())
        if self._told and kind < RETOLD + CORRECTED + REPEATED:
            return orjson.dumps(self._chance.choice(self._told))
        demand = self._demand()
        if kind > 1 - FAULTY:
            return self._faulty(demand)
        self._remember(demand)
        return orjson.dumps(demand)

    def _remember(self, demand: dict[str, Any]) -> None:
        if len(self._told) < _REMEMBERED:
            self._told.append(demand)
        else:
            self._told[self._chance.randrange(_REMEMBERED)] = demand

    def _reference(self) -> str:
        self._number += 1
        return f"D{self._number:07}"

    def _retold(self) -> dict[str, Any]:
        """The same demand under another reference: other case, end of the text left out."""
        told = self._chance.choice(self._told)
        title = told["title"].upper() if self._chance.random() < 0.5 else told["title"] + " (bis)"
        text = told["text"].rpartition(". ")[0] + "."
        return told | {"ref": self._reference(), "title": title, "text": text}

    def _corrected(self) -> dict[str, Any]:
        """The same reference with a later deadline."""
        told = self._chance.choice(self._told)
        later = date.fromisoformat(told.get("deadline", "2027-01-01")) + timedelta(days=14)
        return told | {"deadline": later.isoformat()}

    def _faulty(self, demand: dict[str, Any]) -> bytes:
        line = orjson.dumps(demand)
        match self._chance.randrange(4):
            case 0:
                return line[: self._chance.randrange(20, len(line) - 1)]
            case 1:
                return orjson.dumps(demand | {"ref": ""})
            case 2:
                return orjson.dumps(demand | {"title": " "})
            case _:
                return line[:-1] + b',"ref":"encore"}'

    def _demand(self) -> dict[str, Any]:
        chance = self._chance
        language = chance.choice(list(_words()))
        words = _words()[language]
        code, hs = chance.choice(_goods())
        city, name = chance.choice(words["cities"]), chance.choice(_names())
        buyer = chance.choice(words["buyers"]).format(city=city, name=name)
        published = _FIRST + timedelta(days=chance.randrange(300))
        demand: dict[str, Any] = {
            "ref": self._reference(),
            **self._texts(words, cpv.label(code, language), language, city, buyer),
            "buyer": {"name": buyer, "country": chance.choice(words["countries"]), "city": city},
            "published": published.isoformat(),
        }
        if chance.random() < _TONGUE:
            demand["lang"] = language
        if chance.random() < _DATED:
            demand["deadline"] = (published + timedelta(days=chance.randrange(15, 200))).isoformat()
        if chance.random() < _PRICED:
            value = round(10 ** chance.uniform(3, 6.5), 2)
            demand["amount"] = {"value": value, "currency": chance.choice(_CURRENCIES)}
        if chance.random() < _CODED:
            demand["codes"] = {"hs": hs} if hs and chance.random() < 0.3 else {"cpv": code}
        return demand

    def _texts(
        self, words: dict[str, list[str]], what: str, language: str, city: str, buyer: str
    ) -> dict[str, str]:
        chance = self._chance
        others = [cpv.label(chance.choice(_goods())[0], language).lower() for _ in range(3)]
        some = {
            "what": what,
            "city": city,
            "buyer": buyer,
            "year": chance.randrange(2026, 2030),
            "ref": f"{chance.choice(_names())[:3].upper()}-{chance.randrange(100, 99_999)}",
        }

        def told(form: str) -> str:
            some["n"], some["d"] = chance.randrange(2, 5_000), chance.randrange(2, 29)
            some["other"] = chance.choice(others)
            some["q"] = chance.choice(words["units"]).format_map(some)
            return form.format_map(some)

        parts = [
            *chance.sample(words["needs"], chance.randint(1, 2)),
            *chance.sample(words["details"], chance.randint(1, 4)),
            *chance.sample(words["terms"], chance.randint(1, 3)),
        ]
        title = told(chance.choice(words["titles"]))
        return {"title": title, "text": " ".join(map(told, parts))}


def write(path: Path, count: int, seed: int = 1) -> None:
    """A file of that many lines, written as they are made."""
    with path.open("wb") as file:
        file.writelines(line + b"\n" for line in Demands(seed).lines(count))
