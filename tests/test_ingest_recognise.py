"""A document of unknown origin goes to the source whose page describes it, or to none."""

import io
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from ingest.document import Document, DocumentError, Limits
from ingest.documents import documents
from ingest.feeds import fbo, ocds, tabular
from ingest.recognise import format_of, recognise
from ingest.source import Source, sources

UBL = "urn:oasis:names:specification:ubl:schema:xsd:"


def a_page(name: str, *formats: str, url: str = "https://x.example", **changes: Any) -> Source:
    required = {"name": name, "title": name, "publisher": "X", "licence": "CC0"}
    return Source.model_validate(required | {"formats": formats, "url": url} | changes)


def prefixes(*found: str) -> dict[str, Any]:
    return {"recognise": {"ocid_prefixes": found}}


def named(*patterns: str) -> dict[str, Any]:
    return {"recognise": {"files": patterns}}


TABLE = {"mapping": {"key": ["id"], "title": ["titre"]}}
PAGES: Mapping[str, Source] = {
    page.name: page
    for page in (
        a_page("journal", "ted", "eforms"),
        a_page("paraguay", "ocds", **prefixes("ocds-03ad3f")),
        a_page("montreal", "ocds", **prefixes("ocds-a12345")),
        a_page("montreal-rues", "ocds", **prefixes("ocds-a12345-mt")),
        a_page("mexique", "ocds", **named("MX_[0-9]*.json")),
        a_page("federal", "fbo", url="https://www.fbo.gov"),
        a_page("state", "fbo", "tabular", url="https://bids.state.gov", **TABLE, **named("st_*")),
        a_page("contrats", "tabular", **TABLE, **named("contrats_*.csv", "contrats_*.json")),
    )
}


def a_document(data: str | bytes, name: str = "avis") -> Document:
    content = data.encode() if isinstance(data, str) else data
    return Document(name, lambda: io.BytesIO(content))


def told(data: str | bytes, name: str = "avis") -> tuple[str, str] | None:
    found = recognise(a_document(data, name), PAGES)
    return (found[0].name, found[1]) if found else None


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ('<?xml version="1.0"?>\n<!-- x --><TED_EXPORT xmlns="http://x">', ("journal", "ted")),
        (f'<ContractNotice xmlns="{UBL}ContractNotice-2">', ("journal", "eforms")),
        (f'<?xml?><n:ContractAwardNotice xmlns:n="{UBL}ContractAwardNotice-2"',
         ("journal", "eforms")),
        ('<ContractNotice xmlns="http://autre.example">', None),
        ('{"releases": [{"ocid": "ocds-03ad3f-12"', ("paraguay", "ocds")),
        ('{"ocid": "OCDS-03AD3F-12"}', ("paraguay", "ocds")),
        ('{"ocid": "ocds-a12345-mt-9"}', ("montreal-rues", "ocds")),
        ('{"ocid": "ocds-a12345-xx-9"}', ("montreal", "ocds")),
        ('{"ocid": "ocds-zzzzzz-9"}', None),
        ('{"data_source": "FBO", "notice_type": "PRESOL"}', ("federal", "fbo")),
        ('{"title": "x\\d", "data_source": "bids.state.gov"}', ("state", "fbo")),
        ('{"solnbr": "1"}', None),
        ("<PRESOL>\n<DATE>0616", None),
        ("<html><body>Erreur 404</body></html>", None),
        ("", None),
        (b"\xff\xfe\x00\x01", None),
    ],
)  # fmt: skip
def test_content_tells_the_source(data: str | bytes, expected: tuple[str, str] | None) -> None:
    assert told(data) == expected


@pytest.mark.parametrize(
    ("name", "data", "expected"),
    [
        ("MX_12.json", '{"ocid": "12"}', ("mexique", "ocds")),
        ("paquet.zip!2024/MX_12.json", '{"ocid": "12"}', ("mexique", "ocds")),
        ("MX_12.json.gz!MX_12.json", '{"a": ', ("mexique", "ocds")),
        ("py_ocds-03ad3f-7.json", '{"planning": {', ("paraguay", "ocds")),
        ("dossier/contrats_2024.csv", "id,titre\n1,a\n", ("contrats", "tabular")),
        ("contrats_2024.json", '{"records": [{"id": 1}]}', ("contrats", "tabular")),
        ("st_1.json", '{"features": []}', ("state", "tabular")),
        ("st_1.json", '{"solnbr": "1"}', ("state", "fbo")),
        ("contrats_2024.txt", "id,titre\n", None),
        ("MX_12.json", "<TED_EXPORT>", ("journal", "ted")),
    ],
)
def test_the_name_tells_it_when_the_content_does_not(
    name: str, data: str, expected: tuple[str, str] | None
) -> None:
    assert told(data, name) == expected


