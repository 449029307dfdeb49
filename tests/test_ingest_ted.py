"""TED_EXPORT: one small document per trap, then the 2,810 real ones."""

import csv
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest

from ingest.feeds import ted
from ingest.feeds.xml import CHUNK, LARGEST, read_each
from ingest.notice import Amount, Code, Notice, Received, Text
from ingest.source import Source, source

NAMESPACES = (
    "ted/R2.0.9.S02/publication",
    "http://publications.europa.eu/resource/schema/ted/R2.0.8/publication",
    "http://publications.europa.eu/resource/schema/ted/R2.0.9/publication",
    "http://formex.publications.europa.eu/ted/schema/export/R2.0.9.S01.E01",
)

FORM = """
<F02_2014 CATEGORY="ORIGINAL" LG="{lang}">
  <CONTRACTING_BODY><ADDRESS_CONTRACTING_BODY>
    <OFFICIALNAME>Stadt Köln</OFFICIALNAME><TOWN>Köln</TOWN><CONTACT_POINT>Frau X</CONTACT_POINT>
    <E_MAIL>x@example.org</E_MAIL></ADDRESS_CONTRACTING_BODY></CONTRACTING_BODY>
  <OBJECT_CONTRACT>
    <TITLE><P>{title}</P></TITLE><CPV_MAIN><CPV_CODE CODE="39160000"/></CPV_MAIN>
    <SHORT_DESCR><P>{body}</P></SHORT_DESCR>{lots}
  </OBJECT_CONTRACT>{more}
</F02_2014>"""

AWARDED = """<AWARD_CONTRACT><TITLE><P>Contract 1</P></TITLE><AWARDED_CONTRACT/></AWARD_CONTRACT>"""
GIVEN_UP = """<AWARD_CONTRACT><NO_AWARDED_CONTRACT><PROCUREMENT_DISCONTINUED/>
</NO_AWARDED_CONTRACT></AWARD_CONTRACT>"""


def form(title: str = "Schulmöbel", body: str = "Tische", lang: str = "DE", **parts: str) -> str:
    return FORM.format(title=title, body=body, lang=lang, **{"lots": "", "more": "", **parts})


def export(
    *forms: str,
    kind: str = "3",
    data: str = "",
    deadline: str = "",
    doc_id: str = "000055-2020",
    xmlns: str = NAMESPACES[2],
) -> str:
    return f"""<TED_EXPORT xmlns="{xmlns}" DOC_ID="{doc_id}">
<CODED_DATA_SECTION><REF_OJS><DATE_PUB>20200102</DATE_PUB></REF_OJS>
<NOTICE_DATA><ISO_COUNTRY VALUE="DE"/>
<ORIGINAL_CPV CODE="39160000">School furniture</ORIGINAL_CPV>{data}</NOTICE_DATA>
<CODIF_DATA>{deadline}<TD_DOCUMENT_TYPE CODE="{kind}">Contract notice</TD_DOCUMENT_TYPE>
</CODIF_DATA></CODED_DATA_SECTION>
<TRANSLATION_SECTION><ML_TITLES><ML_TI_DOC LG="FR"><TI_TEXT>Mobilier</TI_TEXT></ML_TI_DOC>
</ML_TITLES></TRANSLATION_SECTION>
<FORM_SECTION><NOTICE_UUID>c60e8f6c</NOTICE_UUID>{"".join(forms or (form(),))}</FORM_SECTION>
</TED_EXPORT>"""


@pytest.fixture
def page() -> Source:
    return source("ted")


@pytest.fixture
def received(page: Source) -> Callable[[str | bytes], list[Received]]:
    def read(document: str | bytes) -> list[Received]:
        data = document.encode() if isinstance(document, str) else document
        return list(ted.read(BytesIO(data), page, "avis.xml"))

    return read


@pytest.fixture
def one(received: Callable[[str], list[Received]]) -> Callable[[str], Notice]:
    def read(document: str) -> Notice:
        (item,) = received(document)
        assert item.notice is not None, item.reason
        return item.notice

    return read


def test_a_contract_notice_is_an_open_demand_in_the_buyers_words(one):
    assert one(export()) == Notice(
        source="ted",
        key="000055-2020",
        texts=(Text("Schulmöbel", "Tische", "DE"),),
        kind="3",
        stage="open",
        buyer="Stadt Köln",
        country="DE",
        place="Köln",
        published="20200102",
        codes=(Code("CPV", "39160000", main=True),),
        url="https://ted.europa.eu/fr/notice/-/detail/55-2020",
    )


