"""Edits of a notice told again: those that leave it the same demand, those that make it another.

Each takes the notice and a source of chance, and gives the notice back changed, or None where it
cannot be changed so.
"""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random

from ingest.evaluation.telling import Telling

Edit = Callable[[Telling, Random], Telling | None]

# One word in eight is mistyped; a title cut keeps 60 % of its words, a text 40 %.
_MISTYPED, _TITLE_KEPT, _TEXT_KEPT = 8, 0.6, 0.4
# Signs of a title that leave room for more: ingestion keeps 300.
LONG = 240
# Shorter titles say too little once cut.
_CUT = 7

_SENTENCES = re.compile(r"(?<=[.;!?])\s+|\n+")
_CLAUSES = re.compile(r"\s+[–—-]\s+|[;,:]\s+")
_LETTERS = re.compile(r"[^\W\d_]{5,}")


def _typo(word: str, chance: Random) -> str:
    at = chance.randrange(1, len(word) - 1)
    match chance.randrange(3):
        case 0:
            return word[:at] + word[at + 1 :]
        case 1:
            return word[:at] + word[at] + word[at:]
        case _:
            return word[:at] + word[at + 1] + word[at] + word[at + 2 :]


def _mistype(text: str, chance: Random, one_in: int) -> str:
    def change(found: re.Match[str]) -> str:
        return found[0] if chance.randrange(one_in) else _typo(found[0], chance)

    return _LETTERS.sub(change, text)


def typos(one: Telling, chance: Random) -> Telling:
    """Typing errors in title, text and buyer."""
    return replace(
        one,
        title=_mistype(one.title, chance, _MISTYPED),
        body=_mistype(one.body, chance, _MISTYPED),
        buyer=_mistype(one.buyer, chance, _MISTYPED),
    )


def capitals(one: Telling, chance: Random) -> Telling:
    """Capitals without accents, as old systems write."""
    plain = (
        "".join(sign for sign in unicodedata.normalize("NFD", text) if ord(sign) < 0x300)
        if text.isascii() or one.language in ("fr", "es", "it", "pt", "ro", "cs", "pl")
        else text
        for text in (one.title, one.buyer)
    )
    title, buyer = plain
    return replace(one, title=title.upper(), buyer=buyer.upper())


def truncated(one: Telling, chance: Random) -> Telling | None:
    """Title and text cut short."""
    title, body = one.title.split(), one.body.split()
    if len(title) < _CUT:
        return None
    cut = " ".join(title[: round(len(title) * _TITLE_KEPT)])
    return replace(one, title=f"{cut}…", body=" ".join(body[: round(len(body) * _TEXT_KEPT)]))


def reordered(one: Telling, chance: Random) -> Telling | None:
    """The clauses of the title and the sentences of the text in another order."""
    clauses, sentences = _CLAUSES.split(one.title), _SENTENCES.split(one.body)
    if len(clauses) < 2 and len(sentences) < 3:
        return None
    chance.shuffle(sentences)
    return replace(one, title=" – ".join(reversed(clauses)), body=" ".join(sentences))


def prefixed(one: Telling, chance: Random) -> Telling | None:
    """What portals add around a title."""
    if len(one.title) > LONG:
        return None
    before = chance.choice(["Avis de marché – ", "Tender: ", f"{one.country} – {one.place}: ", ""])
    return replace(one, title=f"{before}{one.title}{'' if before else ' (lot 1)'}")


def poorer(one: Telling, chance: Random) -> Telling:
    """Another source, which leaves out the hour of the deadline, and the amount or the codes."""
    left_out = chance.choice(["amount", "cpv", "place"])
    return replace(one, deadline=one.deadline[:10], **{left_out: ""})


def later(one: Telling, chance: Random) -> Telling:
    """Published again within a month, at the same conditions."""
    return replace(one, published=_moved(one.published, chance.randrange(0, 29)))


def _moved(moment: str, days: int) -> str:
    if not moment:
        return ""
    return (datetime.fromisoformat(moment) + timedelta(days=days)).isoformat()


def other_deadline(one: Telling, chance: Random) -> Telling | None:
    """The same words, to be answered by another day."""
    days = chance.choice([1, 2, 7, 14, 30, 90])
    return replace(one, deadline=_moved(one.deadline, days)) if one.deadline else None


def other_year(one: Telling, chance: Random) -> Telling:
    """The same purchase a year later, the year in its title."""
    year = int(one.published[:4] or 2020)
    title = one.title.replace(str(year), str(year + 1))
    return replace(
        one,
        title=title if title != one.title else f"{one.title} {year + 1}",
        published=_moved(one.published, 365),
        deadline=_moved(one.deadline, 365),
    )


def tendered_again(one: Telling, chance: Random) -> Telling | None:
    """A framework contract tendered again when it ends, in the same words."""
    days = chance.choice([2, 3, 4]) * 365 + chance.randrange(60)
    moved = replace(one, published=_moved(one.published, days), deadline=_moved(one.deadline, days))
    return moved if one.published and one.stage in ("open", "planned") else None


SAME: dict[str, Edit] = {
    "fautes de frappe": typos,
    "majuscules": capitals,
    "texte tronqué": truncated,
    "ordre changé": reordered,
    "titre complété": prefixed,
    "autre source": poorer,
    "republication": later,
}

DIFFERENT: dict[str, Edit] = {
    "autre échéance": other_deadline,
    "autre année": other_year,
    "remise en concurrence": tendered_again,
}
