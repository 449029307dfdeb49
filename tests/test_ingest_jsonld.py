"""Each schema.org/Demand of a page or of a document of JSON-LD is a notice."""

import io
import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from ingest.document import Document, Limits
from ingest.feeds import html
from ingest.feeds.jsonld import read
from ingest.looked import look
from ingest.notice import Amount, Code, Notice, Received, Text
from ingest.recognise import format_of, recognise
from ingest.source import Source

HOME = "https://camara.exemple.test/demandas"

DEMAND: dict[str, Any] = {
    "@context": "https://schema.org",
    "@type": "Demand",
    "@id": "https://camara.exemple.test/d/118#demanda",
    "identifier": {"@type": "PropertyValue", "propertyID": "ref", "value": "SR-118"},
    "name": "Mobiliario escolar",
    "description": "<p>400 mesas</p>",
    "inLanguage": "es",
    "seller": {
        "@type": "Organization",
        "name": "Liceo Central",
        "address": {"addressCountry": "PE", "addressLocality": "Tacna"},
        "contactPoint": {"name": "Rosa Quispe", "email": "rosa@liceo.exemple.test"},
    },
    "itemOffered": {
        "@type": "Product",
        "name": "Mesas y sillas",
        "category": {"@type": "CategoryCode", "codeValue": "940360", "inCodeSet": "HS code"},
    },
    "validFrom": "2026-05-25",
    "availabilityEnds": "2026-06-30T12:00:00-05:00",
    "priceSpecification": {"@type": "PriceSpecification", "price": 85000.5, "priceCurrency": "PEN"},
    "url": "https://camara.exemple.test/d/118",
}
NOTICE = Notice(
    source="camara",
    key="SR-118",
    texts=(Text("Mobiliario escolar", "<p>400 mesas</p>\nMesas y sillas", "es"),),
    stage="open",
    buyer="Liceo Central",
    country="PE",
    place="Tacna",
    published="2026-05-25",
    deadline="2026-06-30T12:00:00-05:00",
    amount=Amount("85000.5", "PEN"),
    codes=(Code("HS", "940360"),),
    url="https://camara.exemple.test/d/118",
)


def source(**changes: Any) -> Source:
    return Source.model_validate(
        {
            "name": "camara", "title": "X", "publisher": "X", "licence": "CC0", "url": HOME,
            "formats": ["jsonld"],
        } | changes
    )  # fmt: skip


def received(data: Any, page: Source | None = None) -> list[Received]:
    text = data if isinstance(data, str | bytes) else json.dumps(data)
    content = text.encode() if isinstance(text, str) else text
    return list(read(io.BytesIO(content), page or source(), "page"))


def notices(data: Any, page: Source | None = None) -> list[Notice]:
    found = received(data, page)
    assert [one.reason for one in found] == [""] * len(found)
    return [one.notice for one in found if one.notice]


def a_page(*blocks: Any, head: str = "") -> str:
    scripts = "".join(
        f'<script type="application/ld+json">{b if isinstance(b, str) else json.dumps(b)}</script>'
        for b in blocks
    )
    return f"<!DOCTYPE html><html><head>{head}{scripts}</head><body><p>Demandas</body></html>"


def demand(**changes: Any) -> dict[str, Any]:
    """A small demand; None takes a part away."""
    usual = {"@type": "Demand", "sku": "1", "name": "Bombas de agua"} | changes
    return {name: value for name, value in usual.items() if value is not None}


