"""French words for what the pages show: numbers, days, amounts, stages, typography."""

import math
import re
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_time
from babel.numbers import format_compact_decimal, format_decimal
from markupsafe import Markup, escape

from index.explain import passages
from index.lead import Lead, LeadCode, LeadText, Value

PARIS = ZoneInfo("Europe/Paris")

# Words of the model → words of the pages.
STAGES = {
    "planned": "Annoncé",
    "open": "Ouvert",
    "awarded": "Attribué",
    "cancelled": "Annulé",
    "expired": "Échu",
}
METHODS = {
    "source": "donné par la source",
    "correspondence": "déduit du CPV (correspondance)",
    "neighbours": "proposé d’après des leads voisins",
    "model": "proposé d’après le texte",
    "analyst": "choisi par un analyste",
}
# Confidence from which a code that nobody gave is said so; below the last, « possible ».
CONFIDENCES = ((0.9, "sûr"), (0.7, "probable"))
WITHOUT_HS = "Sans code SH (service ou travaux)"
SORTS = {
    "pertinence": "Pertinence",
    "echeance": "Échéance la plus proche",
    "publication": "Publication la plus récente",
}
SCHEMES = {"CPV": "CPV", "HS": "SH", "NAF": "NAF"}
CHANGES = {
    "title": "Titre",
    "text": "Texte",
    "buyer": "Acheteur",
    "country": "Pays",
    "place": "Lieu",
    "deadline": "Échéance",
    "published": "Publication",
    "value": "Valeur",
    "stage": "Étape",
    "codes": "Codes",
    "url": "Adresse",
}
BUCKETS = {
    "d7": "Dans les 7 jours",
    "d30": "De 8 à 30 jours",
    "d90": "De 31 à 90 jours",
    "later": "Plus de 90 jours",
    "v0": "Moins de 100 000 €",
    "v100k": "De 100 000 € à 1 M€",
    "v1m": "De 1 à 10 M€",
    "v10m": "10 M€ et plus",
    "none": "Non précisée",
    "past": "Passée",
}

_SPACES = re.compile(r"(?<=«) | (?=[:;!?»%€](?![\w/]))|(?<=\d) (?=\d{3}\b)|(?<=≈) ")
# Invisible characters that reorder, break or end a line.
_UNSEEN = re.compile("[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]+")
_LANGUAGE = re.compile(r"[a-z]{2,3}")
_LINKS = ("http", "https")

_WORDS_SHOWN = 5

# Characters of an excerpt, of what may precede its first word, of the text it is taken from.
_EXCERPT, _BEFORE, _READ = 280, 60, 4_000


def typeset(text: str) -> str:
    """The text with the narrow no-break spaces of French: « a », 1 000, b !"""
    return _SPACES.sub("\u202f", text)


def plain(text: str) -> str:
    """The text on one line, without characters that reorder or hide what people read."""
    return " ".join(_UNSEEN.sub(" ", text).split())


def number(value: float) -> str:
    """12345 → « 12 345 »."""
    return str(format_decimal(value, locale="fr"))


def counted(value: int, one: str, many: str) -> str:
    """The number and its noun: in French, 0 and 1 are singular."""
    return f"{number(value)}\u00a0{one if value < 2 else many}"


def day(value: date | datetime) -> str:
    """« 3 juillet 2026 », in the zone of the value itself; the first of a month is « 1er »."""
    text = str(format_date(value, "d MMMM y", locale="fr"))
    return re.sub(r"^1 ", "1er ", text).replace(" ", "\u00a0", 1)


def moment(value: datetime) -> str:
    """« 3 juillet 2026 à 12:00 », in the zone of the value itself."""
    return f"{day(value)} à {format_time(value.time(), 'HH:mm', locale='fr')}"


def offset(value: datetime) -> str:
    """« UTC+02:00 », "" when the value carries no zone."""
    return (
        "UTC" + value.strftime("%z")[:3] + ":" + value.strftime("%z")[3:5] if value.tzinfo else ""
    )


def paris(value: datetime) -> datetime | None:
    """The same instant in Paris; None at the very edges of the calendar."""
    try:
        return value.astimezone(PARIS)
    except (OverflowError, ValueError):
        return None


def days_left(deadline: datetime, now: datetime) -> int:
    """Calendar days until the deadline, counted where it falls; negative once past."""
    try:
        today = now.astimezone(deadline.tzinfo)
    except (OverflowError, ValueError):
        today = now
    return (deadline.date() - today.date()).days


def remaining(deadline: datetime, now: datetime) -> str:
    """« dans 32 jours », « demain », « il y a 3 ans »."""
    days = days_left(deadline, now)
    if days == 0:
        return "aujourd’hui"
    if abs(days) == 1:
        return "demain" if days > 0 else "hier"
    years = abs(days) // 365
    span = f"{number(abs(days))}\u00a0jours" if years < 2 else f"{number(years)}\u00a0ans"
    return f"dans {span}" if days > 0 else f"il y a {span}"


