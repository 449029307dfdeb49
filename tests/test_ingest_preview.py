"""What a file would give is shown before anything of it is let in."""

import io
import json
from datetime import datetime
from typing import Any

import pytest

from index.coding import Coder
from ingest.document import Document, Refusal
from ingest.preview import Place, Preview, preview
from ingest.price import Rates
from ingest.source import Source

MAPPING: dict[str, Any] = {
    "key": ["id"],
    "title": ["objet"],
    "published": "parution",
    "country": "pays",
    "kind": "etat",
    "stages": {"ouvert": "open"},
}
HEADER = "id,objet,parution,pays,etat,ville,courriel\n"


def page(**changes: Any) -> Source:
    return Source.model_validate(
        {
            "name": "camara", "title": "X", "publisher": "X", "licence": "CC0",
            "url": "https://x.exemple.test", "formats": ["tabular"], "mapping": MAPPING,
        } | changes
    )  # fmt: skip


def a_document(text: str, name: str = "demandes.csv") -> Document:
    return Document(name, lambda: io.BytesIO(text.encode()))


@pytest.fixture
def look(coder: Coder, now: datetime) -> Any:
    rates = Rates.load()

    def shown(
        *found: str | Document | Refusal, source: Source | None = None, most: int | None = 1_000
    ) -> Preview:
        given = [a_document(one) if isinstance(one, str) else one for one in found]
        return preview(given, source or page(), rates, now, coder, most)

    return shown


def test_the_first_leads_are_those_that_ingestion_would_make(look: Any) -> None:
    told = look(HEADER + "1,Pompes immergées pour puits,2026-05-01,PE,ouvert,Tacna,\n")
    [lead] = told.leads
    assert (lead.title, lead.country, lead.stage) == ("Pompes immergées pour puits", "PE", "open")
    assert any(not code.given for code in lead.codes)
    assert told.formats == {"tabular": 1}
    assert {name: told.coverage(name) for name in ("country", "deadline")} == {
        "country": 1.0, "deadline": 0.0
    }  # fmt: skip


def test_what_cannot_be_read_has_its_place_and_its_reason(look: Any) -> None:
    told = look(HEADER + "1,Pompes,,,,,\n,Tables,,,,,\n", Refusal("a.zip", "Archive zip abîmée."))
    assert (told.documents, told.received, told.quarantined) == (2, 3, 2)
    assert told.refused == [
        Place("demandes.csv", "ligne 3", "Ligne sans identifiant (id)."),
        Place("a.zip", "", "Archive zip abîmée."),
    ]


def test_dates_are_shown_as_the_file_writes_them(look: Any) -> None:
    told = look(HEADER + "1,Pompes,03.04.2026,PE,ouvert,,\n")
    assert told.unread == [Place("demandes.csv", "ligne 2", "parution : 03.04.2026")]


def test_columns_are_compared_with_those_of_the_page_both_ways(look: Any) -> None:
    changed = page(mapping=MAPPING | {"buyer": "acheteur | client", "ignored": ["courriel"]})
    rows = [{"id": "1", "objet": "Pompes", "ville": "Tacna", "tel": "+51 952 123 456"}]
    told = look(json.dumps(rows), source=changed)
    assert told.absent == {
        "acheteur | client": "buyer", "pays": "country", "parution": "published", "etat": "kind"
    }  # fmt: skip
    assert told.unmapped == {"ville": "Tacna", "tel": "[coordonnées : voir la source]"}
    assert ("champ inconnu", "ville") not in told.remarks
    assert ("type d'avis inconnu", "(absent)") in told.remarks


def test_a_header_that_lacks_a_column_still_shows_the_others(look: Any) -> None:
    told = look("id,titre\n1,Pompes\n")
    assert told.notices == 0
    assert told.refused[0].told.startswith("Colonnes absentes : objet")
    assert told.absent["objet"] == "title"
    assert told.unmapped == {"titre": "Pompes"}


def test_only_the_beginning_of_a_large_file_is_read_unless_all_is_asked(look: Any) -> None:
    text = HEADER + "".join(f"{n % 30},Pompes {n},,PE,ouvert,,\n" for n in range(40))
    part, whole = look(text, most=20), look(text, most=None)
    assert (part.received, part.whole) == (20, False)
    assert (whole.received, whole.whole, whole.repeated, len(whole.leads)) == (40, True, 10, 10)


def test_a_feed_and_a_page_of_linked_data_show_what_they_say_besides(look: Any) -> None:
    text = "<rss><channel><item><guid>1</guid><title>A</title><prix>3</prix></item></channel></rss>"
    told = look(text, source=page(formats=["rss"], mapping=None))
    assert (told.notices, told.unmapped, told.absent) == (1, {"prix": "3"}, {})
    demand = {"@type": "Demand", "sku": "1", "name": "A", "incoterm": "FOB"}
    told = look(json.dumps(demand), source=page(formats=["jsonld"], mapping={"buyer": "qui"}))
    assert (told.unmapped, told.absent) == ({"incoterm": "FOB"}, {"qui": "buyer"})


def test_a_document_in_no_format_of_its_source_is_refused(look: Any) -> None:
    told = look("n'importe quoi", source=page(formats=["ted", "eforms"], mapping=None))
    assert told.refused == [Place("demandes.csv", "", "Format non reconnu")]
