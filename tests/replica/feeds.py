"""What partners publish without being asked: a feed of news, a site with its sitemap, an API.

Three services over the same notices: ``flux.exemple.test`` (Atom, in pages), ``site.exemple.test``
(robots.txt, sitemaps, pages that hold linked data) and ``api.exemple.test`` (JSON, by offset, by
page number, by cursor or by link). And AusTender's feed of open tenders, over the English ones.
"""

import gzip
import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from html import escape

from ingest.notice import Notice
from replica.server import Answer, Asked, Service

FEED, SITE, API = "flux.exemple.test", "site.exemple.test", "api.exemple.test"
AUSTENDER = "www.tenders.gov.au"
LAST = datetime(2026, 5, 31, 12, tzinfo=UTC)


def services(notices: Sequence[Notice], size: int = 20) -> dict[str, Service]:
    """The services. size: notices a page, and in AusTender's feed. The notices are published one a
    day, the first on 31 May 2026, the others before."""
    return {
        FEED: lambda asked: _feed(asked, notices, size),
        SITE: lambda asked: _site(asked, notices, size),
        API: lambda asked: _api(asked, notices, size),
        AUSTENDER: lambda asked: _austender(asked, notices, size),
    }


def _moment(number: int) -> datetime:
    return LAST - timedelta(days=number)


def _text(notice: Notice) -> tuple[str, str]:
    return notice.texts[0].title, notice.texts[0].body


# --- feed ---------------------------------------------------------------------------------------


def _feed(asked: Asked, notices: Sequence[Notice], size: int) -> Answer:
    """Pages of Atom, linked one to the next (RFC 5005); the first answers 304 when it can."""
    if asked.path != "/demandes.atom":
        return Answer(status=404)
    page = int(asked.query.get("page", "1"))
    tag = f'"{len(notices)}-{page}"'
    if asked.headers.get("If-None-Match") == tag:
        return Answer(status=304, headers={"ETag": tag})
    start = (page - 1) * size
    entries = "".join(_entry(start + n, one) for n, one in enumerate(notices[start:][:size]))
    more = start + size < len(notices)
    follow = f'<link rel="next" href="?page={page + 1}"/>' if more else ""
    body = f"""<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://{SITE}/">
<title>Demandes</title>{follow}{entries}</feed>"""
    headers = {"Content-Type": "application/atom+xml", "ETag": tag}
    return Answer(body.encode(), headers=headers)


def _entry(number: int, notice: Notice) -> str:
    title, body = (escape(one) for one in _text(notice))
    return f"""<entry><id>tag:{SITE},2026:{escape(notice.key)}</id><title>{title}</title>
<link href="demandes/{number}"/><updated>{_moment(number).isoformat()}</updated>
<content type="html">{body}</content></entry>"""


def _austender(asked: Asked, notices: Sequence[Notice], size: int) -> Answer:
    """RSS 2.0, what is open and nothing else: « number: title », a link, a day."""
    if asked.path != "/public_data/rss/rss.xml":
        return Answer(status=404)
    english = [one for one in notices if one.texts[0].language in ("en", "ENG", "EN")]
    items = "".join(_tender(number, one) for number, one in enumerate(english[:size]))
    body = f"""<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0"><channel><title>AusTender</title><link>https://{AUSTENDER}</link>
<description>Current ATM list</description>{items}</channel></rss>"""
    return Answer(body.encode(), headers={"Content-Type": "application/rss+xml"})


def _tender(number: int, notice: Notice) -> str:
    title, body = (escape(one) for one in _text(notice))
    address = f"https://{AUSTENDER}/Atm/Show/{number:08d}-0000-4000-8000-000000000000"
    return f"""<item><title>GA2026/{number}: {title}</title><link>{address}</link>
<description>{body}</description><guid isPermaLink="true">{address}</guid>
<pubDate>{format_datetime(_moment(number), usegmt=True)}</pubDate></item>"""


# --- site ---------------------------------------------------------------------------------------


