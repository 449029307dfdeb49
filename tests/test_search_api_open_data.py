"""« /donnees-ouvertes »: files that anybody may reuse, nothing that a licence does not allow."""

import csv
import io
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from conftest import NOW, LeadFactory, words
from fastapi.testclient import TestClient
from lxml import html
from pyarrow import parquet

from index.lead import LeadCode, Value
from index.settings import Settings
from index.store import LeadStore
from ingest.licence import licence, reusable
from ingest.source import sources
from search_api import extracts, open_data
from search_api.app import create_app
from search_api.open_columns import COUNT_COLUMNS, LEAD_COLUMNS
from search_api.open_data import in_script
from search_api.open_writing import neutral

HOSTILE = '=cmd|"/c calc"!A1</script><script>alert(1)</script>\x00\u202e\r\n;'


class Site:
    """The whole site on a record of its own, with a clock that one turns."""

    def __init__(self, folder: Path) -> None:
        self.now = NOW
        settings = Settings(data=folder, database_url="", site_url="https://d.test/")
        self.app = create_app(settings, clock=lambda: self.now)
        self.folder = folder / "donnees-ouvertes"
        self.store: LeadStore = self.app.state.store
        self.client = TestClient(self.app, follow_redirects=False)

    def page(self) -> html.HtmlElement:
        answer = self.client.get("/donnees-ouvertes")
        assert answer.status_code == 200, answer.text
        return html.document_fromstring(answer.text)

    def rows(self, table: str = "leads") -> list[dict[str, str]]:
        answer = self.client.get(f"/donnees-ouvertes/{table}.csv")
        assert answer.status_code == 200, answer.text
        return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8"), newline="")))


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    opened = Site(tmp_path)
    yield opened
    opened.store.close()


def test_a_lead_is_told_with_its_licence(site: Site, lead: LeadFactory) -> None:
    codes = (
        LeadCode(scheme="CPV", code="39160000"),
        LeadCode(scheme="HS", code="940360", score=0.8, method="model"),
        LeadCode(scheme="HS", code="940161", score=0.3, method="model"),
    )
    value = Value(amount=1_000.5, currency="PLN", euros=250.0)
    one = lead(codes=codes, value=value, sectors=("sante", "energie"), url="https://ted.test/1")
    site.store.save([one])
    [row] = site.rows()
    assert list(row) == [column.name for column in LEAD_COLUMNS]
    expected = {
        "identifiant": one.id, "adresse": f"https://d.test/leads/{one.id}",
        "titre": "Lieferung von Schulmöbeln", "langue": "de", "pays": "DE",
        "secteurs": "sante;energie", "cpv": "39160000", "sh": "940360", "naf": "",
        "origine_codes": "donné par la source;proposé d’après le texte", "etape": "Ouvert",
        "publication": "2026-05-31T09:00:00Z", "montant": "1000.50", "montant_eur": "250",
        "licence": "CC BY 4.0", "avis": "https://ted.test/1", "exemple": "0",
    }  # fmt: skip
    assert {name: row[name] for name in expected} == expected


def test_only_what_a_licence_allows_is_given(site: Site, lead: LeadFactory) -> None:
    site.store.save(
        [
            lead(source="ted"),
            lead(source="co-secop"),
            lead(source="openopps"),
            lead(source="unknown"),
            lead(source="ted", domestic=True, country="FR"),
            lead(source="ted", fictitious=True),
            lead(source="ted", status="proposed"),
        ]
    )
    assert [row["source"] for row in site.rows()] == ["ted"]
    told = words(site.page(), "//section[@aria-labelledby='licences']")
    assert "2 leads restent cherchables" in told
    assert "réutilisation à confirmer" in told
    assert "partage à l’identique" in told
    assert "1 lead, sous la licence" in words(site.page(), "//section[@aria-labelledby='leads']")


def test_counts_of_every_source_add_up_to_the_leads_counted(site: Site, lead: LeadFactory) -> None:
    may = {"published": NOW - timedelta(days=2), "sectors": ("sante",)}
    site.store.save(
        [lead(**may), lead(**may, source="co-secop"), lead(country=""), lead(published=None)]
    )
    rows = site.rows("indicateurs")
    assert [tuple(row.values()) for row in rows] == [
        ("2026-05", "", "", "1", "0"),
        ("2026-05", "sante", "DE", "2", "0"),
    ]
    told = site.client.get("/api/v1/indicateurs?du=2000-01").json()
    assert sum(int(row["leads"]) for row in rows) == told["total"] == 3


