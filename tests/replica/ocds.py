"""Publishers of OCDS: real releases, in the packages, pages and lists of each service.

Shapes from the documentation of the services (addresses in the sources' pages). Where we hold no
release of a publisher, those of a neighbour stand in for them: HELD says whose.
"""

import json
import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from hashlib import md5
from typing import Any
from urllib.parse import urlencode

from replica.days import LAST, moments
from replica.material import Piece
from replica.server import Answer, Asked, Service

# Source page → source pages whose real releases its service gives.
HELD = {
    "gb-find-tender": ("gb-contracts-finder",),
    "gb-contracts-finder": ("gb-contracts-finder",),
    "au-austender": ("au-nsw-etendering",),
    "za-etenders": ("ng-budeshi",),
    "rw-umucyo": ("ug-ppda",),
    "md-mtender": ("md-achizitii",),
    "ua-prozorro": ("ua-prozorro",),
    "py-dncp": ("py-dncp",),
    "ca-seao": ("ca-montreal",),
}
_ROBOTS = Answer(b"User-agent: *\nDisallow: /admin/\n")
_ABSENT = Answer(b'{"message": "Not found"}', 404, {"Content-Type": "application/json"})


@dataclass(frozen=True, slots=True)
class Dated:
    """A release, and when its service publishes it."""

    moment: datetime
    release: dict[str, Any]

    @property
    def ocid(self) -> str:
        """Of its process."""
        return str(self.release["ocid"])


Releases = Sequence[Dated]


def releases(pieces: Sequence[Piece], page: str, last: date = LAST) -> Releases:
    """What the service of a source page holds, the oldest first."""
    held = [one.body for one in pieces if one.format == "ocds" and one.notice.source in HELD[page]]
    dated = zip(moments(len(held), last), held, strict=True)
    return [Dated(moment, json.loads(body)) for moment, body in dated]


def services(pieces: Sequence[Piece], last: date = LAST) -> dict[str, Service]:
    """All services, by host."""
    return {
        host: _with_robots(make(releases(pieces, page, last)))
        for host, (page, make) in MAKERS.items()
    }


def _with_robots(service: Service) -> Service:
    return lambda asked: _ROBOTS if asked.path == "/robots.txt" else service(asked)


def _json(told: object, **headers: str) -> Answer:
    body = json.dumps(told, ensure_ascii=False).encode()
    return Answer(body, headers={"Content-Type": "application/json", **headers})


def _package(asked: Asked, held: Releases, **links: str) -> dict[str, Any]:
    """A release package, as the OCDS standard has it (1.1)."""
    return {
        "uri": f"https://{asked.host}{asked.path}",
        "version": "1.1",
        "extensions": [],
        "publishedDate": f"{LAST}T18:00:00Z",
        "publisher": {"name": asked.host},
        "license": "https://www.nationalarchives.gov.uk/doc/open-government-licence/version/3/",
        "publicationPolicy": f"https://{asked.host}/terms",
        "releases": [one.release for one in held],
        **({"links": links} if links else {}),
    }


def _moment(written: str) -> datetime:
    """Raises ValueError."""
    moment = datetime.fromisoformat(written)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


# --- pages that link to the next ----------------------------------------------------------------


def _pages(asked: Asked, held: Releases, name: str, size: int) -> Answer:
    """One page, from the place that parameter ``name`` gives; the last one has no link."""
    start = int(asked.query.get(name) or 0)
    page, more = held[start : start + size], start + size < len(held)
    query = urlencode({**asked.query, name: start + size})
    links = {"next": f"https://{asked.host}{asked.path}?{query}"} if more else {}
    return _json(_package(asked, page, **links))


def _within(held: Releases, since: str, until: str, longest: timedelta) -> Releases:
    """Releases of a period. Of a longer one than the service can bear, some are left out in
    silence, as they are by the real one."""
    start, end = _moment(since), _moment(until)
    found = [one for one in held if start <= one.moment <= end]
    return found if end - start <= longest else found[::2]


def find_tender(held: Releases) -> Service:
    """Find a Tender: the newest first, a hundred a page at most, six hours at a time."""

    def service(asked: Asked) -> Answer:
        if asked.path != "/api/1.0/ocdsReleasePackages":
            return _ABSENT
        size, asks = int(asked.query.get("limit", 100)), asked.query
        if not 0 < size <= 100:
            return Answer(b"", 400)
        found = _within(held, asks["updatedFrom"], asks["updatedTo"], timedelta(hours=6))
        return _pages(asked, found[::-1], "cursor", min(size, 2))

    return service