def _site(asked: Asked, notices: Sequence[Notice], size: int) -> Answer:
    """robots.txt → an index → sitemaps, the last of them packed → pages."""
    kind, _, rest = asked.path.lstrip("/").partition("/")
    if kind == "robots.txt":
        told = f"User-agent: *\nDisallow: /prive/\nSitemap: https://{SITE}/sitemap.xml\n"
        return Answer(told.encode(), headers={"Content-Type": "text/plain"})
    if kind == "sitemap.xml":
        return _xml("sitemapindex", (f"<sitemap><loc>https://{SITE}/plans/{n}.xml.gz</loc></sitemap>"
                    for n in range(0, len(notices), size)))  # fmt: skip
    if kind == "plans":
        start = int(rest.partition(".")[0])
        listed = (_listed(n) for n in range(start, min(start + size, len(notices))))
        about = f"<url><loc>https://{SITE}/qui-sommes-nous</loc></url>"
        return Answer(gzip.compress(bytes(_xml("urlset", (about, *listed)).body), mtime=0))
    if kind == "demandes" and rest.isdigit() and int(rest) < len(notices):
        return _page(asked, int(rest), notices[int(rest)])
    return Answer(b"<!DOCTYPE html><p>Page absente", 404, {"Content-Type": "text/html"})


def _xml(root: str, parts: Iterable[str]) -> Answer:
    space = "http://www.sitemaps.org/schemas/sitemap/0.9"
    body = f'<?xml version="1.0"?><{root} xmlns="{space}">{"".join(parts)}</{root}>'
    return Answer(body.encode(), headers={"Content-Type": "application/xml"})


def _listed(number: int) -> str:
    changed = _moment(number).date().isoformat()
    return f"<url><loc>https://{SITE}/demandes/{number}</loc><lastmod>{changed}</lastmod></url>"


def _page(asked: Asked, number: int, notice: Notice) -> Answer:
    tag = f'"{number}-{notice.fingerprint()[:8]}"'
    if asked.headers.get("If-None-Match") == tag:
        return Answer(status=304, headers={"ETag": tag})
    title, body = _text(notice)
    demand = {
        "@context": "https://schema.org",
        "@type": "Demand",
        "identifier": notice.key,
        "name": title,
        "description": body,
        "inLanguage": notice.texts[0].language or None,
        "areaServed": notice.country or None,
        "customer": {"@type": "Organization", "name": notice.buyer or None},
        "validFrom": _moment(number).isoformat(),
        "availabilityEnds": notice.deadline or None,
        "url": f"https://{SITE}/demandes/{number}",
    }
    # "</script>" in a text would end the block: the sign is escaped, as JSON allows.
    block = json.dumps(demand).replace("<", "\\u003c")
    page = f"""<!DOCTYPE html><html><head><meta charset="utf-8"><title>{escape(title)}</title>
<script type="application/ld+json">{{"@type": "BreadcrumbList"}}</script>
<script type="application/ld+json">{block}</script></head>
<body><a href="/demandes/{number}?mois=2026-06">Mois suivant</a></body></html>"""
    return Answer(page.encode(), headers={"Content-Type": "text/html", "ETag": tag})


# --- API ----------------------------------------------------------------------------------------


def _api(asked: Asked, notices: Sequence[Notice], size: int) -> Answer:
    """/offset?skip=0, /pages?page=1, /curseur and /liens give the same notices."""
    way = asked.path.strip("/")
    count = {"offset": "skip", "pages": "page", "curseur": "curseur", "liens": "debut"}.get(way)
    if count is None:
        return Answer(status=404)
    said = int(asked.query.get(count) or (1 if way == "pages" else 0))
    start = (said - 1) * size if way == "pages" else said
    rows = [_row(start + n, one) for n, one in enumerate(notices[start:][:size])]
    more = start + size < len(notices)
    told: dict[str, object] = {"resultats": {"avis": rows, "total": len(notices)}}
    if way == "curseur":
        told["suite"] = str(start + size) if more else None
    if way == "liens":
        told["liens"] = {"suivant": f"/liens?debut={start + size}" if more else ""}
    return Answer(json.dumps(told).encode(), headers={"Content-Type": "application/json"})


def _row(number: int, notice: Notice) -> dict[str, object]:
    title, body = _text(notice)
    return {
        "reference": notice.key,
        "objet": title,
        "description": body,
        "acheteur": notice.buyer,
        "pays": notice.country,
        "parution": _moment(number).isoformat(),
        "limite": notice.deadline,
        "codes": {"cpv": [code.value for code in notice.codes if code.scheme == "CPV"]},
    }