@pytest.mark.parametrize("xmlns", [*NAMESPACES, ""])
def test_every_namespace_that_ted_has_used_is_read(one, xmlns):
    assert one(export(xmlns=xmlns)).texts[0].title == "Schulmöbel"


def test_neither_translated_titles_nor_contact_persons_nor_cpv_labels_are_read(one):
    written = repr(one(export()))
    for intruder in ("Mobilier", "Frau X", "example.org", "School furniture"):
        assert intruder not in written


def test_a_buyer_who_writes_two_languages_gives_two_texts_the_original_first(one):
    notice = one(
        export(
            form("Mobilier", lang="FR"),
            form("Schoolmeubilair", lang="NL"),
            data="<LG_ORIG>NL</LG_ORIG><LG_ORIG>FR</LG_ORIG>",
        )
    )
    assert [(text.language, text.title) for text in notice.texts] == [
        ("NL", "Schoolmeubilair"),
        ("FR", "Mobilier"),
    ]


def test_translations_of_the_publications_office_are_left_out(one):
    translated = form("Mobilier scolaire", lang="FR").replace("ORIGINAL", "TRANSLATION")
    assert [text.language for text in one(export(translated, form())).texts] == ["DE"]
    assert [text.language for text in one(export(translated)).texts] == ["FR"]


def test_the_body_holds_lots_and_keeps_exponents_but_says_nothing_twice(one):
    lots = """<OBJECT_DESCR><TITLE><P>Los 1</P></TITLE><SHORT_DESCR><P>Tische</P></SHORT_DESCR>
    </OBJECT_DESCR><OBJECT_DESCR><TITLE><P>Los 2</P></TITLE><SHORT_DESCR><P>550
      m<FT TYPE="SUP">2</FT> Putz</P><P>Lack</P></SHORT_DESCR></OBJECT_DESCR>"""
    notice = one(export(form(lots=lots, more=AWARDED)))
    assert notice.texts[0].body == "Tische\nLos 1\nLos 2\n550 m2 Putz\nLack"


def test_a_defence_form_of_the_former_schema_is_read(one):
    defence = """<CONTRACT_DEFENCE CATEGORY="ORIGINAL" LG="RO"><FD_CONTRACT_DEFENCE><A><B>
    <ORGANISATION><OFFICIALNAME>Aeroporturi</OFFICIALNAME></ORGANISATION><TOWN>Otopeni</TOWN></B></A>
    <O><TITLE_CONTRACT><P>Pază</P></TITLE_CONTRACT><CPV_MAIN><CPV_CODE CODE="79713000"/></CPV_MAIN>
    <SHORT_CONTRACT_DESCRIPTION><P>Servicii</P></SHORT_CONTRACT_DESCRIPTION>
    <LOT_TITLE>Lot 1</LOT_TITLE></O></FD_CONTRACT_DEFENCE></CONTRACT_DEFENCE>"""
    data = '<VALUES><SINGLE_VALUE><VALUE CURRENCY="RON">5</VALUE></SINGLE_VALUE></VALUES>'
    notice = one(export(defence, data=data, xmlns=NAMESPACES[1]))
    assert notice.texts == (Text("Pază", "Servicii\nLot 1", "RO"),)
    assert (notice.buyer, notice.place, notice.amount) == (
        "Aeroporturi",
        "Otopeni",
        Amount("5", "RON"),
    )


@pytest.mark.parametrize(
    ("kind", "stage", "change"),
    [
        ("0", "planned", ""),
        ("2", "", "amendment"),
        ("3", "open", ""),
        ("7", "awarded", ""),
        ("V", "awarded", ""),
        ("Y", "open", ""),
    ],
)
def test_the_type_of_document_gives_the_stage(one, kind, stage, change):
    notice = one(export(kind=kind))
    assert (notice.kind, notice.stage, notice.change, notice.unknown) == (kind, stage, change, ())


def test_an_unknown_type_of_document_is_said_and_gives_no_stage(one):
    notice = one(export(kind="99"))
    assert (notice.stage, notice.unknown) == ("", ("type d'avis 99",))


def test_a_result_without_any_award_is_a_cancellation_unless_a_lot_was_awarded(one):
    cancelled = one(export(form(more=GIVEN_UP), kind="7"))
    partial = one(export(form(more=GIVEN_UP + AWARDED), kind="7"))
    assert (cancelled.stage, cancelled.change) == ("cancelled", "cancellation")
    assert (partial.stage, partial.change) == ("awarded", "")


