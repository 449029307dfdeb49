"""What is compared of a notice: its words in each language, its buyer, dates, amount and codes."""

import re
from dataclasses import dataclass
from datetime import datetime

from index.lead import LeadText, Stage, lead_id
from ingest.dedupe.buyers import Buyer, buyer
from ingest.dedupe.words import long_words, marks, numbers
from ingest.normalise import Draft
from taxonomies.fold import fold

# Signs of a text that are compared: two notices that agree on so much agree on the rest.
_READ = 3_000
# Languages of one notice that are compared: the European institutions publish in 24.
_LANGUAGES = 3
# Words of a title may be short (« sel », « eau »); in a text, they are grammar.
_TITLE_WORD, _TEXT_WORD = 3, 4

# How a title that was cut says so.
_CUT = re.compile(r"(?:…|\.\.\.|\[[.…]+\])\s*$")


@dataclass(frozen=True, slots=True)
class Wording:
    """Title and text in one language. written: the folded title; cut: it says that it goes on.
    title, text: their long words, the title's in order. marks: what tells one lot or year of the
    title from the next. numbers: those of title and text."""

    language: str
    written: str
    cut: bool
    title: tuple[str, ...]
    marks: frozenset[str]
    text: frozenset[str]
    numbers: frozenset[str]


@dataclass(frozen=True, slots=True, eq=False)
class Profile:
    """A notice as it is compared; each is only equal to itself.

    identity: that of the lead it would be alone. process: the source's own identifier of the
    demand, "" when it gives none. amount: in its currency.
    """

    identity: str
    source: str
    process: str
    fictitious: bool
    country: str
    place: str
    buyer: Buyer
    stage: Stage | None
    change: str
    published: datetime | None
    deadline: datetime | None
    amount: float | None
    currency: str
    euros: float | None
    codes: tuple[str, ...]
    wordings: tuple[Wording, ...]
    texts: tuple[LeadText, ...]


def _wording(text: LeadText) -> Wording:
    body, written = text.text[:_READ], fold(text.title)
    title, counted = written.split(), numbers(text.title)
    return Wording(
        language=text.language,
        written=written,
        cut=bool(_CUT.search(text.title)),
        title=long_words(title, _TITLE_WORD),
        marks=counted | marks(title),
        text=frozenset(long_words(set(fold(body).split()), _TEXT_WORD)),
        numbers=counted | numbers(body),
    )


def profile(draft: Draft) -> Profile:
    """The profile of a notice that is understood (texts, country, dates… already read)."""
    notice, value = draft.notice, draft.value
    return Profile(
        identity=lead_id(notice.source, notice.key),
        source=notice.source,
        process=notice.process,
        fictitious=draft.page.fictitious,
        country=draft.country,
        place=draft.place,
        buyer=buyer(draft.buyer),
        stage=draft.stage,
        change=notice.change,
        published=draft.published,
        deadline=draft.deadline,
        amount=value.amount if value else None,
        currency=value.currency if value else "",
        euros=value.euros if value else None,
        codes=tuple(one.code for one in draft.codes if one.scheme == "CPV"),
        wordings=tuple(_wording(text) for text in draft.texts[:_LANGUAGES]),
        texts=draft.texts[:_LANGUAGES],
    )