def test_hostile_titles_are_words_in_every_format(site: Site, lead: LeadFactory) -> None:
    site.store.save([lead(title=HOSTILE, buyer="@SUM(1)", url="javascript:alert(1)")])
    raw = site.client.get("/donnees-ouvertes/leads.csv").content
    assert raw.count(b"\r\n") == 2
    assert b"\x00" not in raw
    [row] = site.rows()
    assert row["titre"].startswith('\'=cmd|"/c calc"!A1</script>')
    assert (row["acheteur"], row["avis"]) == ("'@SUM(1)", "")
    told = parquet.read_table(
        io.BytesIO(site.client.get("/donnees-ouvertes/leads.parquet").content)
    )
    assert told["acheteur"].to_pylist() == ["@SUM(1)"]
    assert "\u202e" not in told["titre"].to_pylist()[0]


@pytest.mark.parametrize("first", "=+-@\t\r＝＋－＠")
def test_no_cell_is_a_formula(first: str) -> None:
    assert neutral(f"{first}1") == f"'{first}1"
    assert neutral(f"a{first}") == f"a{first}"


def test_parquet_has_the_rows_of_csv_with_types(site: Site, lead: LeadFactory) -> None:
    far = datetime.fromisoformat("0001-01-01T00:00+05:00")
    site.store.save([lead(sectors=("sante",), euros=10.0), lead(days=None, deadline=far)])
    answer = site.client.get("/donnees-ouvertes/leads.parquet")
    assert answer.headers["content-type"] == "application/vnd.apache.parquet"
    told = parquet.read_table(io.BytesIO(answer.content))
    assert told.column_names == [column.name for column in LEAD_COLUMNS]
    assert told["identifiant"].to_pylist() == [row["identifiant"] for row in site.rows()]
    assert told["secteurs"].to_pylist() == [["sante"], []]
    assert told["echeance"].to_pylist() == [NOW + timedelta(days=20), None]
    assert told["montant"].to_pylist() == [10.0, None]
    counts = site.client.get("/donnees-ouvertes/indicateurs.parquet").content
    assert parquet.read_table(io.BytesIO(counts))["leads"].to_pylist() == [1, 1]


def test_many_leads_are_written_in_several_groups(
    site: Site, lead: LeadFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("search_api.open_writing._GROUP", 2)
    site.store.save([lead() for _ in range(5)])
    content = io.BytesIO(site.client.get("/donnees-ouvertes/leads.parquet").content)
    assert parquet.ParquetFile(content).num_row_groups == 3


def test_an_empty_base_gives_files_with_heads_only(site: Site) -> None:
    for table, columns in (("leads", LEAD_COLUMNS), ("indicateurs", COUNT_COLUMNS)):
        assert site.rows(table) == []
        answer = site.client.get(f"/donnees-ouvertes/{table}.parquet")
        told = parquet.read_table(io.BytesIO(answer.content))
        assert (told.num_rows, told.num_columns) == (0, len(columns))
    assert "les fichiers sont vides" in words(site.page())


def test_a_base_of_examples_gives_examples_marked_so(site: Site, lead: LeadFactory) -> None:
    site.store.save([lead(source="exemples", fictitious=True)])
    assert [row["exemple"] for row in site.rows()] == ["1"]
    assert [row["exemple"] for row in site.rows("indicateurs")] == ["1"]
    tree = site.page()
    assert "les fichiers aussi" in words(tree, "//p[@class='avis']")
    [told] = tree.xpath("//script[@type='application/ld+json']/text()")
    assert all("exemples" in one["name"] for one in json.loads(told)["@graph"])


def test_nothing_is_sent_again_to_whoever_has_it(site: Site, lead: LeadFactory) -> None:
    site.store.save([lead()])
    for name in ("leads.csv", "leads.parquet", "indicateurs.csv", "indicateurs.parquet"):
        first = site.client.get(f"/donnees-ouvertes/{name}")
        tag = first.headers["etag"]
        again = site.client.get(
            f"/donnees-ouvertes/{name}", headers={"If-None-Match": f'"x", {tag}'}
        )
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
        part = site.client.get(f"/donnees-ouvertes/{name}", headers={"Range": "bytes=0-3"})
        assert (part.status_code, part.content) == (206, first.content[:4])


def test_a_file_is_made_once_an_hour_at_most(site: Site, lead: LeadFactory) -> None:
    site.store.save([lead()])
    assert len(site.rows()) == 1
    site.store.save([lead()])
    site.now += timedelta(minutes=59)
    assert len(site.rows()) == 1
    site.now += timedelta(minutes=1)
    assert len(site.rows()) == 2
    tag = site.client.get("/donnees-ouvertes/leads.csv").headers["etag"]
    site.now += timedelta(days=2)
    assert site.client.get("/donnees-ouvertes/leads.csv").headers["etag"] == tag


def test_nobody_waits_for_a_file_that_is_being_made(site: Site, lead: LeadFactory) -> None:
    site.store.save([lead()])
    lock = site.app.state.extracts._locks["leads", "csv"]
    with lock:
        answer = site.client.get("/donnees-ouvertes/leads.csv")
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "30")
        assert "en cours de fabrication" in answer.text
    assert len(site.rows()) == 1
    site.store.save([lead()])
    site.now += timedelta(hours=2)
    with lock:
        assert len(site.rows()) == 1
    assert len(site.rows()) == 2


