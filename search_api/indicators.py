"""« /indicateurs »: demand by sector, country and month, coverage, delays; the same as JSON."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import urlencode

import numpy as np
from babel.dates import format_date
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import HTMLResponse
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from index.demand import month
from search_api.bars import chart, small
from search_api.coverage_map import BOX, RADIUS, areas, legend, thresholds
from search_api.indicator_figures import (
    Coverage,
    Figures,
    Indicators,
    IndicatorsBody,
    Row,
    Scope,
    country_name,
    hour_of,
    sector_choices,
    sector_name,
)
from search_api.kept import Kept
from search_api.labels import region_label
from search_api.params import FIRST_YEAR, LAST_YEAR, a_country, a_sector
from search_api.problems import Fault, Problem, refusals, wrong_parameters
from search_api.said import SaidByMonth
from search_api.site import Now, now_of
from search_api.sorting import Column, Columns, Order, asked, headings, in_order
from search_api.source_states import CACHED
from search_api.templating import HEADERS, render
from search_api.words import paris, span_of_hours
from taxonomies.fold import fold

PROBLEMS = refusals(_400="Paramètres incorrects", _503="Service momentanément indisponible")

pages = APIRouter(include_in_schema=False)
router = APIRouter(prefix="/api/v1", responses=PROBLEMS)

# Months shown without any choice; countries named in their table before the others are summed.
_USUAL, _NAMED = 12, 20
# Pages of some 240 kB that are kept.
_PAGES = 32


def _month(written: str) -> str:
    try:
        found = str(month(written)) if len(written) == 7 else ""
    except ValueError:
        found = ""
    if found != written or not FIRST_YEAR <= int(found[:4]) <= LAST_YEAR:
        raise ValueError(f"mois attendu sous la forme AAAA-MM, de {FIRST_YEAR} à {LAST_YEAR}")
    return found


def _or_none(check: Callable[[str], str]) -> Callable[[str], str]:
    """An empty choice of the form is no choice."""
    return lambda written: check(written) if written else ""


Month = Annotated[str, AfterValidator(_or_none(_month))]


class Filters(BaseModel):
    """Which leads are counted."""

    model_config = ConfigDict(extra="forbid")

    secteur: Annotated[str, Field(max_length=100), AfterValidator(_or_none(a_sector))] = Field(
        "", description="Secteur (identifiants de /api/v1/facettes)"
    )
    pays: Annotated[str, Field(max_length=100), AfterValidator(_or_none(a_country))] = Field(
        "", description="Pays de l'acheteur, ISO 3166-1 alpha-2"
    )
    du: Month = Field("", description="Premier mois, AAAA-MM ; par défaut, onze mois avant `au`")
    au: Month = Field("", description="Dernier mois compris, AAAA-MM ; par défaut, ce mois-ci")

    def scope(self, now: datetime) -> Scope:
        """The same with both ends. Raises Problem 400 when they are in the wrong order."""
        last = self.au or f"{paris(now) or now:%Y-%m}"
        first = self.du or str(month(last) - (_USUAL - 1))
        if first > last:
            message = "le premier mois vient après le dernier"
            raise Problem(
                400, "Paramètres incorrects", message, [Fault(parametre="du", message=message)]
            )
        return Scope(du=first, au=last, secteur=self.secteur, pays=self.pays)


class PageFilters(Filters):
    """Other parameters of a page are nobody's business."""

    model_config = ConfigDict(extra="ignore")


@router.get("/indicateurs", response_model=IndicatorsBody, summary="La demande en chiffres")
def indicators(request: Request, filters: Annotated[Filters, Query()], now: Now) -> Response:
    """Foreign demands by sector, country and month; coverage; delays; what sources tell. A lead
    counts once in each table, for its main sector. The figures of the page « /indicateurs »."""
    figures: Figures = request.app.state.figures
    scope = filters.scope(now)
    found = figures.read(scope)
    tag = f'W/"{found.sequence}-{hour_of(now)}"'
    headers = CACHED | {"ETag": tag}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    body = IndicatorsBody(**dict(found), said=figures.said(scope, now))
    return Response(body.model_dump_json(), headers=headers, media_type="application/json")