def contracts_finder(held: Releases) -> Service:
    """Contracts Finder: fifteen days at a time."""

    def service(asked: Asked) -> Answer:
        if asked.path != "/Published/Notices/OCDS/Search":
            return _ABSENT
        asks = asked.query
        found = _within(held, asks["publishedFrom"], asks["publishedTo"], timedelta(days=15))
        return _pages(asked, found, "cursor", min(int(asks.get("limit", 100)), 20))

    return service


def austender(held: Releases) -> Service:
    """AusTender: dates are in the path, a week at a time."""

    def service(asked: Asked) -> Answer:
        found = re.fullmatch("/ocds/findByDates/contractPublished/([^/]+)/([^/]+)", asked.path)
        if found is None:
            return _ABSENT
        return _pages(asked, _within(held, found[1], found[2], timedelta(days=7)), "cursor", 3)

    return service


def etenders(held: Releases) -> Service:
    """South Africa: pages are numbered from one, dates are days."""

    def service(asked: Asked) -> Answer:
        if asked.path != "/api/OCDSReleases":
            return _ABSENT
        asks, size = asked.query, min(int(asked.query.get("PageSize", 50)), 4)
        until = f"{asks['dateTo']}T23:59:59"
        found = _within(held, asks["dateFrom"], until, timedelta(days=7))
        number = int(asks["PageNumber"])
        page, more = found[(number - 1) * size : number * size], number * size < len(found)
        query = urlencode({**asks, "PageNumber": number + 1})
        links = {"next": f"https://{asked.host}{asked.path}?{query}"} if more else {}
        return _json(_package(asked, page, **links))

    return service


def umucyo(held: Releases) -> Service:
    """Rwanda: offsets."""

    def service(asked: Asked) -> Answer:
        if asked.path != "/opendata/api/v1/releases/all":
            return _ABSENT
        asks = asked.query
        until = f"{asks['date_to']}T23:59:59"
        found = _within(held, asks["date_from"], until, timedelta.max)
        return _pages(asked, found, "offset", min(int(asks["limit"]), 5))

    return service


# --- lists, then records ------------------------------------------------------------------------


def _record(asked: Asked, held: Releases) -> dict[str, Any]:
    """A record package: releases are linked, not embedded."""
    addresses = [f"https://{asked.host}/release/{one.release['id']}" for one in held]
    links = [{"url": url, "date": one.release["date"], "tag": one.release.get("tag", [])}
             for url, one in zip(addresses, held, strict=True)]  # fmt: skip
    package = _package(asked, ())
    del package["releases"]
    record = {"ocid": held[-1].ocid, "releases": links, "compiledRelease": held[-1].release}
    return {**package, "packages": addresses, "records": [record]}


def _by(held: Releases, name: Callable[[Dated], str]) -> dict[str, list[Dated]]:
    groups: dict[str, list[Dated]] = defaultdict(list)
    for one in held:
        groups[name(one)].append(one)
    return dict(groups)


def mtender(held: Releases) -> Service:
    """MTender: a list from a moment on; past the last item, an object without any field."""
    records = _by(held, lambda one: one.ocid)

    def service(asked: Asked) -> Answer:
        if asked.path == "/tenders/":
            after = _moment(asked.query.get("offset", "2016-01-01"))
            rows = [one for one in held if one.moment > after][:10]
            listed = [{"ocid": one.ocid, "date": one.moment.isoformat()} for one in rows]
            return _json({"data": listed, "offset": listed[-1]["date"]} if rows else {})
        found = records.get(asked.path.removeprefix("/tenders/"))
        return _json(_record(asked, found)) if found else _ABSENT

    return service


def prozorro(held: Releases) -> Service:
    """Prozorro: a feed of what was modified, which always has a next page."""
    tenders = _by(held, lambda one: md5(one.ocid.encode()).hexdigest())

    def service(asked: Asked) -> Answer:
        if asked.path == "/api/2.5/tenders":
            return _json(_feed(asked, tenders))
        found = tenders.get(asked.path.removeprefix("/api/2.5/tenders/"))
        return _json(_package(asked, found)) if found else _ABSENT

    return service


