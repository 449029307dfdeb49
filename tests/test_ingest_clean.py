"""Source text becomes plain words: whatever was pasted, nothing hidden and nobody's telephone."""

import csv
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.clean import MASK, TITLE_LENGTH, masked, plain, title

MARKS = "< > & ; amp; lt; &lt; &#60; &#x26; <p> </p> <b> </b> <!-- --> <script> </script> <td / x="
PIECES = [*MARKS.split(), *"<![CDATA[ ]]> \" ' br e \u0301 \u200b \x00 \ud800 \u202e".split()]
MARKUP = st.lists(st.sampled_from([*PIECES, " ", "\u00a0", "\u2028", "\r\n"]), max_size=40).map(
    "".join
)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("pH < 7 and x > 3", "pH < 7 and x > 3"),
        ("a<b and c>d", "a<b and c>d"),
        ("débit <10 m³/h, <insérer le nom>", "débit <10 m³/h, <insérer le nom>"),
        ("<p>pH < 7, débit <10 m³/h</p>", "pH < 7, débit <10 m³/h"),
        ("pH &lt; 7", "pH < 7"),
        ("AT&amp;T, R&D", "AT&T, R&D"),
        ("see https://example.org/?a=1&copy=2", "see https://example.org/?a=1&copy=2"),
        ("<p>https://example.org/?a=1&copy=2</p>", "https://example.org/?a=1&copy=2"),
        ("<p>voir <https://example.org></p>", "voir <https://example.org>"),
        ("iness size to&amp;nbsp;us", "iness size to us"),
        ("&lt;p&gt;Deux&lt;br /&gt;lignes&lt;/p&gt;", "Deux\nlignes"),
        ("<![CDATA[Buyer: <a href='x'>City</a>]]>", "Buyer: City"),
        ("H<sub>2</sub>O et CO<SUB>2</SUB>", "H2O et CO2"),
        ("<ul><li>un</li><li>deux</li></ul>", "un\ndeux"),
        ("<table><tr><td>Lot</td><td>1</td></tr></table>", "Lot 1"),
        ("<p title='a > b'>texte</p>", "texte"),
        ("<p>un\ndeux</p>", "un deux"),
        ("un <b>gras</b>\ndeux", "un gras\ndeux"),
        ("<p>a<!-- b --><script>alert('<p>c')</script><style>p{}</style>d</p>", "ad"),
        ("Un\r\n\r\n\tDeux \u00a0 trois\u2028Quatre", "Un\nDeux trois\nQuatre"),
        ("Lie\u0301ge", "Liége"),
        ("\ufeffa\x00b\u200bc\u202ed\u2066e\ud800f\x9b\u00adg\uffff", "abcdefg"),
        ("\uf0b7 premier", "premier"),
        ("&#x202E;&#0;&#xD800;x", "\ufffd\ufffdx"),
        ("<p>tout &lt;b&gt;sauf&lt;/b&gt; <u>le", "tout sauf le"),
        ("", ""),
    ],
)
def test_a_source_text_becomes_plain_words(source, words):
    assert plain(source) == words


@settings(deadline=None)
@given(st.text() | MARKUP)
def test_cleaning_what_is_clean_changes_nothing(text):
    once = plain(text)
    assert plain(once) == once
    assert unicodedata.is_normalized("NFC", once)
    once.encode()


@settings(deadline=None)
@given(st.text(alphabet="ab <>=7&", max_size=60))
def test_comparison_signs_are_words_where_nothing_is_html(text):
    assert plain(text) == " ".join(text.split()) or "</" in text or "<b" in text


@pytest.mark.parametrize("unit", ["<", "&", "&amp;", "<p ", '<p a="', "<!--", "<div>", "&amp;lt;p"])
def test_a_hundred_kilobytes_of_markup_are_read_to_the_end(unit):
    text = plain("<p>début</p>" + unit * (100_000 // len(unit)))
    assert text.startswith("début")
    assert plain(text) == text


def test_markup_escaped_without_end_is_dropped():
    text = "x"
    for _ in range(12):
        text = text.replace("&", "&amp;").replace("<", "&lt;") + "&lt;p&gt;<"
    assert set(plain(text)) & set("<>&") == set()


def test_a_title_is_one_line():
    assert title("<h1>Fourniture</h1><p>de  mobilier</p>") == "Fourniture de mobilier"


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("mots " * 200, "mots " * 58 + "mots mots…"),
        ("é, " * 150, "é, " * 98 + "é, é…"),
        ("a" * 298 + " fin de phrase", "a" * 298 + "…"),
        ("x" * 400, "x" * 299 + "…"),
    ],
)
def test_a_long_title_is_cut_after_a_word(text, cut):
    assert title(text) == cut
    assert title(cut) == cut
    assert len(cut) <= TITLE_LENGTH


