"""The indicators: demand, coverage, delays and what is known of leads, counted once for each state
of the record and each choice of filters."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import BaseModel

from index import demand
from index.demand import Known, Line, Period
from index.facts import CHECKED, DEDUCED, GIVEN, GUESSED, NO_CODE, Columns, Facts, Rows
from index.store import LeadStore
from ingest.admissions import admissions
from ingest.source import Source, sources
from search_api.kept import Kept
from search_api.labels import country_label, sector_label
from search_api.said import SaidByMonth, said
from taxonomies import countries
from taxonomies.sectors import all_sectors

# Choices of filters whose figures are kept.
_KEPT = 64

Standing = Literal["leads", "jadis", "sources", "aucune"]


class Scope(BaseModel, frozen=True):
    """What is counted. du, au: months, both included; secteur, pays: "" for all."""

    du: str
    au: str
    secteur: str = ""
    pays: str = ""


class Row(BaseModel):
    """Leads of a sector or a country; "" is what has none. leads: by column."""

    code: str
    label: str
    total: int
    leads: list[int]


class Delay(BaseModel):
    """Hours: half of the cases take less than ``median``, nine tenths less than ``p90``."""

    median: float
    p90: float


class CodeShares(BaseModel):
    """Leads by how the surest of their codes is known."""

    checked: int
    given: int
    deduced: int
    guessed: int
    none: int


class SourceFigures(BaseModel):
    """What a source brought. deadline, value, country: leads that tell it. to_record: from
    publication to the record, for leads published since the source is followed. collecting: from
    the first request of a collection to its last lead written."""

    name: str
    title: str
    leads: int
    codes: CodeShares
    deadline: int
    value: int
    country: int
    to_record: Delay | None
    collecting: Delay | None


class Coverage(BaseModel):
    """A country. leads: in the period and the sector asked for; ever: since the beginning. latest:
    day of the last publication. sources: those described for this country alone. standing:
    « leads », « jadis » (some, none in the period), « sources » (described, nothing came),
    « aucune » (no source of its own, nothing from the others)."""

    code: str
    label: str
    region: str
    leads: int
    ever: int
    latest: date | None
    sources: list[str]
    standing: Standing


class Indicators(BaseModel):
    """Demand counted. examples: the base holds invented leads only, which is what is counted;
    otherwise no invented lead is. columns: months (2026-05), or years beyond two years. total:
    leads published in the period, the sum of each table; undated: leads left out for want of a
    date. all_leads: whatever the filters; since: month of the first of them."""

    sequence: int
    examples: bool
    scope: Scope
    columns: list[str]
    total: int
    undated: int
    all_leads: int
    since: str
    leads: list[int]
    sectors: list[Row]
    countries: list[Row]
    coverage: list[Coverage]
    sources: list[SourceFigures]


class IndicatorsBody(Indicators):
    """The indicators, and what people said of leads, whatever their sector and country."""

    said: SaidByMonth


class Figures:
    """The indicators of a site, shared by its threads. pages: folder of one's own source pages."""

    def __init__(self, store: LeadStore, facts: Facts, pages: Path | None) -> None:
        self.store = store
        self.facts = facts
        self.pages = pages
        self._known = Kept[Indicators](_KEPT)
        self._said = Kept[SaidByMonth](_KEPT)

    def read(self, scope: Scope) -> Indicators:
        """The figures as the record stands. Raises SQLAlchemyError when it is away."""
        columns = self.facts.read()
        return self._known.get((columns.sequence, scope), lambda: self._counted(columns, scope))

    def said(self, scope: Scope, now: datetime) -> SaidByMonth:
        """What people said in complete months of the period, an hour old at most."""
        asked = scope.du, scope.au, hour_of(now)
        return self._said.get(asked, lambda: said(self.store, scope.du, scope.au, now))

    def _counted(self, columns: Columns, scope: Scope) -> Indicators:
        every, examples = demand.foreign(columns)
        period = period_of(scope)
        chosen = demand.within(every, None, scope.secteur, scope.pays)
        rows = demand.within(chosen, period)
        over_time = demand.over_time(rows, period)
        pages = sources(self.pages)
        return Indicators(
            sequence=columns.sequence,
            examples=examples,
            scope=scope,
            columns=list(period.columns),
            total=over_time.total,
            undated=int(np.count_nonzero(np.isnat(chosen["published"]))),
            all_leads=len(every),
            since=demand.first_month(every),
            leads=list(over_time.counts),
            sectors=_rows(demand.by_sector(rows, period), sector_name),
            countries=_rows(demand.by_country(rows, period), country_name),
            coverage=_coverage(every, demand.within(every, period, scope.secteur), pages),
            sources=self._sources(demand.per_source(rows, columns), scope, pages),
        )

    def _sources(
        self, known: dict[str, Known], scope: Scope, pages: dict[str, Source]
    ) -> list[SourceFigures]:
        first, last = (demand.month(one) for one in (scope.du, scope.au))
        hours = admissions(self.store, demand.start(first), demand.start(last + 1))
        found = [
            _source(name, pages[name].title if name in pages else name, one, hours.get(name, []))
            for name, one in known.items()
        ]
        return sorted(found, key=lambda one: (-one.leads, one.name))


