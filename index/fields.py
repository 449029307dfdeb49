"""What of a lead is searched, whatever the engine: its words, its exact values, its numbers."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from index import analysis
from index.lead import Lead, Scheme
from index.syntax import identifier
from index.wording import labels
from taxonomies import cpv

# Where words are looked for, and how much a word found there weighs. Queries are in French and
# most texts are not: the official labels speak surest (nDCG@10 0.63 against 0.50 with equal
# weights, on judged queries).
WORD_FIELDS = {"labels": 3.0, "title": 1.5, "text": 0.5, "buyer": 0.3}

EXACT_FIELDS = (
    "key", "cpv", "hs", "naf",
    "sector", "country", "region", "division", "source", "stage", "language",
)  # fmt: skip
NEVER, NO_VALUE = 0, -1.0

# Days in filters are days of the people who type them.
PARIS = ZoneInfo("Europe/Paris")

# Of a long text, no more words than this must be found: half of a page is never in one notice.
MOST_ASKED = 8

# A lead in one of these stages is over: it is brought only when asked for.
OVER = ("awarded", "cancelled")

# A word in more than this share of the leads tells nothing; in a small base every word does.
COMMON, FEW = 0.1, 1_000

# What a code and a reference typed as a query count, against some ten for a word.
TYPED_CODE, TYPED_KEY = 20.0, 50.0
# Of the fields that hold a word the best counts, the others for so much.
BESIDE_BEST = 0.1


def least(words: int) -> int:
    """How many of the words must be found. Half, rounded up: all of them would lose half of the
    answers, any of them brings three times as many for little more recall (judged queries:
    recall@100 0.44, 0.64, 0.76 for 16, 57, 184 answers a query)."""
    return min((words + 1) // 2, MOST_ASKED)


def seconds(moment: datetime | None) -> int:
    """Seconds since 1970, ``NEVER`` for no moment."""
    return int(moment.timestamp()) if moment else NEVER


def days(first: date | None, last: date | None) -> tuple[int, int | None]:
    """From the first second of a day to the first after another, for ``first`` ≤ x < ``last``."""
    lower = int(datetime.combine(first, time(), PARIS).timestamp()) if first else 1
    after = last + timedelta(days=1) if last else None
    return lower, int(datetime.combine(after, time(), PARIS).timestamp()) if after else None


def prefix(scheme: str, code: str) -> tuple[str, str]:
    """Field and value that find a code with all those below it: CPV 39160000 → 3916."""
    plain = code.replace(".", "").upper()
    if scheme == "CPV":
        plain = plain[:2] + plain[2:].rstrip("0")
    return scheme.lower(), plain


def words(lead: Lead) -> dict[str, str]:
    """Field → its text, ready for the analyser."""
    return {
        "title": analysis.prepared(" ".join(text.title for text in lead.texts)),
        "text": analysis.prepared(" ".join(text.text for text in lead.texts)),
        "buyer": analysis.prepared(f"{lead.buyer} {lead.place}"),
        "labels": analysis.prepared(" ".join(labels(lead))),
    }


def numbers(lead: Lead) -> dict[str, int]:
    """Field → moment, in seconds."""
    return {name: seconds(getattr(lead, name)) for name in ("deadline", "expires", "published")}


def euros(lead: Lead) -> float:
    """Its value, ``NO_VALUE`` when it has none."""
    known = lead.value.euros if lead.value else None
    return NO_VALUE if known is None else known


def _prefixes(lead: Lead, scheme: Scheme) -> set[str]:
    codes = (code.replace(".", "") for code in lead.codes_of(scheme))
    return {code[:length] for code in codes for length in range(2, len(code) + 1)}


def exact(lead: Lead) -> Iterator[tuple[str, str]]:
    """(field, value) of ``EXACT_FIELDS``; a field may have several values."""
    for provenance in lead.provenances:
        yield "key", identifier(provenance.key)
    yield from (("cpv", one) for one in _prefixes(lead, "CPV"))
    yield from (("hs", one) for one in _prefixes(lead, "HS"))
    yield from (("naf", one) for one in _prefixes(lead, "NAF"))
    yield from (("division", one) for one in {cpv.division(c) for c in lead.codes_of("CPV")})
    yield from (("sector", one) for one in lead.sectors)
    yield from (("language", one) for one in {text.language for text in lead.texts} if one)
    for name, value in (
        ("country", lead.country),
        ("region", lead.region),
        ("source", lead.source),
        ("stage", lead.stage),
    ):
        if value:
            yield name, value
