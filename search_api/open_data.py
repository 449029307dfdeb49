"""« /donnees-ouvertes »: the leads and the indicators as files that anybody may reuse."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np
import orjson
from fastapi import APIRouter, Depends, Header, Request, Response
from fastapi.responses import FileResponse, HTMLResponse
from markupsafe import Markup

from index import demand
from index.facts import Facts
from ingest.licence import licence, reusable
from ingest.source import Source, sources
from search_api.extracts import TABLES, BeingMade, Extract, Extracts
from search_api.open_columns import Column
from search_api.open_writing import WRITERS, parquet_installed
from search_api.problems import Problem
from search_api.templating import render

router = APIRouter(prefix="/donnees-ouvertes", include_in_schema=False)

# A file may be kept by caches; they ask whether it changed.
_CACHED = {"Cache-Control": "public, max-age=60, must-revalidate"}
MEDIA = {
    "csv": "text/csv; charset=utf-8; header=present",
    "parquet": "application/vnd.apache.parquet",
}
# Licence of what is ours: counts, and the choice and order of leads.
OWN = ("Licence Ouverte 2.0", "https://www.etalab.gouv.fr/licence-ouverte-open-licence/")
TITLES = {
    "leads": "Leads étrangers",
    "indicateurs": "Demande étrangère par mois, secteur et pays",
}
TOLD = {
    "leads": "Un lead par ligne : objet, acheteur, pays, codes, échéance, valeur, licence.",
    "indicateurs": "Nombre de leads publiés, par mois, secteur principal et pays de l’acheteur.",
}
WITHOUT_PARQUET = (
    "Ce serveur n’écrit pas le format Parquet (l’extension « parquet » n’y est pas installée) : "
    "le fichier CSV contient les mêmes données."
)


@dataclass(frozen=True, slots=True)
class File:
    """A file on offer. made: the last one, if any was."""

    name: str
    kind: str
    made: Extract | None


@dataclass(frozen=True, slots=True)
class SourceLine:
    """A source with leads. given: whether its leads are in the file; why: why they are not."""

    page: Source
    leads: int
    name: str
    uri: str
    given: bool
    why: str = ""


def _extracts(request: Request) -> Extracts:
    extracts: Extracts = request.app.state.extracts
    return extracts


Made = Annotated[Extracts, Depends(_extracts)]
Kind = Literal["csv", "parquet"]


def _files(extracts: Extracts, table: str) -> list[File]:
    kinds = [one for one in WRITERS if one != "parquet" or parquet_installed()]
    return [File(f"{table}.{kind}", kind, extracts.known(table, kind)) for kind in kinds]


def _line(page: Source, leads: int) -> SourceLine:
    found = licence(page)
    if found is None:
        return SourceLine(page, leads, page.licence, "", False, "réutilisation à confirmer")
    if found.reuse == "alike":
        why = "partage à l’identique : ses données ne peuvent être mêlées à d’autres"
        return SourceLine(page, leads, found.name, found.uri, False, why)
    return SourceLine(page, leads, found.name, found.uri, True)


def _lines(facts: Facts, pages: dict[str, Source]) -> tuple[list[SourceLine], bool]:
    """Each source that has leads on show, the given ones first; whether all are examples."""
    columns = facts.read()
    rows, examples = demand.foreign(columns)
    numbers, counts = np.unique(rows["source"], return_counts=True)
    found = {columns.sources[n]: int(c) for n, c in zip(numbers, counts, strict=True)}
    lines = [_line(pages[name], number) for name, number in found.items() if name in pages]
    return sorted(lines, key=lambda one: (not one.given, -one.leads)), examples


def _context(extracts: Extracts) -> dict[str, Any]:
    lines, examples = _lines(extracts.facts, sources(extracts.pages))
    files = {table: _files(extracts, table) for table in TABLES}
    return {
        "files": files,
        "columns": {table: columns for table, (columns, _) in TABLES.items()},
        "lines": lines,
        "given": sum(one.leads for one in lines if one.given),
        "left": sum(one.leads for one in lines if not one.given),
        "examples": examples,
        "parquet": parquet_installed(),
        "WITHOUT_PARQUET": WITHOUT_PARQUET,
        "OWN": OWN,
        "TITLES": TITLES,
        "TOLD": TOLD,
        "jsonld": in_script(_datasets(extracts, examples)),
    }


@router.get("")
def page(request: Request, extracts: Made) -> HTMLResponse:
    """What there is to download, under which licence, and what each column holds."""
    return render(request, "open_data.html", _context(extracts))


def in_script(told: Any) -> Markup:
    """JSON that may stand in a <script> whatever it holds."""
    text = orjson.dumps(told).decode()
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return Markup(text)  # noqa: S704 - no sign of HTML is left


def _uris(extracts: Extracts, table: str) -> list[str]:
    if table == "indicateurs":
        return [OWN[1]]
    return sorted({one.uri for one in reusable(sources(extracts.pages)).values()})


def _title(table: str, examples: bool) -> str:
    return TITLES[table] + (" (exemples inventés)" if examples else "")


def _datasets(extracts: Extracts, examples: bool) -> dict[str, Any]:
    """The datasets in the words of schema.org."""
    home = f"{extracts.site}/donnees-ouvertes"
    catalogue = {"@type": "DataCatalog", "name": "Débouchés : données ouvertes", "url": home}
    return {
        "@context": "https://schema.org",
        "@graph": [
            {
                "@type": "Dataset",
                "@id": f"{home}#{table}",
                "name": _title(table, examples),
                "description": TOLD[table],
                "url": f"{home}#{table}",
                "inLanguage": "fr",
                "isAccessibleForFree": True,
                "license": _uris(extracts, table),
                "creator": {"@type": "Organization", "name": "Débouchés", "url": extracts.site},
                "includedInDataCatalog": catalogue,
                "variableMeasured": [_property(one) for one in columns],
                "distribution": [
                    {
                        "@type": "DataDownload",
                        "encodingFormat": MEDIA[file.kind].partition(";")[0],
                        "contentUrl": f"{home}/{file.name}",
                    }
                    for file in _files(extracts, table)
                ],
            }
            for table, (columns, _) in TABLES.items()
        ],
    }


def _property(column: Column) -> dict[str, str]:
    return {"@type": "PropertyValue", "name": column.name, "description": column.told}


_DCAT = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}


def _told(text: str) -> dict[str, str]:
    return {"@value": text, "@language": "fr"}


def _distributions(extracts: Extracts, table: str, home: str) -> Iterator[dict[str, Any]]:
    for file in _files(extracts, table):
        media = MEDIA[file.kind].partition(";")[0]
        told: dict[str, Any] = {
            "@id": f"{home}/{file.name}",
            "@type": "dcat:Distribution",
            "dct:title": _told(f"{TITLES[table]}, {file.kind.upper()}"),
            "dcat:accessURL": {"@id": home},
            "dcat:downloadURL": {"@id": f"{home}/{file.name}"},
            "dcat:mediaType": {"@id": f"https://www.iana.org/assignments/media-types/{media}"},
            "dct:license": [{"@id": uri} for uri in _uris(extracts, table)],
        }
        if file.made:
            made = {"@value": file.made.made.isoformat(), "@type": "xsd:dateTime"}
            told["dct:modified"] = made
        yield told


@router.get("/catalogue.jsonld")
def catalogue(extracts: Made) -> Response:
    """The same for catalogues of open data: DCAT-AP, as JSON-LD."""
    home = f"{extracts.site}/donnees-ouvertes"
    _, examples = demand.foreign(extracts.facts.read())
    publisher = {"@id": extracts.site, "@type": "foaf:Organization", "foaf:name": "Débouchés"}
    datasets = [
        {
            "@id": f"{home}#{table}",
            "@type": "dcat:Dataset",
            "dct:title": _told(_title(table, examples)),
            "dct:description": _told(TOLD[table]),
            "dct:publisher": publisher,
            "dcat:landingPage": {"@id": home},
            "dcat:distribution": list(_distributions(extracts, table, home)),
        }
        for table in TABLES
    ]
    told = {
        "@context": _DCAT,
        "@id": f"{home}/catalogue.jsonld",
        "@type": "dcat:Catalog",
        "dct:title": _told("Débouchés : données ouvertes"),
        "dct:description": _told("La demande étrangère publiée, en fichiers réutilisables."),
        "dct:publisher": publisher,
        "dcat:dataset": datasets,
    }
    return Response(orjson.dumps(told), media_type="application/ld+json", headers=_CACHED)


@router.get("/{table}.{kind}")
def download(
    extracts: Made,
    table: str,
    kind: Kind,
    if_none_match: Annotated[str, Header(max_length=2_000)] = "",
) -> Response:
    """A file; 304 when the caller has it already."""
    if table not in TABLES:
        raise Problem(404, "Introuvable", "Ce fichier n’existe pas.")
    if kind == "parquet" and not parquet_installed():
        raise Problem(404, "Format absent", WITHOUT_PARQUET)
    try:
        found = extracts.get(table, kind)
    except BeingMade as error:
        detail = "Le fichier est en cours de fabrication. Revenez dans une minute."
        raise Problem(
            503, "Fichier en préparation", detail, headers={"Retry-After": "30"}
        ) from error
    except OSError as error:
        detail = "Le fichier n’a pas pu être écrit. Réessayez dans un instant."
        raise Problem(503, "Fichier indisponible", detail, headers={"Retry-After": "60"}) from error
    tag = f'"{found.tag}"'
    headers = _CACHED | {"ETag": tag}
    if tag in (one.strip().removeprefix("W/") for one in if_none_match.split(",")):
        return Response(status_code=304, headers=headers)
    name = f"debouches-{table}.{kind}"
    return FileResponse(found.path, headers=headers, media_type=MEDIA[kind], filename=name)
