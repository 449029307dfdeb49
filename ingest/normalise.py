"""From one notice to what we understand of it: a visible list of steps, each adding its part."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from index.lead import LeadCode, LeadText, Scheme, Stage, Value
from ingest import clean, dates, price
from ingest.language import contradicts, language
from ingest.notice import Code, Notice
from ingest.source import Source
from taxonomies import countries, cpv, hs, naf, sectors

Remark = tuple[str, str]

# Signs of the texts of one lead, all languages together. The longest real notices have a tenth.
TEXT_LENGTH = 200_000
# Signs of a title, a buyer or a place as written; 300 remain of the plain words.
TITLE_SOURCE = 20_000


# Without slots, so that ``known`` can make one from another in a tenth of the usual time.
@dataclass(frozen=True)
class Draft:
    """A notice and what is understood of it so far.

    remarks: (subject, detail), all that was not understood, for the report.
    """

    notice: Notice
    page: Source
    rates: price.Rates
    received: datetime
    texts: tuple[LeadText, ...] = ()
    buyer: str = ""
    country: str = ""
    region: str = ""
    place: str = ""
    domestic: bool = False
    stage: Stage | None = None
    published: datetime | None = None
    deadline: datetime | None = None
    expires: datetime | None = None
    value: Value | None = None
    codes: tuple[LeadCode, ...] = ()
    sectors: tuple[str, ...] = ()
    remarks: tuple[Remark, ...] = ()

    def remark(self, subject: str, detail: str) -> "Draft":
        """The same draft with one more thing said aloud."""
        return self.known(remarks=(*self.remarks, (subject, detail[:80])))

    def known(self, **fields: Any) -> "Draft":
        """The same draft with these fields."""
        made = object.__new__(Draft)
        vars(made).update(vars(self), **fields)
        return made

    def lookup(self, subject: str, written: str) -> str:
        """What people said this source means by these words; the words themselves otherwise."""
        return self.page.lookups.get(subject, {}).get(written.strip(), written)


def audit(draft: Draft) -> Draft:
    """Fields that the reader met and does not know."""
    for name in draft.notice.unknown:
        draft = draft.remark("champ inconnu", name)
    return draft


def read(draft: Draft) -> Draft:
    """Titles and texts as plain words, personal contact data masked. What is too long is cut
    before it is cleaned: cleaning is what costs time."""
    texts, room = [], TEXT_LENGTH
    for text in draft.notice.texts:
        source = _cut(text.body, room)
        if len(text.body) > len(source):
            draft = draft.remark("texte coupé", "au-delà de 200 000 signes")
        room -= len(source)
        body = clean.masked(clean.plain(source))
        title = clean.title(_cut(text.title, TITLE_SOURCE)) or clean.title(body)
        if title:
            texts.append(LeadText(language=text.language, title=clean.masked(title), text=body))
    return draft.known(
        texts=tuple(texts),
        buyer=clean.masked(clean.title(_cut(draft.notice.buyer, TITLE_SOURCE))),
        place=clean.masked(clean.title(_cut(draft.notice.place, TITLE_SOURCE))),
    )


def _cut(text: str, room: int) -> str:
    """At most ``room`` signs, up to a white space: half an address could not be masked."""
    if len(text) <= room:
        return text
    return next(iter(text[:room].rsplit(maxsplit=1)), "")


def speak(draft: Draft) -> Draft:
    """The language of each text: the source's tag, else what the words show."""
    texts = []
    for text in draft.texts:
        tag = draft.lookup("language", text.language)
        words = f"{text.title}. {text.text}"
        found = language(tag, words, draft.page.language)
        if found is None:
            draft = draft.remark("langue inconnue", tag or "(absente)")
        elif found[1] == "detected" and tag:
            draft = draft.remark("langue inconnue", tag)
        elif found[1] == "source" and (other := contradicts(tag, words)):
            draft = draft.remark("langue contredite", f"{tag} ≠ {other}")
        spoken = found[0] if found else ""
        texts.append(LeadText(language=spoken, title=text.title, text=text.text))
    return draft.known(texts=tuple(texts))


def locate(draft: Draft) -> Draft:
    """The buyer's country: as the notice says, else the one the source publishes for."""
    written = draft.notice.country.strip()
    code = countries.parse(draft.lookup("country", written)) if written else None
    if written and code is None:
        draft = draft.remark("pays inconnu", written)
    if code is None and draft.page.country:
        code = countries.parse(draft.page.country)
    country = countries.get(code) if code else None
    if country is None:
        return draft if written else draft.remark("pays absent", draft.page.name)
    return draft.known(country=country.alpha2, region=country.region, domestic=country.french)


