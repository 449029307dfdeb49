"""Tables become notices by the mapping of their source's page, whatever file holds them."""

import io
import json
import zipfile
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from ingest.feeds import rows, workbook
from ingest.feeds.tabular import read
from ingest.notice import Amount, Code, Notice, Received, Text
from ingest.source import Source, source

MAPPING: dict[str, Any] = {
    "key": ["Réf", "Lot"],
    "title": ["Objet"],
    "body": ["Détail"],
    "kind": "Type",
    "buyer": "Acheteur",
    "country": "Pays",
    "deadline": "Limite",
    "amount": "Montant",
    "currency": "Devise",
    "url": "Lien",
    "codes": {"CPV": "CPV"},
    "stages": {"AO": "open", "ATT": "awarded"},
    "changes": {"AO": ""},
    "ignored": ["Contact"],
}
HEADER = "Réf,Lot,Objet,Détail,Type,Acheteur,Pays,Limite,Montant,Devise,Lien,CPV,Contact".split(",")
FIRST = [
    "A-1", "2", "Mobilier", "Tables\net chaises", "AO", "Ville", "Maroc", "03/04/2027",
    "1 200,50", "MAD", "https://x.example/1", "39160000;39121100", "Mme X",
]  # fmt: skip
NOTICE = Notice(
    source="xx",
    key="A-1-2",
    texts=(Text("Mobilier", "Tables\net chaises"),),
    kind="AO",
    stage="open",
    buyer="Ville",
    country="Maroc",
    deadline="03/04/2027",
    amount=Amount("1 200,50", "MAD"),
    codes=(Code("CPV", "39160000"), Code("CPV", "39121100")),
    url="https://x.example/1",
)


def page(**changes: Any) -> Source:
    return Source.model_validate(
        {
            "name": "xx", "title": "X", "publisher": "X", "licence": "CC0", "formats": ["tabular"],
            "url": "https://x.example", "mapping": MAPPING | changes,
        }
    )  # fmt: skip


def small(**changes: Any) -> Source:
    """A page with a key and a title only."""
    found = page()
    mapping = {"key": ["id"], "title": ["titre"]} | changes
    return Source.model_validate(found.model_dump() | {"mapping": mapping})


def received(data: bytes | str, source_page: Source) -> list[Received]:
    content = data.encode() if isinstance(data, str) else data
    return list(read(io.BytesIO(content), source_page, "avis"))


def notices_of(data: bytes | str, source_page: Source) -> list[Notice]:
    found = received(data, source_page)
    assert [one.reason for one in found] == [""] * len(found)
    return [one.notice for one in found if one.notice]


def reasons(data: bytes | str, source_page: Source) -> list[tuple[str, str]]:
    return [(one.position, one.reason) for one in received(data, source_page) if one.reason]


def a_csv(*table: list[str], delimiter: str = ",") -> str:
    def quoted(cell: str) -> str:
        return '"' + cell.replace('"', '""') + '"'

    return "".join(delimiter.join(map(quoted, row)) + "\r\n" for row in table)


def a_workbook(*table: list[Any], sheet: str = "Avis") -> bytes:
    book = openpyxl.Workbook()
    book.active.title = sheet
    for row in table:
        book.active.append(row)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


# --- the same table in every file ---------------------------------------------------------------


def test_a_csv_says_all_that_a_notice_holds() -> None:
    assert notices_of(a_csv(HEADER, FIRST), page()) == [NOTICE]


def test_a_workbook_gives_the_same_notice() -> None:
    assert notices_of(a_workbook(HEADER, FIRST), page()) == [NOTICE]


def test_json_gives_the_same_notice_whatever_surrounds_it() -> None:
    row = dict(zip(HEADER, FIRST, strict=True)) | {"CPV": ["39160000", "39121100"]}
    assert notices_of(json.dumps([row]), page()) == [NOTICE]
    assert notices_of(json.dumps(row) + "\n" + json.dumps(row), page()) == [NOTICE] * 2
    inside = json.dumps({"meta": {"n": 1}, "data": {"avis": [row]}})
    assert notices_of(inside, page(rows="data.avis")) == [NOTICE]


def test_xml_gives_the_same_notice() -> None:
    cells = "".join(f"<{n}>{v}</{n}>" for n, v in zip(HEADER, FIRST, strict=True))
    document = f"<avis><ligne>{cells}</ligne></avis>"
    assert notices_of(document, page(rows="ligne")) == [NOTICE]