@pytest.mark.parametrize("text", ["", "court", "x" * 300])
def test_a_title_short_enough_is_left_whole(text):
    assert title(text) == text


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("écrire à jean.dupont@mairie.fr.", "écrire à *."),
        ("mailto:a+b@x.co.uk", "*"),
        ("o'neil@navy. Merci", "*. Merci"),
        ("jean (at) mairie.fr, x[at]y.de", "*"),
        ("Tel. +33 1 23 45 67 89 / Fax +33 1 23 45 67 88", "Tel. * / Fax *"),
        ("Tél. : 01 23 45 67 89", "Tél. : *"),
        ("TÉLÉPHONE 01.23.45.67.89", "TÉLÉPHONE *"),
        (
            "Telefon: 0361/655-1234, telefonisch unter 0361 655 1234",
            "Telefon: *, telefonisch unter *",
        ),
        ("τηλ. 210 1234567", "τηλ. *"),
        ("тел.: (02) 123 45 67", "тел.: *"),
        ("请拨打电话：010-12345678", "请拨打电话：*"),
        ("phone number is 01670 597136", "phone number is *"),
        ("Phone 208373-4134, Fax 208-373-4168, x@y.org", "Phone *, Fax *"),
        ("Tel: (0)20 7946 0958 ext. 12", "Tel: *"),
        ("Tel/fax no.: 0123 456 789", "Tel/fax no.: *"),
        ("Responsabile: +39 0434224401", "Responsabile: *"),
        ("faxed to (360) 396-7036.", "faxed to *."),
        ("Ms. Gunn at (435)865-3048 or (01670) 597136", "Ms. Gunn at * or *"),
        ("by calling 1-866-606-8220, or", "by calling *, or"),
        ("a@b.org, c@d.org; e@f.org", "*"),
    ],
)
def test_personal_contact_data_is_masked(text, rest):
    once = masked(text)
    assert once.replace(MASK, "*") == rest
    assert masked(once) == once


@pytest.mark.parametrize(
    "text",
    [
        "CPV 32552100-8, 45233120 et 33100000-1",
        "Telephone sets 32552100-8",
        "Tel. 32552100-8",
        "Téléphonie mobile : 32250000-0",
        "avis 2018/S 177-402054, 2018-OJS177-00402054",
        "phone: 2024-05-12, fax 12.05.2024",
        "1 234 567,89 EUR, 1.234.567,89 €, $1,234,567.89",
        "redevance : +200 000 EUR HT, +12 000 000 EUR, +15 %",
        "mobile: 500 000,00 EUR",
        "mobile cranes 1000000",
        "fax machines: 12 000 000",
        "Lots 01 02 03 04 05 06",
        "NSN: 5961-01-249-8682, 00779 8009-02",
        "CIG: 8275551234, SIRET 130 005 481 00010, IBAN FR76 3000 6000 0112 3456 7890 189",
        "n° 06-18-000464/SOK/11/1/11.7220.001.12/01",
        "идентификатор 66425.500.7014 по КККР",
        "conduites ø168+168/560, Km 11+200-18+420",
        "pH 6.5 7.5 8.5 9.0",
        "50 units@12.50, July 18, 2014 @ 3:00pm",
        "réunion (at) noon",
        "https://medium.com/@villes/2019/12345678, www.example.org/a?tel=0123456789",
        "ISBN 978-3-16-148410-0, ISO 9001:2015, EN 12464-1",
        "du 15/05/2014 10:00 au 03.04.2027, 20200102",
        "SPPA-T2000 (Teleperm XP)",
        "23 Telegraph Road 7701-2200",
    ],
)
def test_what_merely_looks_like_contact_data_stays(text):
    assert masked(text) == text


@pytest.mark.parametrize("unit", ["a@", "+", "+1", "tel. 1", "tel no ", "(0", "1-", "a.", "(at)"])
def test_masking_reads_hostile_text_to_the_end(unit):
    assert masked("x@y.fr " + unit * (50_000 // len(unit))).startswith(MASK)


@pytest.mark.notices
def test_every_real_text_is_cleaned_once_and_for_all(notices: Path):
    with (notices / "index.csv").open(encoding="utf-8", newline="") as file:
        texts = [row["title"] + "\n" + row["description"] for row in csv.DictReader(file)]
    cleaned = [plain(text) for text in texts]
    assert len(cleaned) > 4_000
    assert [plain(text) for text in cleaned] == cleaned
    assert not [text for text in cleaned if "contact@example.org" in masked(text)]
