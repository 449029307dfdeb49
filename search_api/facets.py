"""Facets and filters as people see them: which choices, under which name, which are active."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from index.lead import Scheme
from index.query import CodeRead, FacetName, PlaceRead, Query, Results, Understood
from search_api.labels import (
    bucket_label,
    code_label,
    code_name,
    country_label,
    language_label,
    region_label,
    sector_label,
    stage_label,
)
from search_api.links import PARAMETERS, address, short
from search_api.words import BUCKETS, SCHEMES, STAGES, day, typeset


@dataclass(frozen=True, slots=True)
class Choice:
    """One box to tick. count: None when nothing else of the query has this value."""

    value: str
    label: str
    count: int | None
    checked: bool


@dataclass(frozen=True, slots=True)
class Panel:
    """One facet: the first choices in sight, the others one click away."""

    parameter: str
    title: str
    first: tuple[Choice, ...]
    others: tuple[Choice, ...]
    open: bool
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Filter:
    """An active filter, and the address of the same search without it."""

    label: str
    without: str


@dataclass(frozen=True, slots=True)
class _Facet:
    """parameter: in the address. facet: what the engine counts, None for codes only typed.
    order: fixed order of the values; the most frequent first when empty."""

    parameter: str
    title: str
    facet: FacetName | None
    label: Callable[[str], str]
    open: bool = False
    order: tuple[str, ...] = ()
    hint: str = ""


_FACETS = (
    _Facet("secteur", "Secteur", "sector", sector_label, open=True),
    _Facet("pays", "Pays", "country", country_label, open=True),
    _Facet("echeance", "Échéance", "deadline", bucket_label, open=True, order=tuple(BUCKETS)),
    _Facet("valeur", "Valeur estimée", "value", bucket_label, order=tuple(BUCKETS)),
    _Facet("etape", "Étape", "stage", stage_label, order=tuple(STAGES)),
    _Facet("region", "Région du monde", "region", region_label),
    _Facet(
        "cpv", "Objet du marché (CPV)", "cpv", lambda code: code_label("CPV", code),
        hint="Autre code CPV, 2 à 8 chiffres",
    ),
    _Facet(
        "sh", "Produit (code douanier SH)", None, lambda code: f"{code} {code_label('HS', code)}",
        hint="Code SH, 2 à 6 chiffres",
    ),
    _Facet(
        "naf", "Mon activité (code NAF)", None, lambda code: f"{code} {code_label('NAF', code)}",
        hint="Code NAF, par exemple 31.01Z",
    ),
    _Facet("langue", "Langue de l’avis", "language", language_label),
    _Facet("source", "Source", "source", str),
)  # fmt: skip

Titles = Mapping[str, str]

# Choices in sight before « autres choix ».
_SHOWN = 6

_SWITCHES = {
    "include_expired": "leads échus compris",
    "include_domestic": "acheteurs français compris",
}
_DAYS = {
    "deadline_from": "Échéance à partir du",
    "deadline_to": "Échéance jusqu’au",
    "published_from": "Publié à partir du",
    "published_to": "Publié jusqu’au",
}


def _name(facet: _Facet, value: str, titles: Titles) -> str:
    return (titles.get(value) if facet.parameter == "source" else facet.label(value)) or value


def _active(facet: _Facet, query: Query) -> tuple[str, ...]:
    values: tuple[str, ...] = getattr(query, PARAMETERS[facet.parameter])
    return tuple(map(short, values)) if facet.parameter == "cpv" else values


def _choices(facet: _Facet, query: Query, results: Results, titles: Titles) -> tuple[Choice, ...]:
    active = _active(facet, query)
    counted = {one.value: one.count for one in results.facets.get(facet.facet or "", ())}
    values = [*counted, *(value for value in active if value not in counted)]
    if facet.order:
        values.sort(key=lambda value: facet.order.index(value) if value in facet.order else 99)
    return tuple(
        Choice(value, _name(facet, value, titles), counted.get(value), value in active)
        for value in values
        if value and (counted.get(value) or value in active)
    )


def _panel(facet: _Facet, query: Query, results: Results, titles: Titles) -> Panel:
    choices = _choices(facet, query, results, titles)
    active = [choice for choice in choices if choice.checked]
    shown = len(choices) if facet.order or len(choices) <= _SHOWN + 2 else _SHOWN
    first = [one for place, one in enumerate(choices) if place < shown or one.checked]
    others = [one for place, one in enumerate(choices) if place >= shown and not one.checked]
    return Panel(
        facet.parameter, facet.title, tuple(first), tuple(others),
        facet.open or bool(active), facet.hint,
    )  # fmt: skip


def panels(query: Query, results: Results, titles: Titles) -> tuple[Panel, ...]:
    """The facets that have something to offer, in a fixed order. titles: of the sources."""
    every = (_panel(facet, query, results, titles) for facet in _FACETS)
    return tuple(panel for panel in every if panel.first or panel.hint)


def _as_typed(query: Query, *words: str) -> str:
    """Address of the same search with these words taken as they are."""
    return address(query, literal=tuple(dict.fromkeys((*query.literal, *words))), offset=0)


def _read(place: PlaceRead) -> str:
    kind = "pays" if len(place.countries) == 1 else "zone"
    return typeset(f"{place.label}, compris comme {kind}")


def place_filters(query: Query, understood: Understood) -> tuple[Filter, ...]:
    """The places read in the text, each with the address that makes them plain words again."""
    return tuple(Filter(_read(place), _as_typed(query, place.typed)) for place in understood.places)


def cleared(query: Query, understood: Understood) -> str:
    """Address of the same words without any filter."""
    plain = Query(query.text, query.literal, query.without, sort=query.sort)
    return _as_typed(plain, *(place.typed for place in understood.places))


@dataclass(frozen=True, slots=True)
class Reading:
    """A word searched otherwise than typed, and the address that searches it as typed."""

    typed: str
    searched: str
    as_typed: str


def corrections(query: Query, understood: Understood) -> tuple[Reading, ...]:
    """The words taken for typing mistakes."""
    return tuple(
        Reading(one.typed, one.searched, _as_typed(query, one.typed))
        for one in understood.corrections
    )


def acronyms(query: Query, understood: Understood) -> tuple[Reading, ...]:
    """The acronyms also searched in full words."""
    return tuple(
        Reading(one.typed, one.words, _as_typed(query, one.typed)) for one in understood.acronyms
    )


@dataclass(frozen=True, slots=True)
class Meaning:
    """A code that the text was understood as. without, filtered, back: addresses of the same
    search when it is not meant, when it is required, when it is meant again; "" where that is
    not to be offered."""

    name: str
    label: str
    without: str = ""
    filtered: str = ""
    back: str = ""


def _written(scheme: str, code: str) -> str:
    return f"{SCHEMES[scheme]} {code}"


def meanings(query: Query, understood: Understood) -> tuple[Meaning, ...]:
    """The codes read in the text, each with the addresses that refuse it and that require it."""
    return tuple(_meaning(query, one) for one in understood.codes)


def _meaning(query: Query, read: CodeRead) -> Meaning:
    field = "cpv" if read.scheme == "CPV" else "hs"
    chosen: tuple[str, ...] = getattr(query, field)
    without = (*query.without, f"{read.scheme} {read.code}")
    filtered = address(query, offset=0, **{field: (*chosen, read.code)})
    return Meaning(
        _written(read.scheme, read.code),
        typeset(code_name(read.scheme, read.code)),
        without=address(query, offset=0, without=without),
        filtered="" if read.code in chosen or short(read.code) in chosen else filtered,
    )


def refused(query: Query) -> tuple[Meaning, ...]:
    """The codes that the text was told not to mean, each with the address that takes it back."""
    return tuple(
        Meaning(
            _written(scheme, code),
            typeset(code_name(scheme, code)),
            back=address(query, offset=0, without=tuple(w for w in query.without if w != one)),
        )
        for one in query.without
        for scheme, code in [_parted(one)]
    )


def _parted(code: str) -> tuple[Scheme, str]:
    """A code of ``Query.without``: its nomenclature and its digits."""
    return ("CPV" if code.startswith("CPV") else "HS"), code.partition(" ")[2]


def active_filters(query: Query, titles: Titles) -> tuple[Filter, ...]:
    """Every filter of the query, each with the address that removes it."""
    start = replace(query, offset=0)
    found = []
    for facet in _FACETS:
        values = _active(facet, query)
        for value in values:
            rest = {PARAMETERS[facet.parameter]: tuple(one for one in values if one != value)}
            label = typeset(f"{facet.title} : {_name(facet, value, titles)}")
            found.append(Filter(label, address(start, **rest)))
    for name, label in _DAYS.items():
        if chosen := getattr(query, name):
            found.append(Filter(f"{label} {day(chosen)}", address(start, **{name: None})))
    for name, label in _SWITCHES.items():
        if getattr(query, name):
            found.append(Filter(label, address(start, **{name: False})))
    return tuple(found)