def _feed(asked: Asked, tenders: Mapping[str, list[Dated]]) -> dict[str, Any]:
    offset = asked.query.get("offset", "2015-01-01")
    start = float(offset) if offset.isdigit() else _moment(offset).timestamp()
    rows = sorted((held[-1].moment, key) for key, held in tenders.items())
    left = [(moment, key) for moment, key in rows if moment.timestamp() > start][:4]
    end = f"{left[-1][0].timestamp():.0f}" if left else offset
    path = f"{asked.path}?{urlencode({**asked.query, 'offset': end})}"
    return {
        "data": [{"id": key, "dateModified": moment.isoformat()} for moment, key in left],
        "next_page": {"offset": end, "path": path, "uri": f"https://{asked.host}{path}"},
    }


def dncp(held: Releases) -> Service:
    """Paraguay: numbered pages, which count what there is."""
    records, home = _by(held, lambda one: one.ocid), "/datos/api/v3/doc"

    def service(asked: Asked) -> Answer:
        if asked.path == f"{home}/search/processes":
            return _json(_processes(asked, records))
        found = records.get(asked.path.removeprefix(f"{home}/ocds/record/"))
        return _json(_record(asked, found)) if found else _ABSENT

    return service


def _processes(asked: Asked, records: Mapping[str, list[Dated]]) -> dict[str, Any]:
    asks = asked.query
    start, end = _moment(asks["fecha_desde"]), _moment(f"{asks['fecha_hasta']}T23:59:59")
    found = [held for held in records.values() if start <= held[-1].moment <= end]
    number, size = int(asks.get("page", 1)), min(int(asks.get("items_per_page", 10)), 8)
    page = found[(number - 1) * size : number * size]
    rows = [{"ocid": held[-1].ocid, "compiledRelease": {"date": held[-1].moment.isoformat()}}
            for held in page]  # fmt: skip
    return {
        "records": rows,
        "pagination": {
            "total_items": len(found),
            "total_pages": -(-len(found) // size),
            "current_page": number,
            "items_per_page": size,
            "total_in_page": len(page),
        },
    }


# --- catalogue ----------------------------------------------------------------------------------


def seao(held: Releases) -> Service:
    """Données Québec: a catalogue of files, one a week; other forms of them stand beside."""
    files = {}
    for monday, weekly in _by(held, lambda one: _monday(one.moment)).items():
        sunday = date.fromisoformat(monday) + timedelta(days=6)
        name = f"hebdo_{monday.replace('-', '')}_{sunday:%Y%m%d}"
        number = md5(name.encode()).hexdigest()
        files[f"/recherche/dataset/d23b2e02/resource/{number}/download/{name}.json"] = weekly

    def service(asked: Asked) -> Answer:
        if asked.path == "/recherche/api/3/action/package_show":
            return _json(_catalogue(asked, files))
        if asked.path not in files:
            return _ABSENT
        found = _json(_package(asked, files[asked.path]))
        tag = f'"{md5(bytes(found.body)).hexdigest()}"'  # type: ignore[arg-type]
        if asked.headers.get("If-None-Match") == tag:
            return Answer(status=304, headers={"ETag": tag})
        return Answer(found.body, headers={**found.headers, "ETag": tag})

    return service


def _monday(moment: datetime) -> str:
    return (moment.date() - timedelta(days=moment.weekday())).isoformat()


def _catalogue(asked: Asked, files: Mapping[str, Releases]) -> dict[str, Any]:
    home = f"https://{asked.host}"
    resources = [
        {"id": path.split("/")[-3], "format": form.upper(), "url": home + path[:-4] + form}
        for path in files
        for form in ("json", "csv")
    ]
    result = {"name": "systeme-electronique-dappel-doffres-seao", "resources": resources}
    return {"help": f"{home}{asked.path}", "success": True, "result": result}


MAKERS: dict[str, tuple[str, Callable[[Releases], Service]]] = {
    "www.find-tender.service.gov.uk": ("gb-find-tender", find_tender),
    "www.contractsfinder.service.gov.uk": ("gb-contracts-finder", contracts_finder),
    "api.tenders.gov.au": ("au-austender", austender),
    "ocds-api.etenders.gov.za": ("za-etenders", etenders),
    "ocds.umucyo.gov.rw": ("rw-umucyo", umucyo),
    "public.mtender.gov.md": ("md-mtender", mtender),
    "public-api.prozorro.gov.ua": ("ua-prozorro", prozorro),
    "www.contrataciones.gov.py": ("py-dncp", dncp),
    "www.donneesquebec.ca": ("ca-seao", seao),
}