def test_references_to_the_journal_become_keys_and_odd_ones_are_counted(received):
    more = """<PROCEDURE><NOTICE_NUMBER_OJ>2019/S 141-346469</NOTICE_NUMBER_OJ></PROCEDURE>
    <O><NOTICE_NUMBER_OJ>2019/S 001-000044</NOTICE_NUMBER_OJ>
    <NOTICE_NUMBER_OJ>voir BOAMP 12</NOTICE_NUMBER_OJ></O>"""
    data = "<REF_NOTICE><NO_DOC_OJS>2019/S 141-346469</NO_DOC_OJS></REF_NOTICE>"
    (item,) = received(export(form(more=more), data=data))
    assert item.notice.previous == ("346469-2019", "000044-2019")
    assert item.remarks == (("référence", "voir BOAMP 12"),)


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("2019/S 141-346469", "346469-2019"),
        ("00000055-2020", "000055-2020"),
        ("55-2020", "000055-2020"),
        ("1234567-2027", "1234567-2027"),
        ("BOAMP 20-55", ""),
        ("٥٥-٢٠٢٠", ""),
        ("", ""),
    ],
)
def test_a_publication_number_has_one_spelling(written, key):
    assert ted.publication_key(written) == key


def test_a_corrigendum_follows_its_notice_and_drops_the_code_that_it_strikes_out(one):
    more = """<CHANGES><CHANGE><OLD_VALUE><CPV_MAIN><CPV_CODE CODE="03000000"/></CPV_MAIN>
    </OLD_VALUE><NEW_VALUE><CPV_MAIN><CPV_CODE CODE="09000000"/></CPV_MAIN></NEW_VALUE></CHANGE>
    </CHANGES>"""
    data = "<REF_NOTICE><NO_DOC_OJS>2019/S 001-000044</NO_DOC_OJS></REF_NOTICE>"
    data += '<ORIGINAL_CPV CODE="39100000"/>'
    notice = one(export(form(more=more), kind="2", data=data))
    assert (notice.change, notice.previous) == ("amendment", ("000044-2019",))
    assert [code.value for code in notice.codes] == ["39160000", "39100000", "09000000"]
    assert [code.main for code in notice.codes] == [True, False, False]


def test_the_coded_deadline_wins_over_the_forms(one):
    more = """<PROCEDURE><DATE_RECEIPT_TENDERS>2020-02-01</DATE_RECEIPT_TENDERS>
    <TIME_RECEIPT_TENDERS>10:00</TIME_RECEIPT_TENDERS></PROCEDURE>"""
    coded = "<DT_DATE_FOR_SUBMISSION>20200210 10:00</DT_DATE_FOR_SUBMISSION>"
    assert one(export(form(more=more))).deadline == "2020-02-01 10:00"
    assert one(export(form(more=more), deadline=coded)).deadline == "20200210 10:00"


TWO_VALUES = """<VALUES><VALUE TYPE="ESTIMATED_TOTAL" CURRENCY="EUR">900</VALUE>
<VALUE TYPE="PROCUREMENT_TOTAL" CURRENCY="EUR">850.50</VALUE></VALUES>"""
RANGE = """<VALUES><VALUE_RANGE TYPE="PROCUREMENT_TOTAL" CURRENCY="EUR"><LOW>1</LOW><HIGH>2</HIGH>
</VALUE_RANGE></VALUES>"""
LOT_VALUE = '<OBJECT_DESCR><VAL_OBJECT CURRENCY="SEK">7</VAL_OBJECT></OBJECT_DESCR>'


def test_the_estimate_counts_before_the_award_and_the_total_after(one):
    assert one(export(kind="3", data=TWO_VALUES)).amount == Amount("900", "EUR")
    assert one(export(kind="J", data=TWO_VALUES)).amount == Amount("850.50", "EUR")


def test_a_range_or_a_sum_of_lots_is_no_amount_but_a_single_lot_is(one):
    assert one(export(kind="7", data=RANGE)).amount is None
    assert one(export(form(lots=LOT_VALUE))).amount == Amount("7", "SEK")
    assert one(export(form(lots=LOT_VALUE * 2))).amount is None


def test_a_wrapper_gives_each_notice_its_line_and_forgets_the_ones_before(page):
    document = f"<W>{export()}\n{export(doc_id='000056-2020')}</W>"
    line = export().count("\n") + 2
    items = list(ted.read(BytesIO(document.encode()), page, "avis.xml"))
    assert [item.notice.key for item in items] == ["000055-2020", "000056-2020"]
    assert [item.position for item in items] == ["ligne 1", f"ligne {line}"]

    held: list[int] = []

    def weigh(element, position):
        held.append(len(element.getparent()))
        return Received(position)

    many = b"<W>" + export().encode() * 2_000 + b"</W>"
    assert sum(1 for _ in read_each(BytesIO(many), ted.ROOTS, weigh)) == 2_000
    assert max(held) < 100