def test_a_named_source_with_several_formats_reads_each_document_in_its_own() -> None:
    journal, state, table = PAGES["journal"], PAGES["state"], PAGES["contrats"]
    assert format_of(a_document("<TED_EXPORT>"), journal) == "ted"
    assert format_of(a_document(f'<ContractNotice xmlns="{UBL}C-2">'), journal) == "eforms"
    assert format_of(a_document("n'importe quoi"), journal) is None
    assert format_of(a_document('{"solnbr": "1"}'), state) == "fbo"
    assert format_of(a_document("id,titre"), state) == "tabular"
    assert format_of(a_document("<TED_EXPORT>"), table) == "tabular"


def test_a_document_broken_from_the_start_goes_to_the_only_reader_of_its_source() -> None:
    assert format_of(a_document("Erreur 500"), PAGES["paraguay"]) == "ocds"


def test_a_document_that_cannot_be_opened_is_not_recognised() -> None:
    def failing() -> io.BytesIO:
        raise DocumentError("Archive abîmée.")

    broken = Document("avis.xml", failing)
    assert recognise(broken, PAGES) is None
    assert format_of(broken, PAGES["journal"]) is None


def test_a_head_full_of_openings_is_looked_at_once() -> None:
    for start in ("<?" * 30_000, "<!--" * 15_000, "<!DOCTYPE " * 6_000, "<a" + " x" * 30_000):
        assert told(start) is None


READERS = {"ocds": ocds.read, "fbo": fbo.read, "tabular": tabular.read}


@pytest.mark.notices
def test_every_real_document_is_recognised_and_gives_notices_or_reasons(notices: Path) -> None:
    folders = [notices / name for name in ("ocds", "fbo", "austender_csv", "trade_leads_misc")]
    unrecognised, refused, count = [], [], Counter[str]()
    for document in documents(folders, Limits()):
        assert isinstance(document, Document)
        found = recognise(document, sources())
        if found is None:
            unrecognised.append(Path(document.name).name)
            continue
        page, form = found
        count[page.name] += 1
        with document.open() as stream:
            results = list(READERS[form](stream, page, document.name))
        assert results
        assert all(one.notice or one.reason for one in results)
        refused += [Path(document.name).name for one in results if one.reason]
    assert unrecognised == ["fbopen__complete_source"]
    assert len(refused) == 8  # seven of broken JSON, one of JSON inside a string
    assert refused[-1] == "uk_export_opportunities_volume_opps_sample.json"
    assert count.total() == 563 + 203 + 1 + 8
    assert (count["mx-gacm"], count["mx-inai"], count["us-state"]) == (214, 59, 30)


@pytest.mark.notices
@pytest.mark.parametrize(
    "name",
    [
        "ocds/UK_ocds-b5fd17-2c391a7a-adc8-11e6-9901-0019b9f3037b.json",
        "fbo/US_FBO_COMBINE_w507913y.json",
        "trade_leads_misc/ustda__rss.xml",
        "trade_leads_misc/canada__canada_leads.csv",
        "trade_leads_misc/state__state_trade_leads.json",
    ],
)
def test_a_real_document_cut_at_each_percent_never_raises(notices: Path, name: str) -> None:
    data = (notices / name).read_bytes()
    for percent in range(101):
        document = a_document(data[: len(data) * percent // 100], name)
        found = recognise(document, sources())
        if found is not None:
            page, form = found
            with document.open() as stream:
                for one in READERS[form](stream, page, name):
                    assert one.notice or one.reason


@pytest.mark.notices
def test_nothing_real_is_taken_for_another_source(notices: Path) -> None:
    # Files are named by country, with UK for GB.
    for document in documents([notices / "ocds"], Limits()):
        assert isinstance(document, Document)
        found = recognise(document, sources())
        assert found is not None
        country = Path(document.name).name[:2].replace("UK", "GB")
        assert found[0].country == country
