"""What analysts say of a lead instead of its sources, put in its place."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from index.lead import SURE_ENOUGH, Checked, Lead, LeadCode, LeadText
from index.reviews import FIELDS, Corrections, Review
from ingest.source import Source
from taxonomies import countries, sectors

_SCHEMES: tuple[Literal["CPV", "HS"], ...] = ("CPV", "HS")
_LIVE = ("planned", "open")
# Kinds of decisions in which an analyst looked at what the sources say.
_LOOKED = ("publish", "reject", "hold", "correct", "merge", "split")

# Fields → what a French sentence calls them.
NAMES: Mapping[Checked, str] = {
    "CPV": "le code CPV",
    "HS": "le code SH",
    "country": "le pays",
    "deadline": "l’échéance",
    "stage": "l’étape",
    "title": "le titre",
}


@dataclass(frozen=True, slots=True)
class Corrected:
    """fields: the last value that a person said of each. changed: those of which the sources now
    say something else than when a person last looked."""

    fields: Corrections
    changed: tuple[Checked, ...]


def facts(lead: Lead) -> dict[str, str]:
    """What the sources say of each field that can be corrected, as short texts. lead: as folded."""
    codes: dict[str, str] = {
        scheme: " ".join(code.code for code in lead.codes if code.scheme == scheme)
        for scheme in _SCHEMES
    }
    deadline = lead.deadline.isoformat() if lead.deadline else ""
    others = {"country": lead.country, "deadline": deadline, "stage": lead.stage}
    return {**codes, **others, "title": lead.title}


def corrections(lead: Lead, decided: Sequence[Review]) -> Corrected:
    """What the decisions in force say of a lead as folded."""
    people = [one for one in decided if one.by_person]
    fields: dict[Checked, Any] = {}
    seen: Mapping[str, str] = {}
    for one in people:
        fields |= one.fields
        if one.kind in _LOOKED and one.seen:
            seen = one.seen
    now = facts(lead)
    changed = tuple(
        name
        for name in FIELDS
        if name in fields and name in seen and now[name] != seen[name] and _other(fields, name, now)
    )
    return Corrected(fields, changed)


def _other(fields: Corrections, name: Checked, now: Mapping[str, str]) -> bool:
    """Whether the sources still differ from what the analyst says. A title is in their language,
    his is in French."""
    said = fields[name]
    return name == "title" or now[name] != (" ".join(said) if isinstance(said, list) else said)


def coded(lead: Lead, fields: Corrections) -> Lead:
    """The folded lead with the codes that an analyst gave it, before it is classified."""
    given = [scheme for scheme in _SCHEMES if scheme in fields]
    if not given:
        return lead
    said = [
        LeadCode(scheme=one, code=code, method="analyst") for one in given for code in fields[one]
    ]
    kept = [code for code in lead.codes if code.scheme not in given]
    order = {"CPV": 0, "HS": 1, "NAF": 2}
    codes = sorted([*said, *kept], key=lambda code: order[code.scheme])
    return lead.model_copy(update={"codes": tuple(codes), "checked": tuple(given)})


def corrected(lead: Lead, fields: Corrections, pages: Mapping[str, Source]) -> Lead:
    """The classified lead with everything else that an analyst said of it."""
    if not fields:
        return lead
    changes: dict[str, Any] = {"checked": tuple(name for name in FIELDS if name in fields)}
    if fields.get("HS") == []:
        changes |= _without_hs(lead)
    if country := countries.get(fields.get("country", "")):
        changes |= {"country": country.alpha2, "region": country.region}
        changes["domestic"] = country.french
    if fields.get("title"):
        changes["texts"] = _titled(lead.texts, fields["title"])
    return lead.model_copy(update=changes | _times(lead, fields, pages))


def _without_hs(lead: Lead) -> dict[str, Any]:
    codes = tuple(code for code in lead.codes if code.scheme != "HS")
    hints = tuple(hint for hint in lead.hints if hint.scheme != "HS")
    told = (code for code in codes if code.score >= SURE_ENOUGH)
    names = dict.fromkeys(name for code in told for name in sectors.of(code.scheme, code.code))
    return {"codes": codes, "hints": hints, "without_hs": True, "sectors": tuple(names)}


def _titled(texts: tuple[LeadText, ...], title: str) -> tuple[LeadText, ...]:
    """The texts with a French title. The original text is never overwritten."""
    first, *others = texts
    french = next((text for text in others if text.language == "fr"), None)
    said = LeadText(language="fr", title=title, text=french.text if french else "")
    return (first, *(text for text in others if text is not french), said)


def _times(lead: Lead, fields: Corrections, pages: Mapping[str, Source]) -> dict[str, Any]:
    """Stage and deadline, and until when the demand is on offer."""
    if "deadline" not in fields and "stage" not in fields:
        return {}
    stage, deadline = fields.get("stage", lead.stage), lead.deadline
    if "deadline" in fields:
        deadline = datetime.fromisoformat(fields["deadline"]) if fields["deadline"] else None
    start = lead.published or min(one.received for one in lead.provenances)
    lifetime = timedelta(days=pages[lead.source].lifetime_days)
    expires = deadline or start + lifetime
    return {"stage": stage, "deadline": deadline, "expires": expires if stage in _LIVE else None}
