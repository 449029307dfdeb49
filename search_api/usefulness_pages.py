"""« /curation/utilite »: what visitors say of sources, rules and codes, and what is held for it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from index import interest, precision, rules, usefulness
from index.precision import KINDS, Kind, Precision
from index.settings import Settings
from index.store import LeadStore
from ingest import signals, throttling
from ingest.source import sources
from search_api.access import Analyste, Lecteur, may
from search_api.curation_pages import show
from search_api.follow_ups import WORDS as STATES
from search_api.forms import SHORT, line
from search_api.labels import code_label
from search_api.problems import Problem
from search_api.votes import WORDS
from taxonomies.fold import fold

router = APIRouter(include_in_schema=False, prefix="/curation/utilite")

TITLES: dict[Kind, str] = {
    "source": "Par source",
    "regle": "Par règle de publication",
    "sh": "Par chapitre SH",
    "cpv": "Par division CPV",
}
USUAL_DAYS = 90
SHORTCUTS = {30: "30 jours", 90: "90 jours", 365: "un an"}
MAX_WHY = 500
# Leads of one subject, interests: beyond, one asks for a shorter time.
_MOST = 200


@dataclass(frozen=True, slots=True)
class Period:
    """Days of UTC, the last one included."""

    first: date
    last: date

    @property
    def since(self) -> datetime:
        """First moment."""
        return datetime.combine(self.first, time(), UTC)

    @property
    def until(self) -> datetime:
        """First moment after."""
        return datetime.combine(self.last + timedelta(days=1), time(), UTC)


def period(request: Request) -> Period:
    """The time that the address asks for (``du``, ``au``), the last ninety days unless it says.
    Raises Problem."""
    today = request.app.state.clock().astimezone(UTC).date()
    try:
        last = _day(request, "au") or today
        first = _day(request, "du") or last - timedelta(days=USUAL_DAYS - 1)
    except ValueError as error:
        detail = "Les dates s’écrivent AAAA-MM-JJ."
        raise Problem(400, "Paramètres incorrects", detail) from error
    if first > last:
        raise Problem(400, "Paramètres incorrects", "La période finit avant de commencer.")
    return Period(first, last)


def _day(request: Request, name: str) -> date | None:
    written = request.query_params.get(name, "")
    found = date.fromisoformat(written) if written else None
    if found and not 2000 <= found.year <= 2200:
        raise ValueError(written)
    return found


Asked = Annotated[Period, Depends(period)]


@dataclass(frozen=True, slots=True)
class Column:
    """A column by which tables are sorted; first: the order without ``ordre=inverse``."""

    title: str
    key: Callable[["Row"], Any]
    first: str = "descending"


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a table. leads: address of the leads behind it. held: its new leads wait."""

    name: str
    figures: Precision
    leads: str
    held: bool

    @property
    def left(self) -> int:
        """Lower bound, in percent."""
        return round(100 * self.figures.interval[0])

    @property
    def right(self) -> int:
        """Upper bound, in percent."""
        return round(100 * self.figures.interval[1])


COLUMNS = {
    "nom": Column("Nom", lambda row: fold(row.name), "ascending"),
    # The worst first: those whose best case is the lowest.
    "precision": Column("Précision", lambda row: row.figures.interval[1], "ascending"),
    "utile": Column("Utile", lambda row: -row.figures.useful),
    "hors-sujet": Column("Hors sujet", lambda row: -row.figures.verdicts.get("hors-sujet", 0)),
    "frauduleux": Column("Frauduleux", lambda row: -row.figures.verdicts.get("frauduleux", 0)),
    "autres": Column("Trop tard ou pourvu", lambda row: row.figures.judged - row.figures.votes),
    "votes": Column("Votes", lambda row: -row.figures.votes),
}
USUAL = "precision"


@dataclass(frozen=True, slots=True)
class Heading:
    """The head of a column. sorted: value of aria-sort, "" where tables are not sorted by it."""

    title: str
    address: str
    sorted: str