def test_old_files_do_not_pile_up(site: Site, lead: LeadFactory) -> None:
    for _ in range(4):
        site.store.save([lead()])
        site.rows()
        site.now += timedelta(hours=2)
    assert len(list(site.folder.iterdir())) == 2


def test_a_file_that_cannot_be_finished_is_not_given(
    site: Site, lead: LeadFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    site.store.save([lead()])
    monkeypatch.setitem(extracts.WRITERS, "csv", full)
    answer = site.client.get("/donnees-ouvertes/leads.csv")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "60")
    assert list(site.folder.iterdir()) == []


def test_a_server_without_parquet_says_so(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(open_data, "parquet_installed", lambda: False)
    answer = site.client.get("/donnees-ouvertes/leads.parquet")
    assert answer.status_code == 404
    assert "CSV contient les mêmes données" in words(html.document_fromstring(answer.text))
    tree = site.page()
    assert not tree.xpath("//a[contains(@href, '.parquet')]")
    assert words(tree).count("n’écrit pas le format Parquet") == 2


@pytest.mark.parametrize("name", ["autre.csv", "leads.xlsx", "../leads.csv", "leads"])
def test_other_files_do_not_exist(site: Site, name: str) -> None:
    assert site.client.get(f"/donnees-ouvertes/{name}").status_code in (400, 404)


def test_the_page_describes_each_file_and_column(site: Site, lead: LeadFactory) -> None:
    site.store.save([lead()])
    site.rows()
    tree = site.page()
    assert "fabriqué le 1er juin 2026 à 11:00" in words(tree)
    assert len(tree.xpath("//a[@download]")) == 4
    assert len(tree.xpath("//code")) >= len(LEAD_COLUMNS) + len(COUNT_COLUMNS)
    [told] = tree.xpath("//script[@type='application/ld+json']/text()")
    leads, counts = json.loads(told)["@graph"]
    assert leads["distribution"][0]["contentUrl"] == "https://d.test/donnees-ouvertes/leads.csv"
    assert "https://creativecommons.org/licenses/by/4.0/" in leads["license"]
    assert len(counts["variableMeasured"]) == len(COUNT_COLUMNS)
    assert tree.xpath("//footer//a[@href='/donnees-ouvertes']")


def test_json_in_a_page_cannot_end_its_script() -> None:
    told = in_script({"a": HOSTILE + "<!--&\u2028"})
    assert not set(told) & set("<>&\u2028")
    assert json.loads(told)["a"] == HOSTILE + "<!--&\u2028"


def test_catalogues_are_told_in_dcat(site: Site, lead: LeadFactory) -> None:
    site.store.save([lead()])
    site.rows()
    answer = site.client.get("/donnees-ouvertes/catalogue.jsonld")
    assert answer.headers["content-type"] == "application/ld+json"
    told = answer.json()
    assert (told["@type"], len(told["dcat:dataset"])) == ("dcat:Catalog", 2)
    [made, parquet_file] = told["dcat:dataset"][0]["dcat:distribution"]
    assert made["dct:modified"]["@value"] == NOW.isoformat()
    assert "dct:modified" not in parquet_file


def test_licences_are_those_that_somebody_read() -> None:
    pages = sources()
    free = reusable(pages)
    assert {"ted", "gb-find-tender", "us-sam", "exemples"} <= set(free)
    for name in ("co-secop", "ungm", "worldbank", "ebrd", "openopps", "mca-dgmarket"):
        assert name not in free
    assert not [name for name in free if "confirmer" in pages[name].licence]
    found = licence(pages["openopps"])
    assert found is not None
    assert found.reuse == "alike"