# --- where demands are --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "document",
    [
        DEMAND,
        [DEMAND],
        {"@context": "https://schema.org", "@graph": [{"@type": "WebSite"}, DEMAND]},
        {"@type": "ItemList", "itemListElement": [{"@type": "ListItem", "item": DEMAND}]},
        {"@type": "DataFeed", "dataFeedElement": [{"@type": "DataFeedItem", "item": DEMAND}]},
        {"@type": "WebPage", "mainEntity": DEMAND},
        DEMAND | {"@type": ["Thing", "schema:Demand"]},
        {f"schema:{k}" if k[0] != "@" else k: v for k, v in DEMAND.items()},
        a_page(DEMAND),
        a_page({"@type": "BreadcrumbList"}, {"@graph": [DEMAND]}),
        a_page("//<![CDATA[\n" + json.dumps(DEMAND) + "\n//]]>"),
        a_page("\n<!--\n" + json.dumps(DEMAND) + "\n-->\n"),
        json.dumps(DEMAND) + "\n" + json.dumps({"@type": "Offer"}) + "\n",
    ],
)
def test_a_demand_is_found_wherever_it_is_nested(document: Any) -> None:
    assert notices(document) == [NOTICE]


def test_contact_persons_are_never_read() -> None:
    person = {"@type": "Person", "name": "Rosa Quispe", "address": {"addressCountry": "PE"}}
    for part in ("seller", "customer", "author", "provider", "accountablePerson"):
        [found] = notices(demand(**{part: person}))
        assert "Rosa" not in str(found)
        assert (found.buyer, found.country) == ("", "")
    [found] = notices({"@type": "Person", "name": "Rosa Quispe", "seeks": demand()})
    assert "Rosa" not in str(found)


def test_who_seeks_a_demand_is_its_buyer() -> None:
    who = {"@type": "Organization", "name": "Liceo", "address": {"addressCountry": "PE"}}
    first, second = notices(who | {"seeks": [demand(), demand(sku="2", seller={"name": "Otro"})]})
    assert (first.buyer, first.country) == ("Liceo", "PE")
    assert second.buyer == "Otro"


@pytest.mark.parametrize("wrap", [lambda graph: {"@graph": graph}, lambda graph: a_page(*graph)])
def test_a_part_told_elsewhere_in_the_document_is_found_by_its_name(wrap: Any) -> None:
    graph = [
        demand(seller={"@id": "#liceo"}, areaServed={"@id": "#nadie"}),
        {"@type": "Organization", "@id": "#liceo", "name": "Liceo", "parentOrganization":
            {"@id": "#liceo"}},
    ]  # fmt: skip
    [found] = notices(wrap(graph))
    assert found.buyer == "Liceo"


# --- what a demand says -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parts", "country"),
    [
        ({"areaServed": "PE"}, "PE"),
        ({"eligibleRegion": "PE-LIM"}, "PE"),
        ({"eligibleRegion": {"@type": "Country", "name": "Pérou"}}, "Pérou"),
        ({"areaServed": {"@type": "Place", "address": {"addressCountry": "PE"}}}, "PE"),
        ({"customer": {"address": {"addressCountry": {"@type": "Country", "name": "PE"}}},
          "areaServed": "BO"}, "PE"),
        ({"availableAtOrFrom": {"address": {"addressCountry": "PE"}}}, "PE"),
    ],
)  # fmt: skip
def test_the_country_is_the_buyer_s_else_that_of_the_area(
    parts: dict[str, Any], country: str
) -> None:
    assert notices(demand(**parts))[0].country == country


@pytest.mark.parametrize(
    ("parts", "amount"),
    [
        ({"price": "12.50", "priceCurrency": "EUR"}, Amount("12.50", "EUR")),
        ({"priceSpecification": {"maxPrice": 9, "minPrice": 1}}, Amount("9")),
        ({}, None),
    ],
)
def test_a_price_is_an_amount_as_written(parts: dict[str, Any], amount: Amount | None) -> None:
    assert notices(demand(**parts))[0].amount == amount


def test_codes_are_known_by_the_names_of_their_tables() -> None:
    codes = [
        {"@type": "CategoryCode", "codeValue": "39160000", "inCodeSet": {"name": "CPV 2008"}},
        {"@type": "PropertyValue", "propertyID": "HS-Code", "value": "940360"},
        {"@type": "CategoryCode", "codeValue": "M1", "inCodeSet": "Maison"},
    ]
    [found] = notices(demand(category=codes))
    assert found.codes == (Code("CPV", "39160000"), Code("HS", "940360"))


