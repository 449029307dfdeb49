"""What the embedding learns from: texts that mean the same, by the code that they share.

Families of pairs, each with its share of a batch: labels of a code in two languages, a code's
everyday name and its label, a notice and the label of its code, a product and its subheading, a
word and its translation.
"""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from index.lead import Lead
from taxonomies import cn, cpv, everyday, hs

# Characters of a piece of a notice, and how many of its first pieces are read.
_PIECE, _PIECES = 600, 4
_LABEL = 14  # shorter labels of HS (« autres ») say nothing


@dataclass(frozen=True, slots=True)
class Coded:
    """A text, or several saying the same, and their codes in one scheme, main one first."""

    texts: tuple[str, ...]
    codes: tuple[str, ...]


@dataclass(frozen=True)
class Corpus:
    """Everything that is learned from.

    cpv, hs: code → its labels in all languages; french: their French labels; goods: texts of one
    good in several languages; names: (scheme, code, French names, English names); notices: CPV;
    products: HS; pairs: words that translate each other.
    """

    cpv: dict[str, tuple[str, ...]]
    hs: dict[str, tuple[str, ...]]
    goods: tuple[tuple[str, ...], ...]
    names: tuple[everyday.Named, ...]
    notices: tuple[Coded, ...]
    products: tuple[Coded, ...]
    pairs: tuple[tuple[str, str], ...] = field(default=(), repr=False)

    def texts(self) -> Iterable[str]:
        """All of them, for the tokenizer."""
        for labels in (*self.cpv.values(), *self.hs.values(), *self.goods, *self.pairs):
            yield from labels
        for name in self.names:
            yield from (*name.fr, *name.en)
        for coded in (*self.notices, *self.products):
            yield from coded.texts


def goods_label(code: str, language: str) -> str:
    """An HS code's label with those that lead to it, from the heading on."""
    path = hs.path(code, language)
    return " ".join(path[1:] or path)


def _cpv_labels() -> dict[str, tuple[str, ...]]:
    # The Irish table repeats the English labels.
    tables = [cpv.labels(language) for language in cpv.LANGUAGES if language != "ga"]
    return {code: _distinct(table[code] for table in tables) for code in cpv.codes()}


def _hs_labels() -> dict[str, tuple[str, ...]]:
    made = {}
    for code in hs.codes():
        paths = [goods_label(code, language) for language in hs.LANGUAGES]
        own = [hs.label(code, language) for language in ("fr", "en", "de", "es")]
        made[code] = _distinct([*paths, *(label for label in own if len(label) > _LABEL)])
    return made


def _distinct(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for text in texts if text))


def pieces(title: str, text: str) -> tuple[str, ...]:
    """What is read of a notice: its title, its title with its first lines, then by pieces."""
    start = f"{title}. {text[:_PIECE]}"
    rest = [text[at : at + _PIECE] for at in range(0, min(len(text), _PIECE * _PIECES), _PIECE)]
    return (title, start, *(rest if len(text) > _PIECE // 2 else ()))


def notices(leads: Iterable[Lead]) -> tuple[Coded, ...]:
    """What coded leads teach: their texts and the CPV codes that their source gave."""
    made = []
    for lead in leads:
        codes = tuple(code.code for code in lead.codes if code.scheme == "CPV" and code.given)
        if codes:
            made += [Coded(pieces(text.title, text.text), codes) for text in lead.texts[:2]]
    return tuple(made)


def products(rows: Iterable[tuple[str, str]]) -> tuple[Coded, ...]:
    """(text, HS code) → what they teach; rows whose code HS 2022 does not have are left out."""
    coded = ((text, hs.normalise(code)) for text, code in rows)
    return tuple(Coded((text,), (code,)) for text, code in coded if code)


def translations(path: Path) -> tuple[tuple[str, str], ...]:
    """Pairs of a tab-separated file, one a line."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        return tuple((row[0], row[1]) for row in rows if len(row) == 2)


def corpus(
    leads: Iterable[Lead],
    labelled: Iterable[tuple[str, str]] = (),
    pairs: Sequence[tuple[str, str]] = (),
) -> Corpus:
    """Official tables, everyday names, and these leads, products and translations."""
    codes = cn.texts("fr")
    return Corpus(
        cpv=_cpv_labels(),
        hs=_hs_labels(),
        goods=tuple(
            found
            for code in codes
            if len(found := _distinct(cn.texts(one).get(code, "") for one in cn.LANGUAGES)) > 1
        ),
        names=everyday.everyday_names(),
        notices=notices(leads),
        products=products(labelled),
        pairs=tuple(pairs),
    )