def test_notices_before_the_damage_are_delivered_and_the_damage_is_located(received):
    good, bad = received(f"<W>{export()}\n<TED_EXPORT></W>")
    assert good.notice.key == "000055-2020"
    line = export().count("\n") + 2
    assert bad.reason == f"XML illisible, ligne {line} : balises mal emboîtées"


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (b"", "Document vide"),
        (b"PK\x03\x04", "XML illisible, ligne 1 : ce n’est pas du XML"),
        (b"<rss><channel/></rss>", "Racine inconnue : rss"),
        (b"<TED_EXPORT><A>\n&nbsp;</A></TED_EXPORT>", "XML illisible, ligne 2 : entité non"),
        (b"<TED_EXPORT>\xe9</TED_EXPORT>", "XML illisible, ligne 1 : octets étrangers"),
        (b"<TED_EXPORT>\x00</TED_EXPORT>", "XML illisible, ligne 1 : caractère interdit"),
        (b"<TED_EXPORT>&#xD800;</TED_EXPORT>", "XML illisible, ligne 1 : caractère interdit"),
        (b"<a>" * 300, "XML illisible, ligne 1 : document trop profond"),
        (b"<a>" + b"x" * 11_000_000, "XML illisible, ligne 1 : document trop profond, texte trop"),
        (
            b"<a>" + (b"<b>" + b"x" * CHUNK + b"</b>") * (LARGEST // CHUNK),
            "Aucun avis dans 32 Mo de suite",
        ),
        (b"<TED_EXPORT/>", "Avis sans numéro de publication dans « avis.xml »"),
        (b"<TED_EXPORT DOC_ID='55-2020'/>", "Avis 000055-2020 sans titre"),
    ],
)
def test_what_cannot_be_read_gives_a_reason_in_french(received, document, reason):
    (item,) = received(document)
    assert item.notice is None
    assert item.reason.startswith(reason)


def test_every_truncation_of_a_document_gives_a_reason_and_nothing_else(received):
    document = export().encode()
    for length in range(0, len(document), 37):
        (item,) = received(document[:length])
        assert item.notice is None
        assert item.reason.startswith(("XML illisible", "Document vide"))


def test_entities_neither_explode_nor_read_files(received, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("motdepasse", "utf-8")
    levels = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12))
    head = f'<!DOCTYPE x [<!ENTITY e0 "ha">{levels}<!ENTITY f SYSTEM "{secret.as_uri()}">]>'
    for trick in ("&f;", "&e11;"):
        (item,) = received(head + export(form(body=f"avant {trick}", more=trick), data=trick))
        assert len(str(item)) < 2_000
        assert "motdepasse" not in str(item)


def test_comments_and_other_encodings_do_not_cut_words(one, page):
    assert one(export(form("Schul<!-- neu -->möbel<?x?>"))).texts[0].title == "Schulmöbel"
    utf16 = ('<?xml version="1.0" encoding="UTF-16"?>' + export()).encode("utf-16")
    (item,) = ted.read(BytesIO(utf16), page, "avis.xml")
    assert item.notice.texts[0].title == "Schulmöbel"


# TED_EXPORT 057196-2021 has kept its Danish translation only, and 308849-2021 writes both its
# languages in one LG_ORIG. The main CPV of six corrigenda is the form's, not the first one coded.
OTHER_LANGUAGE = {"057196-2021", "308849-2021"}
OTHER_CPV = {
    "070494-2021",
    "213792-2021",
    "218017-2021",
    "250924-2021",
    "309014-2022",
    "638767-2021",
}


@pytest.mark.notices
def test_every_real_notice_is_read_and_agrees_with_another_reader(notices: Path, page: Source):
    with (notices / "index.csv").open(encoding="utf-8", newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row["format"] == "TED_EXPORT"]
    languages, codes = set(), set()
    for row in rows:
        with (notices / row["file"]).open("rb") as stream:
            (item,) = ted.read(stream, page, row["file"])
        notice = item.notice
        assert notice is not None, row["file"]
        assert (notice.key, notice.kind) == (row["id"], row["doc_type"])
        assert (notice.country, notice.published) == (row["country"], row["date"])
        assert all((notice.texts[0].title, notice.buyer, notice.place)), row["file"]
        assert not notice.unknown
        assert not item.remarks
        assert [code.main for code in notice.codes].count(True) == 1
        if notice.texts[0].language != row["lang"]:
            languages.add(notice.key)
        if notice.codes[0].value != row["cpv_main"]:
            codes.add(notice.key)
    assert len(rows) == 2_810
    assert languages == OTHER_LANGUAGE
    assert codes == OTHER_CPV