# --- CSV ----------------------------------------------------------------------------------------


def test_lines_before_the_header_and_blank_lines_are_passed_over() -> None:
    text = "Export du 3 mai\n\n" + a_csv(HEADER) + "\r\n,,,,,,,,,,,,\r\n" + a_csv(FIRST)
    assert notices_of(text, page(skip=2)) == [NOTICE]


def test_a_row_is_placed_by_its_line_in_the_file() -> None:
    lines = ["1,a", '2,"b\nb"', "3", "4,d,e", "5,f,,", ",g", "7,"]
    text = "titre\n" + "id,titre\n" + "\n".join(lines) + "\n"
    found = received(text, small(skip=1))
    assert [one.position for one in found] == [f"ligne {n}" for n in (3, 4, 6, 7, 8, 9, 10)]
    assert [one.notice.key for one in found if one.notice] == ["1", "2", "5"]
    assert [one.reason for one in found if one.reason] == [
        "2 colonnes attendues, 1 lues.",
        "2 colonnes attendues, 3 lues.",
        "Ligne sans identifiant (id).",
        "Ligne sans titre (titre).",
    ]


def test_a_wrong_delimiter_is_one_reason_for_the_document() -> None:
    text = a_csv(HEADER, FIRST, FIRST, delimiter=";")
    assert reasons(text, page()) == [
        (
            "",
            "En-tête illisible, peut-être un autre séparateur. "
            "CSV incorrect : guillemets mal placés.",
        )
    ]
    assert reasons(text.replace('"', ""), page()) == [
        ("", "Une seule colonne : le séparateur n'est sans doute pas « , »."),
    ]
    assert notices_of(text, page(delimiter=";")) == [NOTICE] * 2


def test_a_missing_column_is_one_reason_that_names_it() -> None:
    ((position, reason),) = reasons("id,title\n1,a\n2,b\n", small())
    assert position == ""
    assert reason == "Colonnes absentes : titre. Colonnes lues : id, title."


def test_misplaced_quotes_spoil_their_row_only() -> None:
    text = 'id,titre\n1,"a"b\n2,c\n3,"d\n'
    assert reasons(text, small()) == [
        ("ligne 2", "CSV incorrect : guillemets mal placés."),
        ("ligne 4", "CSV incorrect : guillemets jamais fermés."),
    ]
    assert [one.notice.key for one in received(text, small()) if one.notice] == ["2"]


def test_a_cell_in_windows_1252_is_read_with_a_remark() -> None:
    data = "id,titre\n1,café\n".encode() + "2,thé\n".encode("cp1252") + b"3,\x81\n4,\0\n"
    found = received(data, small())
    assert [one.notice.texts[0].title for one in found if one.notice] == ["café", "thé"]
    assert found[1].remarks == (("encodage", "non déclaré, lu en cp1252"),)
    assert [one.position for one in found if one.reason] == ["ligne 4", "ligne 5"]


def test_utf_16_with_its_mark_is_read() -> None:
    assert notices_of("id,titre\n1,café\n".encode("utf-16"), small())[0].texts[0].title == "café"


def test_a_line_without_end_stops_the_document() -> None:
    found = received("id,titre\n1," + "x" * 3_000_000, small())
    assert all(one.reason for one in found)
    assert len(found) == 1


@pytest.mark.parametrize("end", ["\r\n", "\n", "\r"])
def test_lines_end_as_any_machine_ends_them(end: str) -> None:
    text = end.join(["id,titre", "1,a", '2,"b\rb"', "3,c", ""])
    found = received(b"\xef\xbb\xbf" + text.encode(), small())
    assert [one.notice.key for one in found if one.notice] == ["1", "2", "3"]


def test_quotes_that_are_never_closed_cost_their_part_of_the_table_and_no_memory() -> None:
    """131,072 signs are the longest cell; the row that opens it is one that has a reason."""
    lines = [f"{number},titre" for number in range(60_000)]
    lines[30_000] = '30000,"titre'
    found = received("id,titre\n" + "\n".join(lines) + "\n", small())
    assert [one.reason for one in found if one.reason] == ["CSV incorrect : cellule trop longue."]
    keys = [int(one.notice.key) for one in found if one.notice]
    assert keys[:30_000] == list(range(30_000))
    assert keys[-1] == 59_999
    assert len(keys) > 45_000


# --- workbooks ----------------------------------------------------------------------------------