def span(length: timedelta) -> str:
    """« 5 min », « 3 h », « 12 jours »: a length of time, rounded down; « moins d’une minute »."""
    minutes = max(0, int(length.total_seconds() // 60))
    if minutes < 1:
        return "moins d’une minute"
    if minutes < 60:
        return f"{minutes}\u00a0min"
    if minutes < 48 * 60:
        return f"{minutes // 60}\u00a0h"
    days = minutes // (24 * 60)
    return f"{number(days)}\u00a0jours" if days < 730 else f"{number(days // 365)}\u00a0ans"


def span_of_hours(hours: float) -> str:
    """« 40 min », « 5 h », « 12 jours »: a measured length of time."""
    return span(timedelta(hours=hours))


def ago(moment: datetime, now: datetime) -> str:
    """« il y a 3 h », « dans 20 min », for moments known to the minute."""
    return f"dans {span(moment - now)}" if moment > now else f"il y a {span(now - moment)}"


def amount(value: float, currency: str) -> str:
    """« 1,2 M€ », « 950 k$ », « 12 500 CHF »; "" when the amount is not a number."""
    if not math.isfinite(value):
        return ""
    unit = "€" if currency == "EUR" else plain(currency)
    if abs(value) < 100_000:
        return f"{number(round(value))}\u00a0{unit}"
    digits, _, letter = str(
        format_compact_decimal(value, locale="fr", fraction_digits=1 if abs(value) >= 1e6 else 0)
    ).partition("\u00a0")
    joint = "" if unit == "€" else "\u00a0"
    return f"{digits}\u00a0{letter}{joint}{unit}"


def exact(value: float, currency: str) -> str:
    """« 1 350 000 CHF »: the amount as the source gives it; "" when it is not a number."""
    return f"{number(value)}\u00a0{plain(currency)}" if math.isfinite(value) else ""


def confidence(score: float) -> str:
    """« sûr », « probable », « possible »."""
    return next((word for least, word in CONFIDENCES if score >= least), "possible")


def known_by(code: LeadCode) -> str:
    """How a code is known: « donné par la source », « proposé d’après les mots : « vin » »."""
    told = METHODS[code.method]
    if code.method in ("model", "neighbours") and code.evidence:
        words = ", ".join(f"« {plain(word)} »" for word in code.evidence[:_WORDS_SHOWN])
        told = f"proposé d’après les mots : {words}"
    if code.method in ("source", "analyst"):
        return typeset(told)
    return typeset(f"{told}, {confidence(code.score)}")


def euros(value: Value) -> str:
    """« ≈ 1,2 M€ » when converted, without ≈ when the source speaks in euro, "" when unknown."""
    if value.currency == "EUR":
        return amount(value.amount, "EUR")
    return typeset(f"≈ {amount(value.euros, 'EUR')}") if value.euros is not None else ""


def change(text: str, field: str) -> str:
    """A value of the history in French: stages, dates and amounts; other texts as they are."""
    try:
        if field == "stage":
            return STAGES[text].lower()
        if field == "deadline":
            when = datetime.fromisoformat(text)
            return f"{moment(when)} ({offset(when)})" if when.tzinfo else moment(when)
        if field == "value":
            figure, _, currency = text.partition(" ")
            return exact(float(figure), currency) or text
    except (KeyError, ValueError):
        return text
    return text


def standing(lead: Lead, now: datetime) -> str:
    """The stage as people see it: an open lead whose time has passed is « expired »."""
    past = lead.status == "expired" or (lead.expires is not None and lead.expires <= now)
    return "expired" if past and lead.stage in ("open", "planned") else lead.stage


def lang(code: str) -> str:
    """A value for the lang attribute: the code, or "" (« unknown » in HTML)."""
    return code if _LANGUAGE.fullmatch(code) else ""


def direction(code: str) -> str:
    """« rtl » for Arabic, Hebrew and their like, « ltr » otherwise, « auto » when unknown."""
    try:
        return str(Locale.parse(lang(code)).text_direction) if lang(code) else "auto"
    except (UnknownLocaleError, ValueError):
        return "auto"


def french_first(lead: Lead) -> LeadText:
    """The text to show first: the source's own French version, else the original."""
    return next((text for text in lead.texts if text.language == "fr"), lead.texts[0])


def web_link(url: str) -> str:
    """The address if it is an http or https one with a host, else "": nothing else is a link."""
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return ""
    safe = parts.scheme in _LINKS and parts.hostname and not _UNSEEN.search(url.strip())
    return url.strip() if safe else ""


def marked(text: str, words: tuple[str, ...]) -> Markup:
    """The text, escaped, with the query's words in <mark>, whatever their accents and endings."""
    pieces, end = [], 0
    for start, stop in passages(text, words) if words else ():
        pieces += [escape(text[end:start]), Markup("<mark>{}</mark>").format(text[start:stop])]
        end = stop
    return Markup("").join([*pieces, escape(text[end:])])


def excerpt(text: str, words: tuple[str, ...] = ()) -> str:
    """Some 280 characters around the first of the words, cut between words."""
    line = plain(text[:_READ])
    places = passages(line, words) if words else []
    start = max(0, places[0][0] - _BEFORE) if places else 0
    start = line.find(" ", start) + 1 if start else 0
    cut = line[start : start + _EXCERPT]
    if start + _EXCERPT < len(line):
        cut = cut.rsplit(" ", 1)[0] + "…"
    return f"…{cut}" if start else cut


FILTERS: dict[str, Any] = {
    function.__name__: function
    for function in (
        ago, amount, change, counted, day, known_by, days_left, direction, euros, exact, excerpt,
        french_first, lang, marked, moment, number, offset, paris, plain, remaining, span,
        standing, typeset, web_link,
    )
}  # fmt: skip
