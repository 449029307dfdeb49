"""Batches of pairs of texts, by number: what the embedding is shown at each step.

No two pairs of a batch share a code: each is the counter-example of all the others. Half of the
labels come from a few families of codes, so that neighbours learn to differ.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from ingest.training.texts import Corpus, goods_label
from taxonomies import cpv, everyday

Key = tuple[str, str]

# Chances that a text is compared with the label of a broader code, that a label is the French one.
_BROADER, _FRENCH = 0.15, 0.4
# A notice's main code against any of its codes; an everyday name against another name of its code.
_MAIN, _NAME = 0.7, 0.3
# Share of a batch of labels that comes from a few families.
_CLOSE = 0.5


@dataclass(frozen=True, slots=True)
class Shares:
    """What part of a batch each family of texts has."""

    cpv: float = 0.30
    hs: float = 0.14
    goods: float = 0.08
    notices: float = 0.10
    products: float = 0.08
    names: float = 0.14
    pairs: float = 0.16


@dataclass
class Batch:
    """anchors and positives: numbers of texts. keys: the code of each pair, None for none.
    notices: places of the pairs whose anchor is a notice."""

    anchors: list[int] = field(default_factory=list)
    positives: list[int] = field(default_factory=list)
    keys: list[Key | None] = field(default_factory=list)
    notices: list[int] = field(default_factory=list)


class Batches:
    """texts: every text by number. size: pairs of a batch, before those of a code already there
    are left out."""

    def __init__(self, corpus: Corpus, size: int, shares: Shares, seed: int = 0) -> None:
        self.texts: list[str] = []
        self._numbers: dict[str, int] = {}
        self._chance = random.Random(seed)  # noqa: S311 nothing here is secret
        self._size, self._shares = size, shares
        self._cpv = {code: self._all(labels) for code, labels in corpus.cpv.items()}
        self._hs = {code: self._all(labels) for code, labels in corpus.hs.items()}
        self._french = {code: self._number(cpv.label(code)) for code in corpus.cpv}
        self._goods = [self._all(texts) for texts in corpus.goods]
        self._pairs = [self._all(pair) for pair in corpus.pairs]
        self._names = [(name, self._all(name.fr), self._all(name.en)) for name in corpus.names]
        self._notices = [(one.codes, self._all(one.texts)) for one in corpus.notices]
        self._products = [(one.codes, self._all(one.texts)) for one in corpus.products]
        self._product_labels = {
            code: self._all(goods_label(code, language) for language in ("en", "fr", "en"))
            for code in corpus.hs
        }
        self._families = [
            _families(corpus.cpv, 3),
            _families(corpus.hs, 2),
        ]

    def _number(self, text: str) -> int:
        number = self._numbers.setdefault(text, len(self.texts))
        if number == len(self.texts):
            self.texts.append(text)
        return number

    def _all(self, texts: Iterator[str] | Sequence[str]) -> list[int]:
        return [self._number(text) for text in texts]

    def batch(self) -> Batch:
        """The next one."""
        made, used = Batch(), set[Key]()
        for family in (
            self._labels,
            self._goods_labels,
            self._goods_texts,
            self._noticed,
            self._produced,
            self._named,
            self._translated,
        ):
            for anchor, positive, key in family():
                if key is None or key not in used:
                    used |= {key} if key else set()
                    if family == self._noticed:
                        made.notices.append(len(made.anchors))
                    made.anchors.append(anchor)
                    made.positives.append(positive)
                    made.keys.append(key)
        return made

    def _count(self, share: float, among: Sequence[object]) -> int:
        return min(int(self._size * share), len(among))

    def _close(self, families: dict[str, list[str]], codes: Sequence[str], count: int) -> list[str]:
        order = list(families.values())
        self._chance.shuffle(order)
        found: dict[str, None] = {}
        for family in order:
            if len(found) >= count * _CLOSE:
                break
            found |= dict.fromkeys(family)
        found = dict.fromkeys(list(found)[:count])
        while len(found) < count:
            found[self._chance.choice(codes)] = None
        return list(found)

    def _label(self, code: str) -> int:
        """A label of a CPV code, now and then that of a broader one."""
        above = cpv.ancestors(code)
        if above and self._chance.random() < _BROADER:
            code = above[0]
        if self._chance.random() < _FRENCH:
            return self._french[code]
        return self._chance.choice(self._cpv[code])

    def _labels(self) -> Iterator[tuple[int, int, Key]]:
        codes = list(self._cpv)
        for code in self._close(self._families[0], codes, self._count(self._shares.cpv, codes)):
            yield self._chance.choice(self._cpv[code]), self._label(code), ("CPV", code)

    def _goods_labels(self) -> Iterator[tuple[int, int, Key]]:
        codes = list(self._hs)
        for code in self._close(self._families[1], codes, self._count(self._shares.hs, codes)):
            one, other = self._two(self._hs[code])
            yield one, other, ("HS", code)

    def _two(self, texts: list[int]) -> tuple[int, int]:
        if len(texts) < 2:
            return texts[0], texts[0]
        one, other = self._chance.sample(texts, 2)
        return one, other

    def _goods_texts(self) -> Iterator[tuple[int, int, None]]:
        count = self._count(self._shares.goods, self._goods)
        for texts in self._chance.sample(self._goods, count):
            yield *self._two(texts), None

    def _noticed(self) -> Iterator[tuple[int, int, Key]]:
        count = self._count(self._shares.notices, self._notices)
        for codes, texts in self._chance.sample(self._notices, count):
            main = self._chance.random() < _MAIN
            code = codes[0] if main else self._chance.choice(codes)
            yield (
                self._chance.choice([texts[0], texts[1], *texts]),
                self._label(code),
                ("CPV", code),
            )

    def _produced(self) -> Iterator[tuple[int, int, Key]]:
        count = self._count(self._shares.products, self._products)
        for (code, *_), texts in self._chance.sample(self._products, count):
            yield texts[0], self._chance.choice(self._product_labels[code]), ("HS", code)

    def _named(self) -> Iterator[tuple[int, int, Key]]:
        count = self._count(self._shares.names, self._names)
        for name, french, english in self._chance.sample(self._names, count):
            anchor = self._chance.choice(french + english)
            yield anchor, self._of_name(name, english), (name.scheme, name.code)

    def _of_name(self, name: everyday.Named, english: list[int]) -> int:
        if english and self._chance.random() < _NAME:
            return self._chance.choice(english)
        if name.scheme == "CPV":
            return self._label(name.code)
        return self._chance.choice(self._product_labels[name.code])

    def _translated(self) -> Iterator[tuple[int, int, None]]:
        count = self._count(self._shares.pairs, self._pairs)
        for one, other in self._chance.sample(self._pairs, count):
            yield one, other, None


def _families(
    codes: Sequence[str] | dict[str, tuple[str, ...]], digits: int
) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for code in codes:
        found.setdefault(code[:digits], []).append(code)
    return found