def date(draft: Draft) -> Draft:
    """Publication, deadline and expiry, in the source's or the country's time zone."""
    country = countries.get(draft.country) if draft.country else None
    zone = draft.page.dates.timezone or (country.timezone if country else "UTC")
    found: dict[str, datetime | None] = {}
    for name, written, end in (
        ("published", draft.notice.published, False),
        ("deadline", draft.notice.deadline, True),
        ("expires", draft.notice.expires, True),
    ):
        order = draft.page.dates.order
        found[name] = dates.moment(written, order, zone, end_of_day=end) if written else None
        if written.strip() and found[name] is None:
            draft = draft.remark("date non comprise", written)
    return draft.known(
        published=found["published"], deadline=found["deadline"], expires=found["expires"]
    )


def stage(draft: Draft) -> Draft:
    """Where the demand stands; None for a notice that only amends another."""
    known = draft.lookup("stage", draft.notice.stage or draft.notice.kind)
    stages: dict[str, Stage] = {
        "planned": "planned",
        "open": "open",
        "awarded": "awarded",
        "cancelled": "cancelled",
    }
    found = stages.get(known)
    if draft.notice.change == "cancellation":
        found = "cancelled"
    if found is None and not draft.notice.change:
        draft = draft.remark("étape inconnue", draft.notice.kind or "(absente)")
    return draft.known(stage=found)


def value(draft: Draft) -> Draft:
    """The amount in its currency, and in euro at the rate of the day of publication."""
    written = draft.notice.amount
    if written is None or not written.value.strip():
        return draft
    number = price.amount(written.value, draft.page.decimal)
    if number is None:
        return draft.remark("montant non compris", written.value)
    name = written.currency or draft.page.currency
    currency = price.currency(name, draft.page.lookups.get("currency", {}))
    if currency is None:
        return draft.remark("devise inconnue", name or "(absente)")
    day = (draft.published or draft.received).date()
    rate = draft.rates.euros(number, currency, day)
    if rate is None:
        draft = draft.remark("devise sans taux", currency)
    euros, rate_date = rate or (None, None)
    found = Value(
        amount=float(number),
        currency=currency,
        euros=None if euros is None else float(euros),
        rate_date=rate_date,
    )
    return draft.known(value=found)


_TABLES: dict[str, tuple[Scheme, Callable[[str], str | None]]] = {
    "CPV": ("CPV", cpv.normalise),
    "HS": ("HS", hs.normalise),
    "NAF": ("NAF", naf.normalise),
}


def _official(code: Code) -> LeadCode | None:
    scheme, normalise = _TABLES[code.scheme]
    found = normalise(code.value)
    return LeadCode(scheme=scheme, code=found) if found else None


def code(draft: Draft) -> Draft:
    """The codes as given, checked against the official tables, main ones first."""
    found: dict[tuple[str, str], LeadCode] = {}
    for written in sorted(draft.notice.codes, key=lambda one: not one.main):
        if written.scheme not in _TABLES or not written.value.strip():
            continue
        if official := _official(written):
            found.setdefault((official.scheme, official.code), official)
        else:
            draft = draft.remark(f"code {written.scheme} inconnu", written.value)
    return draft.known(codes=tuple(found.values()))


def sort(draft: Draft) -> Draft:
    """The sectors its codes belong to."""
    names = (name for one in draft.codes for name in sectors.of(one.scheme, one.code))
    return draft.known(sectors=tuple(dict.fromkeys(names)))


STEPS: tuple[Callable[[Draft], Draft], ...] = (
    audit,
    read,
    speak,
    locate,
    date,
    stage,
    value,
    code,
    sort,
)


def normalise(notice: Notice, page: Source, rates: price.Rates, received: datetime) -> Draft:
    """All the steps over one notice."""
    draft = Draft(notice, page, rates, received)
    for step in STEPS:
        draft = step(draft)
    return draft


def expiry(draft: Draft, deadline: datetime | None) -> datetime:
    """When an open demand stops being on offer, with or without a deadline or an expiry."""
    ends = [moment for moment in (deadline, draft.expires) if moment]
    start = draft.published or draft.received
    return min(ends, default=start + timedelta(days=draft.page.lifetime_days))
