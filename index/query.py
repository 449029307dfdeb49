"""What one looks for, one answer with its reasons, and a page of answers with its facets."""

from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from index.lead import Lead, Scheme, Stage
from index.syntax import Syntax

Sort = Literal["relevance", "deadline", "published"]
FacetName = Literal[
    "sector", "country", "region", "cpv", "source", "stage", "language", "deadline", "value"
]

FACETS: tuple[FacetName, ...] = (
    "sector", "country", "region", "cpv", "source", "stage", "language", "deadline", "value",
)  # fmt: skip

# Ranked answers stop here; beyond it, people export in order of publication.
MAX_RANKED = 1_000


@dataclass(frozen=True, slots=True)
class Query:
    """Words and filters. Values of one filter are alternatives; filters add up.

    text: French words; "phrase", -excluded and OR are understood.
    literal: words of the text to take as they are: no place, no misspelling, no acronym.
    without: codes that the text does not mean, "CPV 39160000" or "HS 940131".
    cpv, hs: prefixes of codes (2 to 8 and 2 to 6 digits). naf: prefixes without dot ("1011Z").
    deadline: facet buckets d7, d30, d90, later, none; deadline_from/to: calendar days, inclusive.
    value: facet buckets v0, v100k, v1m, v10m, none (bounds in euro).
    include_expired also brings what is no longer on offer (awarded and cancelled too);
    a stage asked for by name is always brought, expired or not.
    """

    text: str = ""
    literal: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    sector: tuple[str, ...] = ()
    country: tuple[str, ...] = ()
    region: tuple[str, ...] = ()
    cpv: tuple[str, ...] = ()
    hs: tuple[str, ...] = ()
    naf: tuple[str, ...] = ()
    source: tuple[str, ...] = ()
    stage: tuple[Stage, ...] = ()
    language: tuple[str, ...] = ()
    deadline: tuple[str, ...] = ()
    value: tuple[str, ...] = ()
    deadline_from: date | None = None
    deadline_to: date | None = None
    published_from: date | None = None
    published_to: date | None = None
    include_expired: bool = False
    include_domestic: bool = False
    sort: Sort = "relevance"
    offset: int = 0
    limit: int = 20


@dataclass(frozen=True, slots=True)
class PlaceRead:
    """A place named in the text: as typed, its French name, its countries (alpha-2)."""

    typed: str
    label: str
    countries: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Correction:
    """A word that nothing knows, and the word searched in its stead."""

    typed: str
    searched: str


@dataclass(frozen=True, slots=True)
class Acronym:
    """An acronym, and the full words that are searched too."""

    typed: str
    words: str


@dataclass(frozen=True, slots=True)
class CodeRead:
    """A code that the words of the text stand for, and how well it answers them, 0–1."""

    scheme: Scheme
    code: str
    score: float


@dataclass(frozen=True, slots=True)
class Understood:
    """What a query's text means: what to search, and what was read into it.

    syntax: what is left once places are filters and misspellings are corrected. Everything read
    can be refused: a word of ``Query.literal`` is left as typed, a code of ``Query.without`` is not
    meant. codes: best first, CPV before HS; they rank, they hide nothing.
    """

    syntax: Syntax = field(default_factory=Syntax)
    places: tuple[PlaceRead, ...] = ()
    corrections: tuple[Correction, ...] = ()
    acronyms: tuple[Acronym, ...] = ()
    codes: tuple[CodeRead, ...] = ()


@dataclass(frozen=True, slots=True)
class CodeMatch:
    """A code of the lead (its own or an ancestor) that answers the query: its label holds words of
    it, or none when it answers by meaning alone."""

    scheme: Scheme
    code: str
    label: str
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reasons:
    """Why a lead answers: words of the query found in its title, text or buyer; codes;
    similarity of meaning (cosine, None when it did not count). freshness: what its being fresh
    and still on offer adds to its score, as a part of it."""

    words: tuple[str, ...] = ()
    codes: tuple[CodeMatch, ...] = ()
    similarity: float | None = None
    freshness: float = 0.0


@dataclass(frozen=True, slots=True)
class Hit:
    """One answer. score: higher is better; comparable within one page only. distant: it holds no
    word of the query and is not surely near; people may stop reading there."""

    lead: Lead
    score: float
    reasons: Reasons = Reasons()
    distant: bool = False


@dataclass(frozen=True, slots=True)
class FacetCount:
    """How many answers one more choice would give: counted with every filter but the facet's."""

    value: str
    count: int


@dataclass(frozen=True, slots=True)
class Results:
    """A page of answers. total counts all that match, beyond the page. understood: how the
    query's text was read."""

    total: int
    hits: tuple[Hit, ...] = ()
    facets: dict[str, tuple[FacetCount, ...]] = field(default_factory=dict)
    understood: Understood = field(default_factory=Understood)
