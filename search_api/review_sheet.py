"""The form by which an analyst corrects a lead: what it shows, what was typed, what it changes."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from starlette.datastructures import FormData

from index.lead import STAGES, Lead, Scheme
from index.reviews import Corrections
from search_api.curating import text, texts
from search_api.words import PARIS
from taxonomies import countries, cpv, hs

_OFFICIAL = {"CPV": cpv.normalise, "HS": hs.normalise}
_NAMES = {"CPV": "CPV", "HS": "SH"}
# Codes of one scheme that one lead may be given, characters of a title.
_CODES, _TITLE = 10, 300


@dataclass(frozen=True, slots=True)
class Sheet:
    """The fields that can be corrected. deadline: as ``datetime-local`` writes it, "" for none."""

    cpv: tuple[str, ...] = ()
    hs: tuple[str, ...] = ()
    without_hs: bool = False
    country: str = ""
    deadline: str = ""
    stage: str = ""
    title: str = ""

    def to_json(self) -> str:
        """To be kept in the page, and read back by ``base``."""
        return json.dumps(asdict(self), ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class Typed:
    """What came back: the sheet as typed, as it was shown, and what is wrong (French)."""

    sheet: Sheet
    base: Sheet
    problems: tuple[str, ...]

    def touched(self) -> dict[str, Any]:
        """Fields that the analyst changed, with what he typed."""
        was, now = asdict(self.base), asdict(self.sheet)
        return {name: now[name] for name in now if now[name] != was[name]}


def zone(lead: Lead) -> tzinfo:
    """Where a deadline is typed: as the source told it, else in the buyer's country."""
    if lead.deadline is not None and lead.deadline.tzinfo is not None:
        return lead.deadline.tzinfo
    country = countries.get(lead.country)
    return ZoneInfo(country.timezone) if country else PARIS


def sheet(lead: Lead) -> Sheet:
    """What a lead says now."""
    french = next((one.title for one in lead.texts[1:] if one.language == "fr"), "")
    return Sheet(
        cpv=lead.codes_of("CPV"),
        hs=lead.codes_of("HS"),
        without_hs=lead.without_hs,
        country=lead.country,
        deadline=lead.deadline.strftime("%Y-%m-%dT%H:%M") if lead.deadline else "",
        stage=lead.stage,
        title=french,
    )


def merged(present: Sheet, typed: Typed) -> Sheet:
    """What was typed, upon what the lead says now: fields left alone are the present ones."""
    return replace(present, **{name: getattr(typed.sheet, name) for name in typed.touched()})


def read(form: FormData) -> Typed:
    """The form as it came back; hostile values are problems, never errors."""
    problems: list[str] = []
    base = _base(text(form, "base", 20_000))
    if base is None:
        problems.append("Le formulaire est incomplet : rechargez la page.")
        base = Sheet()
    hs_codes = _codes(form, "HS", problems)
    found = Sheet(
        cpv=_codes(form, "CPV", problems),
        hs=hs_codes,
        without_hs=bool(text(form, "sans_hs")),
        country=text(form, "pays"),
        deadline=text(form, "echeance")[:16],
        stage=text(form, "etape"),
        title=" ".join(text(form, "titre").split()),
    )
    if found.hs and found.without_hs and not base.without_hs:
        problems.append("Un lead ne peut être à la fois sans code SH et en avoir un.")
    if found.country and countries.get(found.country) is None:
        problems.append(f"Pays inconnu : « {found.country[:20]} ».")
    if found.stage not in STAGES:
        problems.append("Étape inconnue.")
    if len(found.title) > _TITLE or "\0" in found.title:
        problems.append(f"Le titre ne peut dépasser {_TITLE} signes.")
    if found.deadline and _moment(found.deadline) is None:
        problems.append("Échéance illisible : attendu une date et une heure.")
    if base.cpv and not found.cpv:
        problems.append("Gardez ou choisissez un code CPV.")
    return Typed(found, base, tuple(problems))


def _base(written: str) -> Sheet | None:
    """What the page showed; None for what no page of ours wrote."""
    try:
        told = json.loads(written)
        cpv_codes, hs_codes = (tuple(map(str, told.get(name, ()))) for name in ("cpv", "hs"))
        names = ("country", "deadline", "stage", "title")
        return Sheet(
            cpv_codes,
            hs_codes,
            told.get("without_hs") is True,
            *(str(told[name]) for name in names),
        )
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return None


def _codes(form: FormData, scheme: str, problems: list[str]) -> tuple[str, ...]:
    """Codes ticked, then typed, checked against the official tables."""
    typed = text(form, f"autre_{scheme}").replace(",", " ").replace(";", " ").split()
    found: dict[str, None] = {}
    for written in [*texts(form, f"code_{scheme}"), *typed][: _CODES + 1]:
        code = _OFFICIAL[scheme](written)
        if code is None:
            problems.append(f"Code {_NAMES[scheme]} inconnu : « {written[:20]} ».")
        else:
            found[code] = None
    if len(found) > _CODES:
        problems.append(f"Dix codes {_NAMES[scheme]} au plus.")
    return tuple(found)


def _moment(written: str) -> datetime | None:
    try:
        return datetime.strptime(written, "%Y-%m-%dT%H:%M")  # noqa: DTZ007 its zone is the lead's
    except ValueError:
        return None


def corrections(typed: Typed, lead: Lead, verified: bool) -> Corrections:
    """What the analyst says instead of the sources. verified: he vouches for the codes as they
    are."""
    touched = typed.touched()
    said: dict[Any, Any] = {
        name: touched[name] for name in ("country", "stage", "title") if name in touched
    }
    if "deadline" in touched:
        when = _moment(typed.sheet.deadline)
        said["deadline"] = when.replace(tzinfo=zone(lead)).isoformat() if when else ""
    if typed.sheet.cpv and ("cpv" in touched or verified):
        said["CPV"] = list(typed.sheet.cpv)
    if "hs" in touched or "without_hs" in touched or verified:
        codes: Sequence[str] = typed.sheet.hs
        if codes or typed.sheet.without_hs:
            said["HS"] = list(codes)
    return said


def choices(lead: Lead, shown: Sheet, scheme: Scheme, found: Sequence[str]) -> list[dict[str, Any]]:
    """The codes that can be ticked: those said, those hesitated between, those searched for."""
    chosen = shown.cpv if scheme == "CPV" else shown.hs
    said = {code.code: code for code in lead.codes if code.scheme == scheme}
    hints = {hint.code: hint.share for hint in lead.hints if hint.scheme == scheme}
    every = dict.fromkeys((*chosen, *said, *found, *list(hints)[:5]))
    return [
        {
            "code": code,
            "chosen": code in chosen,
            "said": said.get(code),
            "share": hints.get(code),
            "found": code in found,
        }
        for code in every
    ]
