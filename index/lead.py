"""A lead: a foreign demand in a form that can be searched, shown and followed."""

import hashlib
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

Stage = Literal["planned", "open", "awarded", "cancelled"]
Status = Literal["proposed", "published", "expired", "rejected", "withdrawn"]
Scheme = Literal["CPV", "HS", "NAF"]
Checked = Literal["CPV", "HS", "country", "deadline", "stage", "title"]
Method = Literal["source", "correspondence", "neighbours", "model", "analyst"]

# A guessed code below this score is a hint to analysts and to the ranking: it is not said of the
# lead, gives it no words, and no filter counts it.
SURE_ENOUGH = 0.5

STAGES: tuple[Stage, ...] = ("planned", "open", "awarded", "cancelled")


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class LeadText(_Frozen):
    """Title and text as plain words, in one language (ISO 639-1, "" when unknown)."""

    language: str
    title: str
    text: str = ""


class LeadCode(_Frozen):
    """A code of an official table, with how sure we are (0–1), how we know, and on which words."""

    scheme: Scheme
    code: str
    score: float = 1.0
    method: Method = "source"
    evidence: tuple[str, ...] = ()

    @property
    def given(self) -> bool:
        """Whether a person said so, the source or an analyst, or it follows from what they said."""
        return self.method in ("source", "analyst", "correspondence")


# No model: a lead has twenty of them, which are made in a third of the time.
@dataclass(frozen=True, slots=True)
class Hint:
    """A code that the words suggest, and its share of the votes (shares of a scheme add up to at
    most one): it ranks the lead and helps an analyst, it is not said of the lead."""

    scheme: Scheme
    code: str
    share: float


class Value(_Frozen):
    """Estimated value in the currency of the source (ISO 4217), and in euro where the European
    Central Bank published a rate: ``rate_date`` is the day of that rate."""

    amount: float
    currency: str
    euros: float | None = None
    rate_date: date | None = None


class Joining(_Frozen):
    """Why a notice joined the lead of others, though no identifier says so. to: that lead when it
    joined. score: 0.5–1. reasons: French, for people."""

    to: str
    score: float
    reasons: tuple[str, ...]


class Provenance(_Frozen):
    """One notice the lead comes from. raw: SHA-256 of the document that carried it. joined: None
    when identifiers of its source led it here."""

    source: str
    key: str
    kind: str
    stage: Stage | None
    change: str
    url: str
    published: datetime | None
    received: datetime
    raw: str
    joined: Joining | None = None


class Change(_Frozen):
    """What one later notice changed: field → (before, after), as short texts for people."""

    at: datetime | None
    key: str
    stage: Stage
    fields: dict[str, tuple[str, str]]


class Lead(_Frozen):
    """A normalised demand.

    id: stable hash of source and key. sequence: position of the last write in the record, never
    reused. country: of the buyer, ISO 3166-1 alpha-2, "" when unknown. region: see
    ``taxonomies.countries``. texts: original language first. without_hs: a service or works, which
    have no HS code. deadline: with time zone.
    expires: when it stops being on offer (the deadline, or publication plus the source's lifetime;
    None once awarded or cancelled). domestic: a French buyer, hence not foreign demand.
    fictitious: written as an example, never a real demand. merged_into: id of the lead that
    took this one over, "" normally. checked: what an analyst said of it, which no notice changes.
    """

    id: str
    sequence: int = 0
    status: Status = "published"
    stage: Stage = "open"
    texts: tuple[LeadText, ...]
    buyer: str = ""
    country: str = ""
    region: str = ""
    place: str = ""
    codes: tuple[LeadCode, ...] = ()
    hints: tuple[Hint, ...] = ()
    without_hs: bool = False
    sectors: tuple[str, ...] = ()
    value: Value | None = None
    published: datetime | None = None
    updated: datetime | None = None
    deadline: datetime | None = None
    expires: datetime | None = None
    domestic: bool = False
    fictitious: bool = False
    source: str = ""
    url: str = ""
    provenances: tuple[Provenance, ...] = ()
    history: tuple[Change, ...] = ()
    merged_into: str = ""
    checked: tuple[Checked, ...] = ()

    @property
    def title(self) -> str:
        """Title in the original language."""
        return self.texts[0].title

    @property
    def language(self) -> str:
        """Original language, ISO 639-1, "" when unknown."""
        return self.texts[0].language

    def codes_of(self, scheme: Scheme) -> tuple[str, ...]:
        """The codes of one scheme that may be said of the lead, in order."""
        return tuple(code.code for code in self.told if code.scheme == scheme)

    @property
    def told(self) -> tuple[LeadCode, ...]:
        """Codes sure enough to be said of the lead."""
        return tuple(code for code in self.codes if code.score >= SURE_ENOUGH)


def lead_id(source: str, key: str) -> str:
    """Stable 16-hexadecimal identifier of the lead born from this notice."""
    return hashlib.sha256(f"{source}\n{key}".encode()).hexdigest()[:16]