def hour_of(now: datetime) -> str:
    """The hour for which what people said is kept."""
    return f"{now:%Y-%m-%dT%H}"


def period_of(scope: Scope) -> Period:
    """The months of a scope."""
    return Period(demand.month(scope.du), demand.month(scope.au))


def sector_name(slug: str) -> str:
    """« Mobilier et aménagement »; what is said of leads without sector."""
    return sector_label(slug) if slug else "Secteur inconnu"


def country_name(code: str) -> str:
    """« Allemagne »; what is said of leads without country."""
    return country_label(code) if code else "Pays inconnu"


def _rows(lines: Sequence[Line], name: Callable[[str], str]) -> list[Row]:
    return [
        Row(code=one.key, label=name(one.key), total=one.total, leads=list(one.counts))
        for one in lines
    ]


def _delay(found: tuple[float, float] | None) -> Delay | None:
    return Delay(median=round(found[0], 2), p90=round(found[1], 2)) if found else None


def _source(name: str, title: str, known: Known, hours: list[float]) -> SourceFigures:
    codes = known.codes
    shares = CodeShares(
        checked=codes[CHECKED],
        given=codes[GIVEN],
        deduced=codes[DEDUCED],
        guessed=codes[GUESSED],
        none=codes[NO_CODE],
    )
    return SourceFigures(
        name=name,
        title=title,
        leads=known.leads,
        codes=shares,
        deadline=known.deadline,
        value=known.value,
        country=known.country,
        to_record=_delay(known.waited),
        collecting=_delay(demand.spread(np.array(hours))),
    )


def _standing(leads: int, ever: int, names: Sequence[str]) -> Standing:
    if leads:
        return "leads"
    return "jadis" if ever else "sources" if names else "aucune"


def _coverage(every: Rows, counted: Rows, pages: dict[str, Source]) -> list[Coverage]:
    """Every foreign country."""
    ever, now = demand.per_country(every), demand.per_country(counted)
    own: dict[str, list[str]] = {}
    for page in pages.values():
        if not page.fictitious:
            own.setdefault(page.country, []).append(page.title)
    found = []
    for code, country in countries.countries().items():
        if country.french:
            continue
        (leads, _), (all_leads, latest) = now.get(code, (0, "")), ever.get(code, (0, ""))
        found.append(
            Coverage(
                code=code,
                label=country.fr,
                region=country.region,
                leads=leads,
                ever=all_leads,
                latest=date.fromisoformat(latest) if latest else None,
                sources=own.get(code, []),
                standing=_standing(leads, all_leads, own.get(code, [])),
            )
        )
    return found


def sector_choices() -> list[tuple[str, str]]:
    """Slug and label of each sector, for a form."""
    return [(one.id, one.label) for one in all_sectors()]