def test_dates_and_numbers_of_a_workbook_are_plain() -> None:
    table = small(published="publié", amount="prix")
    data = a_workbook(
        ["id", "titre", "publié", "prix"], [12.0, "a", date(2026, 5, 1), 3.5], [13, True, None, 4]
    )
    first, second = notices_of(data, table)
    assert (first.key, first.published) == ("12", "2026-05-01T00:00:00")
    assert first.amount == Amount("3.5")
    assert (second.key, second.texts[0].title, second.published) == ("13", "True", "")


def test_a_sheet_is_chosen_by_name() -> None:
    data = a_workbook(["id", "titre"], ["1", "a"], sheet="Avis 2026")
    assert len(notices_of(data, small(rows="Avis 2026"))) == 1
    assert reasons(data, small(rows="Lots")) == [
        ("", "Feuille « Lots » absente ; feuilles lues : Avis 2026.")
    ]


def test_a_workbook_that_is_none_has_a_reason() -> None:
    whole = a_workbook(["id", "titre"], ["1", "a"])
    assert reasons(whole[:2000], small()) == [("", "Classeur Excel illisible.")]
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("a.txt", "rien")
    assert reasons(stream.getvalue(), small()) == [("", "Classeur Excel illisible.")]
    old = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500)
    assert reasons(old, small()) == [("", "Ancien classeur Excel (.xls) : à enregistrer en .xlsx.")]


def test_a_workbook_that_unpacks_to_a_mountain_is_refused() -> None:
    stream = io.BytesIO(a_workbook(["id", "titre"]))
    with zipfile.ZipFile(stream, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/montagne", bytes(201_000_000))
    assert reasons(stream.getvalue(), small()) == [
        ("", "Classeur trop volumineux une fois décompressé.")
    ]


def changed(book: bytes, part: str, before: bytes, after: bytes) -> bytes:
    """A workbook in which something was replaced in one of its parts."""
    stream = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(book)) as old,
        zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        assert before in old.read(part)
        for name in old.namelist():
            data = old.read(name)
            new.writestr(name, data.replace(before, after, 1) if name == part else data)
    return stream.getvalue()


HEAVY = "Classeur trop volumineux une fois décompressé."
TEXTS = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"