COLUMNS: Columns[Coverage] = {
    "pays": Column("Pays", lambda one: fold(one.label)),
    "region": Column("Région", lambda one: region_label(one.region)),
    "leads": Column("Leads de la période", lambda one: -one.leads, "descending"),
    "total": Column("Depuis le début", lambda one: -one.ever, "descending"),
    "avis": Column(
        "Dernier avis", lambda one: -one.latest.toordinal() if one.latest else 0, "descending"
    ),
    "sources": Column("Sources du pays", lambda one: -len(one.sources), "descending"),
}


def _head(column: str) -> str:
    """« mai 2026 », « 2026 »."""
    if len(column) == 4:
        return column
    return str(format_date(month(column).astype(object), "MMM y", locale="fr"))


def _address(scope: Scope, **changes: str) -> str:
    told = {name: value for name, value in (scope.model_dump() | changes).items() if value}
    return f"/indicateurs?{urlencode(told)}"


def _shown(rows: list[Row], every: bool) -> list[Row]:
    """The rows to show: the largest, and one for the others."""
    if every or len(rows) <= _NAMED + 1:
        return rows
    others = rows[_NAMED:]
    summed = np.sum([one.leads for one in others], axis=0).tolist()
    label = f"{len(others)} autres pays"
    return [*rows[:_NAMED], Row(code="", label=label, total=sum(summed), leads=summed)]


def _periods(found: Indicators, now: datetime) -> Iterator[tuple[str, str, bool]]:
    """Usual periods: (words, address, whether it is this one)."""
    last = f"{paris(now) or now:%Y-%m}"
    starts = {
        "12 derniers mois": str(month(last) - 11),
        "24 derniers mois": str(month(last) - 23),
        "Depuis le début": min(found.since, last) if found.since else "",
    }
    for words, first in starts.items():
        if first:
            current = (found.scope.du, found.scope.au) == (first, last)
            yield words, _address(found.scope, du=first, au=last), current


def _context(
    found: Indicators, said: SaidByMonth, now: datetime, order: Order | None, every: bool
) -> dict[str, Any]:
    sorting = order or Order("leads", False)
    steps = thresholds(max((one.leads for one in found.coverage), default=0))
    here = _address(found.scope)
    return {
        "now": now,
        "found": found,
        "said": said,
        "said_heads": [_head(one) for one in said.months],
        "scope": found.scope,
        "heads": [_head(one) for one in found.columns],
        "chart": chart(found.leads, step=max(46, min(100, 1_100 // len(found.leads)))),
        "small": small,
        "countries": _shown(found.countries, every),
        "all_countries": _address(found.scope, tous="1") + "#pays",
        "more_countries": not every and len(found.countries) > _NAMED + 1,
        "areas": areas(found.coverage, steps),
        "legend": legend(steps),
        "BOX": BOX,
        "RADIUS": RADIUS,
        "headings": headings(COLUMNS, sorting, f"{here}&", "#couverture"),
        "coverage": in_order(found.coverage, COLUMNS, sorting),
        "open_coverage": order is not None,
        "covered": sum(one.leads > 0 for one in found.coverage),
        "silent": [one for one in found.coverage if one.standing == "sources"],
        "without": sum(one.standing == "aucune" for one in found.coverage),
        "periods": list(_periods(found, now)),
        "sectors": sector_choices(),
        "places": sorted(found.coverage, key=lambda one: fold(one.label)),
        "sector_name": sector_name,
        "country_name": country_name,
        "address": _address,
        "span_of_hours": span_of_hours,
        "json": f"/api/v1{here}",
    }


def kept_pages() -> Kept[bytes]:
    """Pages already drawn: a drawing of the world takes longer than its figures."""
    return Kept(_PAGES)


@pages.get("/indicateurs")
def page(request: Request) -> HTMLResponse:
    """The figures, for people; works without JavaScript."""
    written = dict(request.query_params)
    try:
        filters = PageFilters.model_validate(written)
    except ValidationError as error:
        raise wrong_parameters(error.errors()) from error
    now = now_of(request)
    figures: Figures = request.app.state.figures
    found = figures.read(filters.scope(now))
    order = asked(request, COLUMNS, "leads") if "tri" in written else None
    every = "tous" in written

    def made() -> bytes:
        context = _context(found, figures.said(found.scope, now), now, order, every)
        return bytes(render(request, "indicators.html", context).body)

    kept: Kept[bytes] = request.app.state.indicator_pages
    body = kept.get((found.sequence, found.scope, order, every, hour_of(now)), made)
    return HTMLResponse(body, headers=HEADERS | CACHED)
