"""The items of RSS and Atom are notices, by columns that the format has and a page completes."""

import io
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from ingest.feeds.rss import mapping_of, read, rows
from ingest.normalise import normalise
from ingest.notice import Notice, Received
from ingest.price import Rates
from ingest.source import Source, sources

ADDRESS = "https://camara.exemple.test/avis/"


def page(**changes: Any) -> Source:
    return Source.model_validate(
        {
            "name": "camara", "title": "X", "publisher": "X", "licence": "CC0", "url": ADDRESS,
            "formats": ["rss"],
        } | changes
    )  # fmt: skip


def received(text: str | bytes, source: Source | None = None) -> list[Received]:
    data = text.encode() if isinstance(text, str) else text
    return list(read(io.BytesIO(data), source or page(), "flux.xml"))


def notice(text: str, source: Source | None = None) -> Notice:
    [found] = received(text, source)
    assert found.notice is not None, found.reason
    return found.notice


def rss(item: str, channel: str = "") -> str:
    return f"""<?xml version="1.0"?>
<rss version="2.0" xmlns:texte="http://purl.org/rss/1.0/modules/content/"
 xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:a="http://www.w3.org/2005/Atom"
 xmlns:fb="http://rssnamespace.org/feedburner/ext/1.0">
<channel><title>Demandes</title>{channel}<item>{item}</item></channel></rss>"""


def atom(entry: str, feed: str = "") -> str:
    return f"""<f:feed xmlns:f="http://www.w3.org/2005/Atom" {feed}>
<f:title>Demandes</f:title><f:link rel="self" href="flux.atom"/>
<f:entry>{entry}</f:entry></f:feed>"""


ITEM = """<title>Mobilier scolaire</title><guid isPermaLink="false">SR-118</guid>
<link>https://camara.exemple.test/118</link><description>Tables</description>
<texte:encoded><![CDATA[<p>400 tables</p><p>et chaises</p>]]></texte:encoded>
<pubDate>Tue, 03 Nov 2026 09:00:00 +0100</pubDate><category>Écoles</category>
<dc:creator>Rosa Quispe</dc:creator><author>rosa@exemple.test (Rosa)</author>"""

ENTRY = """<f:id>tag:camara.exemple.test,2026:118</f:id><f:title>Mobilier scolaire</f:title>
<f:link rel="enclosure" href="https://camara.exemple.test/118.pdf"/>
<f:link href="https://camara.exemple.test/118"/>
<f:published>2026-11-03T08:00:00Z</f:published><f:updated>2026-11-04T08:00:00Z</f:updated>
<f:category term="ecoles" label="Écoles"/>
<f:author><f:name>Rosa Quispe</f:name><f:email>rosa@exemple.test</f:email></f:author>
<f:content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>400 tables</p><p>et chaises</p>
</div></f:content>"""

RDF = """<rdf:RDF xmlns="http://purl.org/rss/1.0/" xmlns:d="http://purl.org/dc/elements/1.1/"
 xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><channel rdf:about="x"><title>D</title>
</channel><item rdf:about="https://camara.exemple.test/118"><title>Mobilier scolaire</title>
<link>https://camara.exemple.test/118</link>
<description>&lt;p&gt;400 tables&lt;/p&gt;et chaises</description>
<d:date>2026-11-03T08:00:00Z</d:date><d:creator>Rosa Quispe</d:creator>
<d:subject>Écoles</d:subject></item></rdf:RDF>"""


@pytest.mark.parametrize(
    ("text", "key"),
    [
        (rss(ITEM), "SR-118"),
        (atom(ENTRY), "tag:camara.exemple.test,2026:118"),
        (RDF, "https://camara.exemple.test/118"),
    ],
    ids=["rss 2.0", "atom", "rss 1.0"],
)
def test_the_three_kinds_of_feeds_tell_the_same_demand(text: str, key: str, now: Any) -> None:
    found = notice(text)
    assert (found.key, found.url, found.unknown) == (key, "https://camara.exemple.test/118", ())
    assert "Rosa" not in str(found)
    draft = normalise(found, page(), Rates.load(), now)
    [told] = draft.texts
    assert told.title == "Mobilier scolaire"
    assert told.text.split() == "400 tables et chaises Écoles".split()
    assert draft.published is not None
    assert draft.published.astimezone().isoformat()[:10] == "2026-11-03"


def test_the_page_completes_the_columns_and_contradicts_them() -> None:
    source = page(
        mapping={
            "key": ["link ~ .*/([0-9]+)"],
            "country": "category ~ pays/(.*)",
            "deadline": "description ~ .*Limite : ([0-9-]+).*",
            "constants": {"stage": "open"},
            "ignored": ["prix"],
        }
    )
    item = """<title>A</title><guid>x</guid><link>https://camara.exemple.test/7</link><prix>3</prix>
    <category>pays/PE</category><description>Vite. Limite : 2026-12-01.</description><ville/>
    <ville>Lima</ville>"""
    found = notice(rss(item), source)
    assert (found.key, found.country, found.deadline) == ("7", "PE", "2026-12-01")
    assert (found.stage, found.unknown) == ("open", ("ville",))