@pytest.mark.parametrize(
    ("part", "before", "piece"),
    [
        ("xl/styles.xml", b"</cellXfs>", b"<xf/>"),
        ("xl/workbook.xml", b"</sheets>", b'<sheet name="a" sheetId="1"/>'),
    ],
)
def test_a_part_that_would_fill_the_memory_is_refused_before_it_is_read(
    monkeypatch: pytest.MonkeyPatch, part: str, before: bytes, piece: bytes
) -> None:
    monkeypatch.setattr(workbook, "MAX_PART", 20_000)
    book = a_workbook(["id", "titre"], ["1", "a"])
    assert len(notices_of(book, small())) == 1
    heavy = changed(book, part, before, piece * (25_000 // len(piece)) + before)
    assert reasons(heavy, small()) == [("", HEAVY)]


@pytest.mark.parametrize("name", ["xl/sharedStrings.xml", "xl/worksheets/b.xml", "xl/media/a.png"])
def test_a_part_is_known_by_its_type_not_by_its_name(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """The texts of cells, held in memory, may be called a sheet or an image."""
    monkeypatch.setattr(workbook, "_LARGEST", {**workbook._LARGEST, TEXTS: 20_000})
    declared = f'<Override PartName="/{name}" ContentType="{TEXTS}"/></Types>'
    book = a_workbook(["id", "titre"], ["1", "a"])
    stream = io.BytesIO(changed(book, "[Content_Types].xml", b"</Types>", declared.encode()))
    with zipfile.ZipFile(stream, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, b"<sst>" + b"<si><t>a</t></si>" * 2_000 + b"</sst>")
    assert reasons(stream.getvalue(), small()) == [("", HEAVY)]


LAUGHS = b"""<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa">%s]>""" % b"".join(
    b"<!ENTITY %c '%s'>" % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(9)
)


def test_a_billion_laughs_in_a_workbook_is_not_read() -> None:
    sheet = "xl/worksheets/sheet1.xml"
    laughing = changed(
        a_workbook(["id", "titre"], ["1", "a"]), sheet, b"<worksheet", LAUGHS + b"<worksheet"
    )
    laughing = changed(laughing, sheet, b">a<", b">&j;<")
    assert reasons(laughing, small()) == [("", "Classeur Excel illisible.")]


def test_a_formula_is_the_value_that_was_saved_with_it_or_nothing() -> None:
    book = a_workbook(["id", "titre"], ["1", '=HYPERLINK("http://x.test","a")'], ["2", "b"])
    assert reasons(book, small()) == [("ligne 2", "Ligne sans titre (titre).")]
    assert [one.notice.key for one in received(book, small()) if one.notice] == ["2"]


def test_a_sheet_whose_rows_reach_the_last_column_costs_no_more_than_its_header() -> None:
    book = openpyxl.Workbook()
    book.active.append(["id", "titre"])
    book.active.append(["1", "a"])
    for number in range(3, 3_003):
        book.active.cell(number, 18_278, "x")
    book.active.append(["2", "b"])
    book.active.append(["3", "c", "en trop"])
    stream = io.BytesIO()
    book.save(stream)
    found = received(stream.getvalue(), small())
    assert [one.notice.key for one in found if one.notice] == ["1", "2"]
    assert [one.reason for one in found if one.reason] == ["2 colonnes attendues, 3 lues."]


@pytest.mark.parametrize("blank", [False, True])
def test_a_header_without_end_is_refused(blank: bool) -> None:
    wide = [" " if blank else f"c{n}" for n in range(1_001)]
    assert reasons(a_workbook(wide, ["1", "a"]), small()) == [("", "Plus de 1 000 colonnes.")]


def test_a_sheet_that_claims_a_row_beyond_the_last_one_stops(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rows, "MAX_ROWS", 5_000)
    whole = io.BytesIO(a_workbook(["id", "titre"], ["1", "a"], ["2", "b"]))
    stream = io.BytesIO()
    with zipfile.ZipFile(whole) as before, zipfile.ZipFile(stream, "w") as after:
        for name in before.namelist():
            data = before.read(name)
            if name.endswith("sheet1.xml"):
                data = data.replace(b'r="3"', b'r="999999999"').replace(b'"A3"', b'"A999999999"')
            after.writestr(name, data)
    found = received(stream.getvalue(), small())
    assert [one.notice.key for one in found if one.notice] == ["1"]
    assert found[-1].reason == "Plus de lignes qu'une feuille n'en contient."


# --- XML ----------------------------------------------------------------------------------------

RSS = """<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
 <channel><title>Avis</title>
  <item>
   <title>Pompes &amp; moteurs</title><guid isPermaLink="false">865</guid>
   <category>CPV/42120000</category><category>country/sn - Senegal</category>
   <category>CPV/42122000</category><dc:creator>X</dc:creator><vide xsi:nil="true"/>
   <nouveau>1</nouveau>
  </item>
  <item><title>Sans numéro</title></item>
 </channel>
</rss>"""


def rss(**changes: Any) -> Source:
    return small(
        rows="item",
        key=["guid"],
        title=["title"],
        country="category ~ country/([a-z]{2}) - .*",
        codes={"CPV": "category ~ CPV/([0-9]{8})"},
        ignored=["dc:creator", "vide"],
        **changes,
    )


def test_rss_items_are_rows_and_mixed_cells_are_sorted_by_patterns() -> None:
    first, second = received(RSS, rss())
    assert first.notice == Notice(
        source="xx",
        key="865",
        texts=(Text("Pompes & moteurs"),),
        country="sn",
        codes=(Code("CPV", "42120000"), Code("CPV", "42122000")),
        unknown=("nouveau",),
    )
    assert (second.position, second.reason) == ("ligne 11", "Ligne sans identifiant (guid).")


def test_elements_inside_one_another_are_dotted_paths() -> None:
    text = (
        "<a><n><id v='7'/><t><x>Un</x><x>Deux</x></t><c><tel>0</tel><nom>Y</nom></c></n>"
        "<n><id v='8'/><t>Seul</t></n></a>"
    )
    table = small(rows="n", key=["id@v"], title=["t.x | t"], ignored=["c"])
    first, second = notices_of(text, table)
    assert (first.key, first.texts[0].title, first.unknown) == ("7", "Un – Deux", ())
    assert (second.key, second.texts[0].title) == ("8", "Seul")


def test_xml_that_declares_a_wrong_encoding_is_read_with_one_remark() -> None:
    found = received(RSS.replace('encoding="utf-8"', "encoding='utf-16'"), rss())
    assert [bool(one.notice) for one in found] == [True, False]
    assert [one.remarks for one in found] == [
        (("encodage", "déclaré utf-16, lu en utf-8"),),
        (),
    ]


def test_entities_are_never_replaced() -> None:
    text = (
        '<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd"><!ENTITY f "x">]>'
        "<a><n><id>1</id><titre>&e;</titre></n><n><id>2</id><titre>&f;</titre></n>"
        "<n><id>3</id><titre>Sain</titre></n></a>"
    )
    found = received(text, small(rows="n"))
    assert [bool(one.reason) for one in found] == [True, True, False]
    assert "root:" not in str(found)


def test_a_page_without_row_element_or_columns_says_so() -> None:
    assert "ne nomme pas l'élément" in received("<a/>", small())[0].reason
    bare = Source.model_validate(page().model_dump() | {"mapping": None})
    assert "ne dit pas comment lire" in received("id\n1\n", bare)[0].reason
    assert received("<html><body/></html>", small(rows="item"))[0].reason


# --- what the mapping says ----------------------------------------------------------------------


def test_columns_nobody_described_are_reported_as_unknown() -> None:
    (found,) = notices_of("id,titre,Prix,Ville\n1,a,3,\n", small(ignored=["Ville"]))
    assert found.unknown == ("Prix",)


def test_constants_fill_what_no_column_says() -> None:
    constants = {"stage": "awarded", "language": "en", "country": "AU", "change": "amendment"}
    (found,) = notices_of("id,titre\n1,a\n", small(constants=constants))
    assert (found.stage, found.country, found.change) == ("awarded", "AU", "amendment")
    assert found.texts[0].language == "en"


def test_a_kind_nobody_described_is_said_aloud() -> None:
    table = small(kind="type", stages={"AO": "open"})
    (found,) = received("id,titre,type\n1,a,XX\n", table)
    assert found.notice is not None
    assert found.notice.stage == ""
    assert found.remarks == (("type d'avis inconnu", "XX"),)


def test_a_column_may_stand_in_for_another() -> None:
    text = "id,titre,parent\n2,a,1\n3,b,\n"
    table = small(process="parent | id")
    assert [found.process for found in notices_of(text, table)] == ["1", "3"]


def test_an_address_is_made_from_the_page_when_no_column_gives_it() -> None:
    changed = small().model_copy(update={"notice_url": "https://x.example/avis/{key}"})
    assert notices_of("id,titre\n1,a\n", changed)[0].url == "https://x.example/avis/1"


TABLES = {
    "csv": a_csv(HEADER, FIRST, FIRST).encode(),
    "xlsx": a_workbook(HEADER, FIRST),
    "json": json.dumps({"n": [dict(zip(HEADER, FIRST, strict=True))] * 2}).encode(),
    "xml": b"<a>" + b"<n><id>1</id><titre>Un</titre></n>" * 9 + b"</a>",
    "rss": RSS.encode(),
}
PAGES = {
    "csv": page(),
    "xlsx": page(),
    "json": page(rows="n"),
    "xml": small(rows="n"),
    "rss": rss(),
}


@pytest.mark.parametrize("kind", TABLES)
def test_a_table_cut_anywhere_never_raises(kind: str) -> None:
    data = TABLES[kind]
    for percent in range(1, 100):
        found = received(data[: len(data) * percent // 100], PAGES[kind])
        assert all(one.reason or one.notice for one in found)


@pytest.mark.parametrize("kind", ["csv", "json", "xml"])
def test_a_table_with_any_byte_changed_never_raises(kind: str) -> None:
    data = TABLES[kind]
    for place in range(0, len(data), 3):
        for byte in b'"<&\0\xff,\n':
            changed = data[:place] + bytes([byte]) + data[place + 1 :]
            assert all(one.reason or one.notice for one in received(changed, PAGES[kind]))


# --- more than one column ---------------------------------------------------------------------


def test_a_date_and_an_hour_in_two_columns_are_one_deadline() -> None:
    table = page(deadline="Limite + Heure ~ (?!00:00)(.+)", ignored=["Contact"])
    rows = [[*FIRST, hour] for hour in ("16:30", "00:00", "")]
    found = notices_of(a_csv([*HEADER, "Heure"], *rows), table)
    assert [one.deadline for one in found] == ["03/04/2027 16:30", "03/04/2027", "03/04/2027"]
    assert {one.unknown for one in found} == {()}


def test_a_row_in_two_languages_is_one_notice_told_in_both() -> None:
    words = {"fr": {"title": ["titre"], "body": ["détail"]}}
    table = small(title=["title"], translations=words, constants={"language": "en"})
    rows = [["1", "Chairs", "Chaises", "Bois"], ["2", "", "Tables", ""], ["3", "Desks", "", ""]]
    found = notices_of(a_csv(["id", "title", "titre", "détail"], *rows), table)
    assert [one.texts for one in found] == [
        (Text("Chairs", "", "en"), Text("Chaises", "Bois", "fr")),
        (Text("Tables", "", "fr"),),
        (Text("Desks", "", "en"),),
    ]
    missing = "Colonnes absentes : détail. Colonnes lues : id, title, titre."
    assert reasons("id,title,titre\n1,a,b\n", table) == [("", missing)]


# --- HTML ---------------------------------------------------------------------------------------

LIST = """<!-- <li id="0"><a>Ancien</a></li> -->
<ul><li id="1"><a href="/avis/1">Chaises &amp;
 tables&nbsp;<script>hide()</script></a><b>Maroc<b></li><li><a>sans clé</a></li>
<li id="2"><a href="/avis/2">Pompes</a><br><p>Chili</ul>"""
LISTED: dict[str, Any] = {
    "rows": "//li",
    "key": ["@id"],
    "title": ["a"],
    "country": "b | p",
    "url": "a/@href",
}


def test_a_page_of_html_is_read_by_paths_from_each_of_its_rows() -> None:
    found = received(LIST, small(**LISTED))
    assert [one.position for one in found] == ["ligne 1", "ligne 2", "ligne 3"]
    assert found[1].reason == "Ligne sans identifiant (@id)."
    told = [one.notice for one in found if one.notice]
    assert [(one.key, one.texts[0].title, one.country, one.url) for one in told] == [
        ("1", "Chaises & tables", "Maroc", "https://x.example/avis/1"),
        ("2", "Pompes", "Chili", "https://x.example/avis/2"),
    ]


def test_what_is_no_list_holds_no_row() -> None:
    for text in ("<p>Maintenance</p>", "Maintenance", "{}", "<", "\0", " "):
        assert received(text, small(**LISTED)) == []


def test_a_list_that_nobody_could_publish_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingest.feeds.html_rows.LARGEST", 1_000_000)
    assert reasons("<li>" * 250_001, small(**LISTED)) == [("", "Page HTML de plus de 1 Mo.")]
    assert received("<div>" * 100_000 + LIST, small(**LISTED)) == []


# --- real tables --------------------------------------------------------------------------------

REAL = {
    "austender_csv/austender_2013.csv": ("au-austender-contrats", 820),
    "trade_leads_misc/canada__canada_leads.csv": ("ca-buyandsell", 6),
    "trade_leads_misc/mca__mca_leads.xml": ("mca-dgmarket", 3),
    "trade_leads_misc/state__state_trade_leads.json": ("us-state", 6),
    "trade_leads_misc/uk__Notices.xml": ("gb-contracts-finder-xml", 9),
    "trade_leads_misc/uk__uk_trade_leads.csv": ("gb-contracts-finder-csv", 3),
    "trade_leads_misc/ustda__leads.xml": ("us-ustda", 3),
    "trade_leads_misc/ustda__rss.xml": ("us-ustda-rss", 3),
}


@pytest.mark.notices
@pytest.mark.parametrize("path", REAL)
def test_real_tables_are_read_without_loss_or_unknown_column(notices: Path, path: str) -> None:
    name, number = REAL[path]
    with (notices / path).open("rb") as stream:
        found = list(read(stream, source(name), path))
    told = [one.notice for one in found if one.notice]
    assert [one.reason for one in found if one.reason] == []
    assert len(told) == number
    assert {one.unknown for one in told} == {()}
    assert all(one.stage and one.published for one in told)
    assert "contact@example.org" not in str([(one.buyer, one.place, one.url) for one in told])


@pytest.mark.notices
def test_utf_8_that_declares_utf_16_is_counted_once(notices: Path) -> None:
    with (notices / "trade_leads_misc/uk__Notices.xml").open("rb") as stream:
        found = list(read(stream, source("gb-contracts-finder-xml"), "Notices.xml"))
    assert [one.remarks for one in found if one.remarks] == [
        (("encodage", "déclaré utf-16, lu en utf-8"),)
    ]
    assert "“" in str(found) or "’" in str(found)
