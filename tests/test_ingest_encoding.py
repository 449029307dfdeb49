"""Bytes become text honestly: what a document declares and does not hold is said aloud."""

import codecs
import io

import pytest

from ingest.encoding import (
    HEAD,
    Reading,
    decode,
    looked_at,
    reading,
    recovered,
    rewound,
    text_of,
)

WORDS = "Fourniture de mobilier à l’école, 12 000 €"


@pytest.mark.parametrize(
    ("mark", "encoding"),
    [
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
        (codecs.BOM_UTF32_LE, "utf-32-le"),
        (codecs.BOM_UTF32_BE, "utf-32-be"),
    ],
)
def test_a_byte_order_mark_wins_over_any_declaration(mark: bytes, encoding: str) -> None:
    data = mark + f'<?xml version="1.0" encoding="latin-1"?>{WORDS}'.encode(encoding)
    found = decode(data)
    assert found.text.endswith(WORDS)
    assert (found.remarks, found.reason) == ((), "")


def test_the_declared_encoding_is_believed_when_it_holds() -> None:
    data = b'<?xml version="1.0" encoding="ISO-8859-1"?><a>caf\xe9</a>'
    assert decode(data).text.endswith("café</a>")
    assert reading(data) == Reading("iso-8859-1", declared="iso-8859-1")


def test_utf_8_that_declares_utf_16_is_read_with_a_remark() -> None:
    data = f'<?xml version="1.0" encoding="utf-16"?><a>{WORDS}</a>'.encode()
    found = decode(data)
    assert WORDS in found.text
    assert found.remarks == (("encodage", "déclaré utf-16, lu en utf-8"),)


def test_true_utf_16_without_mark_is_read_as_declared() -> None:
    assert reading("<a>x</a>".encode("utf-16-le"), "utf-16-le").encoding == "utf-16-le"


@pytest.mark.parametrize("declared", ["klingon", "zlib", "rot13", "punycode", "unicode_escape"])
def test_an_encoding_that_is_none_falls_back_on_utf_8(declared: str) -> None:
    found = decode(WORDS.encode(), declared)
    assert found.text == WORDS
    assert found.remarks == (("encodage", f"déclaré {declared}, lu en utf-8"),)


def test_a_table_that_is_not_utf_8_is_read_as_windows_1252_with_a_remark() -> None:
    data = WORDS.encode("cp1252")
    found = decode(data, table=True)
    assert found.text == WORDS
    assert found.remarks == (("encodage", "non déclaré, lu en cp1252"),)


def test_anything_else_that_is_not_utf_8_has_a_reason() -> None:
    found = decode(b"caf\xe9")
    assert found.text == ""
    assert found.reason == "Encodage non déclaré : ni celui-ci ni UTF-8 ne conviennent."
    # Byte 81 is undefined in Windows-1252 too.
    assert decode(b"caf\xe9\x81", table=True).reason


def test_a_fault_after_the_head_is_still_a_reason() -> None:
    assert decode(b"a" * HEAD + b"\xe9 ").reason == "Octets illisibles en utf-8."


def test_a_sign_cut_by_the_end_of_the_head_is_no_fault() -> None:
    whole = ("a" * (HEAD - 1) + "é").encode()
    assert reading(whole[:HEAD]).encoding == "utf-8"


def test_a_cell_is_recovered_alone_without_touching_its_neighbours() -> None:
    cells = b"caf\xe9;caf\xc3\xa9;caf\xe9\x81".decode("utf-8", "surrogateescape").split(";")
    assert [recovered(cell) for cell in cells] == [("café", True), ("café", False), None]


def test_a_stream_that_was_looked_at_still_begins_at_its_beginning() -> None:
    data = bytes(range(256)) * 1000
    head, stream = looked_at(io.BytesIO(data))
    assert head == data[:HEAD]
    assert stream.read() == data


def test_the_beginning_of_a_stream_can_be_replaced() -> None:
    assert rewound(b"XYZ", io.BytesIO(b"abcdef"), 2).read() == b"XYZcdef"


def test_text_is_read_past_its_mark_and_bad_bytes_stay_recognisable() -> None:
    stream = io.BytesIO(codecs.BOM_UTF8 + b"a\r\nb\xe9")
    assert text_of(stream, reading(codecs.BOM_UTF8)).read() == "a\r\nb\udce9"