def test_an_item_without_title_is_titled_by_its_words() -> None:
    found = notice(rss("<guid>1</guid><description>Pompes pour puits</description>"))
    assert found.texts[0].title == "Pompes pour puits"


def test_an_item_without_any_name_has_a_reason_and_spoils_no_other() -> None:
    text = rss("<title>Un</title></item><item><title>Deux</title><guid>2</guid>")
    first, second = received(text)
    assert first.reason.startswith("Ligne sans identifiant (guid")
    assert second.notice is not None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (rss("<guid>1</guid><title>A</title><link>/a/1</link>"), "https://camara.exemple.test/a/1"),
        (
            rss(
                "<guid>1</guid><title>A</title><link>1</link>",
                "<link>https://avis.exemple.test/lot/</link>",
            ),
            "https://avis.exemple.test/lot/1",
        ),
        (
            atom(
                "<f:id>1</f:id><f:title>A</f:title><f:link href='1'/>",
                'xml:base="https://b.exemple.test/x/"',
            ),
            "https://b.exemple.test/x/1",
        ),
        (
            rss("<guid>https://camara.exemple.test/9</guid><title>A</title>"),
            "https://camara.exemple.test/9",
        ),
        (rss("<guid>n9</guid><title>A</title>"), ""),
        (
            rss(
                "<guid>9</guid><title>A</title><link>https://compteur.exemple.test/~r/9</link>"
                "<fb:origLink>https://camara.exemple.test/9</fb:origLink>"
            ),
            "https://camara.exemple.test/9",
        ),
        (
            rss("<guid>1</guid><title>A</title><link>http://[</link>"),
            "http://[",
        ),
    ],
)
def test_an_address_is_that_of_the_item_at_its_source(text: str, expected: str) -> None:
    assert notice(text).url == expected


def test_every_item_has_the_base_of_its_feed_not_only_the_first() -> None:
    item = "<guid>{0}</guid><title>A</title><link>{0}</link>"
    text = rss(
        "</item><item>".join(item.format(n) for n in (1, 2, 3)),
        "<link>https://avis.exemple.test/lot/</link>",
    )
    assert [one.notice.url for one in received(text) if one.notice] == [
        f"https://avis.exemple.test/lot/{n}" for n in (1, 2, 3)
    ]


def test_an_empty_feed_is_no_fault_and_what_is_no_feed_is_one() -> None:
    assert received("<rss><channel><title>Rien cette semaine</title></channel></rss>") == []
    assert received('<feed xmlns="http://www.w3.org/2005/Atom"/>') == []
    [found] = received("<html><body>Erreur 404</body></html>")
    assert found.reason == "Racine inconnue : html"


def test_entities_are_never_replaced() -> None:
    text = '<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]>' + rss(
        "<guid>1</guid><title>&e;</title>"
    ).removeprefix('<?xml version="1.0"?>\n')
    [found] = received(text)
    assert "Entité XML" in found.reason
    assert "root:" not in str(found)


@pytest.mark.parametrize("text", [rss(ITEM), atom(ENTRY), RDF])
def test_a_feed_cut_anywhere_or_with_any_byte_changed_never_raises(text: str) -> None:
    data = text.encode()
    for place in range(0, len(data), 7):
        assert all(one.notice or one.reason for one in received(data[:place]))
        for byte in b'"<&\0\xff':
            changed = data[:place] + bytes([byte]) + data[place + 1 :]
            assert all(one.notice or one.reason for one in received(changed))


def test_a_feed_of_many_items_is_read_one_at_a_time() -> None:
    item = b"<item><guid>1</guid><title>" + b"x" * 400 + b"</title></item>"
    stream = io.BytesIO(b"<rss><channel>" + item * 20_000 + b"</channel></rss>")
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        assert sum(1 for row in rows(stream, page())) == 20_000
        assert tracemalloc.get_traced_memory()[1] - before < 4_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.notices
def test_a_real_feed_needs_no_column_but_what_it_writes_in_its_own_way(notices: Path) -> None:
    data = (notices / "trade_leads_misc/ustda__rss.xml").read_bytes()
    own = sources()["us-ustda-rss"].mapping
    assert own is not None
    changes = {"published": own.published, "country": own.country, "constants": own.constants}
    found = received(data, page(mapping=changes))
    assert len(found) == 3
    assert all(one.notice and one.notice.published and not one.notice.unknown for one in found)


def test_the_columns_of_the_format_stay_as_they_are() -> None:
    assert mapping_of(page()) == mapping_of(page(mapping={}))