def test_words_in_several_languages_are_as_many_texts() -> None:
    name = [{"@value": "Water pumps", "@language": "en"}, {"@value": "Pompes", "@language": "fr"}]
    [found] = notices(demand(name=name, description="12"))
    assert found.texts == (Text("Water pumps", "12", "en"), Text("Pompes", "12", "fr"))


def test_parts_nobody_described_are_reported_and_a_page_may_describe_them() -> None:
    told = demand(incoterm="FOB", warranty={"durationOfWarranty": 2})
    assert notices(told)[0].unknown == ("incoterm", "warranty.durationOfWarranty")
    page = source(mapping={"kind": "incoterm", "ignored": ["warranty"]})
    [found] = notices(told, page)
    assert (found.kind, found.unknown, found.stage) == ("FOB", (), "open")


# --- keys and addresses -------------------------------------------------------------------------

CANONICAL = '<link rel="canonical" href="/d/118">'


@pytest.mark.parametrize(
    ("parts", "head", "key"),
    [
        ({"@id": "https://camara.exemple.test/d/1#x"}, "", "https://camara.exemple.test/d/1#x"),
        ({"@id": "#demanda"}, CANONICAL, "https://camara.exemple.test/d/118#demanda"),
        ({"@id": "#demanda"}, "", ""),
        ({"@id": "_:b0"}, CANONICAL, ""),
        ({"@id": "#demanda", "url": "/d/7"}, "", "https://camara.exemple.test/d/7"),
        ({"identifier": ["A", "B"]}, "", "A-B"),
    ],
)
def test_a_name_that_means_something_in_its_page_only_is_no_key(
    parts: dict[str, Any], head: str, key: str
) -> None:
    [found] = received(a_page(demand(sku=None, **parts), head=head))
    assert (found.notice.key if found.notice else "") == key
    assert found.reason.startswith("Ligne sans identifiant") is not bool(key)


def test_the_address_is_the_demand_s_own_else_that_of_its_page() -> None:
    pair = a_page(demand(url="/d/7"), demand(sku="2"), head=CANONICAL)
    assert [found.url for found in notices(pair)] == [
        "https://camara.exemple.test/d/7",
        "https://camara.exemple.test/d/118",
    ]


# --- faults -------------------------------------------------------------------------------------


def test_a_demand_that_cannot_be_read_has_its_place_and_spoils_no_other() -> None:
    broken = '{"@type": "Demand", "sku": "2", "sku": "3", "name": "B"}'
    found = received(a_page(demand(), broken, {"@graph": [demand(sku=None), demand(sku="4")]}))
    assert [(one.position, one.notice and one.notice.key) for one in found] == [
        ("bloc JSON-LD 1", "1"),
        ("bloc JSON-LD 2", None),
        ("bloc JSON-LD 3 @graph[0]", None),
        ("bloc JSON-LD 3 @graph[1]", "4"),
    ]
    assert "champ répété « sku »" in found[1].reason
    assert found[2].reason.startswith("Ligne sans identifiant")


def test_a_slip_in_the_menu_of_a_page_loses_nothing() -> None:
    found = received(a_page("{'@type': 'BreadcrumbList'}", demand()))
    assert [bool(one.notice) for one in found] == [True]


def test_a_page_whose_only_data_cannot_be_read_says_so() -> None:
    [found] = received(a_page("{'@type': 'Thing'}"))
    assert found.reason.startswith("ligne 1, colonne 2")


def test_a_page_without_demand_gives_nothing() -> None:
    assert received(a_page({"@type": "WebSite"})) == []
    assert received("<html><body>Erreur 404</body></html>") == []