def _sorting(request: Request) -> tuple[str, bool]:
    column = request.query_params.get("tri", USUAL)
    order = request.query_params.get("ordre", "")
    if column not in COLUMNS or order not in ("", "inverse"):
        raise Problem(400, "Paramètres incorrects", "Ce tri n’existe pas.")
    return column, bool(order)


def _address(asked: Period, **others: str) -> str:
    told = {"du": asked.first.isoformat(), "au": asked.last.isoformat(), **others}
    return "/curation/utilite?" + urlencode({name: one for name, one in told.items() if one})


def _headings(asked: Period, chosen: str, turned: bool) -> list[Heading]:
    other = {"ascending": "descending", "descending": "ascending"}
    found = []
    for name, column in COLUMNS.items():
        current = name == chosen
        there = _address(asked, tri=name, ordre="inverse" if current and not turned else "")
        order = other[column.first] if turned else column.first
        found.append(Heading(column.title, there, order if current else ""))
    return found


def subject_name(kind: Kind, subject: str, titles: Mapping[str, str]) -> str:
    """A source by its title, a rule by its name, a chapter or division by its label."""
    if kind == "source":
        return titles.get(subject, subject)
    if kind == "regle":
        return titles.get(subject, "Règle " + subject.removeprefix("regle:"))
    label = code_label("HS" if kind == "sh" else "CPV", subject)
    return f"{subject} {label}".strip()


def _store(request: Request) -> LeadStore:
    store: LeadStore = request.app.state.store
    return store


def _titles(request: Request) -> dict[str, str]:
    """Sources by name and rules by signature, as people call them."""
    pages = sources(request.app.state.settings.sources)
    with _store(request).reading() as connection:
        named = {one.signature: f"Règle « {one.name} »" for one in rules.every(connection)}
    return named | {name: page.title for name, page in pages.items()}


@router.get("")
def usefulness_page(request: Request, person: Lecteur, asked: Asked) -> HTMLResponse:
    """Precision by source, rule and code; what is held, what is to be looked at again."""
    settings: Settings = request.app.state.settings
    chosen, turned = _sorting(request)
    now, titles = request.app.state.clock(), _titles(request)
    limits = (settings.throttle_floor, settings.throttle_votes)
    with _store(request).reading() as connection:
        found = precision.precisions(connection, asked.since, asked.until)
        low = precision.imprecise(connection, now, *limits)
        lenient = throttling.leniences(connection, now)
        again = signals.disliked(connection)
        found_again = usefulness.to_look_at(connection, again).values()
        doubts = sorted(found_again, key=lambda one: one.last, reverse=True)[:_MOST]
        known = _store(request).read(connection, [one.lead for one in doubts])
        why = {one.lead: usefulness.reasons(connection, one.lead, one.verdict) for one in doubts}
    spared = {one.subject for one in lenient}
    held = {one.subject for one in low} - spared
    rows = [_row(one, asked, titles, held) for one in found]
    rows.sort(key=COLUMNS["nom"].key)
    rows.sort(key=COLUMNS[chosen].key, reverse=turned)
    context = {
        "now": now,
        "period": asked,
        "shortcuts": [
            (words, _address(Period(asked.last - timedelta(days=days - 1), asked.last)))
            for days, words in SHORTCUTS.items()
        ],
        "tables": [
            (kind, title, [row for row in rows if row.figures.kind == kind])
            for kind, title in TITLES.items()
        ],
        "headings": _headings(asked, chosen, turned),
        "low": [_row(one, asked, titles, held) for one in low],
        "lenient": [(one, _any_name(one.subject, titles)) for one in lenient],
        "doubts": [(one, known.get(one.lead), why[one.lead]) for one in doubts],
        "settings": settings,
        "WORDS": WORDS,
        "MAX_WHY": MAX_WHY,
        "decides": may(person.role, "analyste"),
    }
    return show(request, person, "curation/usefulness.html", context)


def _row(one: Precision, asked: Period, titles: Mapping[str, str], held: set[str]) -> Row:
    days = {"du": asked.first.isoformat(), "au": asked.last.isoformat()}
    there = urlencode({"genre": one.kind, "sujet": one.subject, **days})
    name = subject_name(one.kind, one.subject, titles)
    return Row(name, one, f"/curation/utilite/leads?{there}", one.subject in held)


def _any_name(subject: str, titles: Mapping[str, str]) -> str:
    kind: Kind = "regle" if subject.startswith("regle:") else "source"
    return subject_name(kind, subject, titles)


def asked_subject(request: Request) -> tuple[Kind, str]:
    """Kind and subject of the address. Raises Problem."""
    kind, subject = (request.query_params.get(name, "") for name in ("genre", "sujet"))
    if kind not in KINDS or not 0 < len(subject) <= 80:
        raise Problem(400, "Paramètres incorrects", "Ce classement n’existe pas.")
    return kind, subject


Subject = Annotated[tuple[Kind, str], Depends(asked_subject)]


@router.get("/leads")
def leads_page(request: Request, person: Lecteur, asked: Asked, subject: Subject) -> HTMLResponse:
    """The leads whose votes make one line of a table; analysts read why."""
    store = _store(request)
    with store.reading() as connection:
        found = precision.leads_of(connection, *subject, asked.since, asked.until)
        shown = list(found)[:_MOST]
        known = store.read(connection, shown)
        reads = may(person.role, "analyste")
        told = {lead: usefulness.reasons(connection, lead) if reads else () for lead in shown}
    context = {
        "name": subject_name(*subject, _titles(request)),
        "period": asked,
        "back": _address(asked),
        "total": len(found),
        "leads": [(lead, known.get(lead), found[lead], told[lead]) for lead in shown],
        "WORDS": WORDS,
    }
    return show(request, person, "curation/voted.html", context)


@router.get("/interets")
def interests_page(request: Request, person: Analyste) -> HTMLResponse:
    """Which companies follow which leads; their addresses for those who answer for them."""
    with _store(request).reading() as connection:
        rows = interest.latest(connection, _MOST)
    context = {
        "rows": rows,
        "today": request.app.state.clock().date(),
        "STATES": STATES,
        "addresses": may(person.role, "responsable"),
        "most": _MOST,
    }
    return show(request, person, "curation/interests.html", context)


Written = Annotated[str, Form()]


@router.post("/laisser-passer", max_body_size=SHORT)
def let_through(
    request: Request,
    person: Analyste,
    sujet: Written = "",
    raison: Written = "",
    jours: Written = "",
) -> Response:
    """The source or rule publishes whatever the votes say, for so many days."""
    subject = line(sujet, 80, "Source ou règle")
    why = line(raison, MAX_WHY, "Raison")
    if not subject or not why or jours not in ("7", "30", "90"):
        raise Problem(400, "Formulaire incomplet", "Dites pourquoi, et pour combien de temps.")
    now = request.app.state.clock()
    with _store(request).writing() as connection:
        if subject not in _below(request, now, connection):
            detail = "Cette source n’est pas, ou n’est plus, retenue par les votes."
            raise Problem(409, "Rien à lever", detail)
        until = now + timedelta(days=int(jours))
        throttling.let_through(connection, subject, person.login, why, now, until)
    return _looked(request, now)


def _below(request: Request, now: datetime, connection: Any) -> set[str]:
    settings: Settings = request.app.state.settings
    limits = (settings.throttle_floor, settings.throttle_votes)
    return {one.subject for one in precision.imprecise(connection, now, *limits)}


@router.post("/retenir", max_body_size=SHORT)
def hold_again(request: Request, person: Analyste, sujet: Written = "") -> Response:
    """The votes decide again."""
    subject = line(sujet, 80, "Source ou règle")
    now = request.app.state.clock()
    with _store(request).writing() as connection:
        known = {one.subject for one in throttling.leniences(connection, now)}
        if subject not in known:
            raise Problem(409, "Rien à retenir", "Personne ne laisse passer cette source.")
        throttling.hold_again(connection, subject, person.login, now)
    return _looked(request, now)


def _looked(request: Request, now: datetime) -> Response:
    """Incidents say so at once."""
    settings: Settings = request.app.state.settings
    throttling.look(_store(request), now, settings.throttle_floor, settings.throttle_votes)
    return RedirectResponse("/curation/utilite#retenues", 303)