@pytest.mark.parametrize("depth", [90, 101, 100_000])
def test_data_too_deep_are_refused_not_followed(depth: int) -> None:
    text = '{"a":' * depth + json.dumps(demand()) + "}" * depth
    for document in (text, a_page(text), "<div>" * depth + a_page(text)):
        [found] = received(document)
        assert bool(found.notice) == (depth == 90)
        assert found.notice or "profonde" in found.reason


def test_a_page_that_is_too_large_is_said_to_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(html, "LARGEST", 10_000)
    monkeypatch.setattr(html, "CHUNK", 1_000)
    *first, last = received(a_page(demand()) + "<p>x</p>" * 5_000)
    assert [bool(one.notice) for one in first] == [True]
    assert "millions de signes" in last.reason


@pytest.mark.parametrize(
    ("meta", "encoding", "remarks"),
    [
        ('<meta charset="utf-8">', "utf-8", ()),
        ('<meta charset="iso-8859-1">', "cp1252", ()),
        ('<meta http-equiv="x" content="text/html; charset=windows-1252">', "cp1252", ()),
        ("", "cp1252", (("encodage", "non déclaré, lu en cp1252"),)),
        ('<meta charset="utf-8">', "cp1252", (("encodage", "déclaré utf-8, lu en cp1252"),)),
        ('<meta charset="iso-8859-2">', "iso-8859-2", ()),
    ],
)
def test_the_charset_of_a_page_is_the_one_it_has(meta: str, encoding: str, remarks: Any) -> None:
    text = json.dumps(demand(name="Máquinas"), ensure_ascii=False)
    [found] = received(a_page(text, head=meta).encode(encoding))
    assert found.notice is not None
    assert found.notice.texts[0].title == "Máquinas"
    assert found.remarks == remarks


def test_a_document_cut_anywhere_or_with_any_byte_changed_never_raises() -> None:
    for text in (a_page(DEMAND, head=CANONICAL), json.dumps({"@graph": [DEMAND, demand()]})):
        data = text.encode()
        for place in range(0, len(data), 11):
            assert all(one.notice or one.reason for one in received(data[:place]))
            for byte in b'"<{}\0\xff':
                changed = data[:place] + bytes([byte]) + data[place + 1 :]
                assert all(one.notice or one.reason for one in received(changed))


# --- recognition --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "formats", "expected"),
    [
        (a_page(DEMAND), ["rss", "jsonld"], "jsonld"),
        ("<html><head>" + " " * 70_000, ["rss", "jsonld"], "jsonld"),
        (json.dumps(DEMAND), ["rss", "jsonld"], "jsonld"),
        ('<?xml version="1.0"?><rss version="2.0">', ["rss", "jsonld"], "rss"),
        ('<feed xmlns="http://www.w3.org/2005/Atom">', ["rss", "jsonld"], "rss"),
        ('<rdf:RDF xmlns="http://purl.org/rss/1.0/">', ["rss", "jsonld"], "rss"),
        ("<feed>", ["rss", "jsonld"], None),
        ("<feed>", ["rss"], "rss"),
    ],
)
def test_pages_and_feeds_are_told_apart(
    text: str, formats: list[str], expected: str | None
) -> None:
    document = Document("x", lambda: io.BytesIO(text.encode()))
    page = source(formats=formats, recognise={"files": ["x"]})
    assert format_of(document, page) == expected
    found = recognise(document, {"camara": page})
    assert (found[1] if found else None) == expected


def test_pages_of_a_site_are_no_fault_where_they_are_the_documents(
    tmp_path: Path, now: datetime
) -> None:
    (tmp_path / "000001.html").write_text(a_page(demand()))
    assert look(tmp_path, source(), now, Limits(), lambda received: None).web_pages == 0
    feed = source(formats=["rss"])
    assert look(tmp_path, feed, now, Limits(), lambda received: None).web_pages == 1
