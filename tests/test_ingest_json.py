"""A JSON document is cut into items; a faulty one has its reason and the next one is read."""

import io
import json
import tracemalloc
from collections.abc import Iterator

import pytest

from ingest.feeds import json_items
from ingest.feeds.json_items import Item, items

PATHS = (("releases",), ("data", "rows"))
WHOLE = frozenset({"ocid"})


def read(text: str | bytes) -> list[Item]:
    data = text.encode() if isinstance(text, str) else text
    return list(items(io.BytesIO(data), PATHS, WHOLE))


def values(text: str) -> list[object]:
    found = read(text)
    assert [item.reason for item in found] == [""] * len(found)
    return [item.value for item in found]


A, B = {"a": "1"}, {"b": "deux"}


@pytest.mark.parametrize(
    "text",
    [
        '[{"a": 1}, {"b": "deux"}]',
        '{"a": 1}\n{"b": "deux"}\n',
        '{"a": 1}{"b": "deux"}',
        '\x1e{"a": 1}\n\x1e{"b": "deux"}\n',
        '{"uri": "x", "releases": [{"a": 1}, {"b": "deux"}], "version": [1, {"c": 2}]}',
        '{"data": {"n": {"rows": [9]}, "rows": [{"a": 1}, {"b": "deux"}]}}',
        '\ufeff [ {"a":1},{"b":"deux"} ] ',
    ],
)
def test_items_are_found_whatever_surrounds_them(text: str) -> None:
    assert values(text) == [A, B]


def test_a_path_is_found_whatever_the_way_its_names_are_written() -> None:
    assert values('{"d\\u0061ta": {"ro\\u0077s": [{"a": 1}, {"b": "deux"}]}}') == [A, B]
    assert "nom de champ" in read('{"\\x": 1, "releases": [{"a": 1}]}')[0].reason


def test_a_path_goes_through_arrays_of_objects() -> None:
    found = read('{"data": [{"rows": [{"a": 1}]}, 7, {"x": 2}, {"rows": [{"b": "deux"}, {]}], }')
    assert [item.value for item in found if not item.reason] == [A, B]
    assert [item.position for item in found[:2]] == ["data[0].rows[0]", "data[3].rows[0]"]
    assert found[-1].reason
    assert values('{"data": [{"x": 1}]}') == [{"data": [{"x": "1"}]}]


def test_an_object_without_the_expected_array_is_the_item() -> None:
    assert values('{"a": 1, "data": {"x": [1]}}') == [{"a": "1", "data": {"x": ["1"]}}]
    assert values('{"releases": null}') == [{"releases": None}]


def test_an_object_that_names_itself_first_is_one_item() -> None:
    assert values('{"ocid": "x", "releases": [{"a": 1}]}') == [
        {"ocid": "x", "releases": [{"a": "1"}]}
    ]


def test_empty_arrays_have_no_item() -> None:
    assert values("[]") == values('{"releases": []}') == []


def test_numbers_stay_as_written() -> None:
    (found,) = values("[[1.50, -0, 1e3, 12345678901234567890123, true, null]]")
    assert found == ["1.50", "-0", "1e3", "12345678901234567890123", True, None]


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ('{"x": NaN}', "« NaN » n'est pas un nombre JSON"),
        ('{"x": -Infinity}', "« -Infinity » n'est pas un nombre JSON"),
        ('{"x": 1e999}', "nombre démesuré « 1e999 »"),
        ('{"x": ' + "9" * 5000 + "}", "nombre démesuré"),
        ('{"x": "\\ud800"}', "demi-caractère isolé"),
        ('{"x\\udfff": 1}', "demi-caractère isolé"),
        ('{"x": "a\\u0000b"}', "caractère nul"),
        ('{"x": "a\0b"}', "caractère de contrôle dans une chaîne"),
        ('{"x": 1, "x": 2}', "champ répété « x »"),
        ('{"x": "\\d"}', "échappement JSON incorrect"),
        ('{"x": "\\u12"}', "échappement JSON incorrect"),
        ('{"x": }', "valeur attendue"),
        ('{"x" 1}', "deux-points attendus"),
        ('{"x": 1 "y": 2}', "virgule ou fin attendue"),
        ("[" * 5000 + "]" * 5000, "imbrication trop profonde"),
    ],
)
def test_a_faulty_item_does_not_stop_the_others(fault: str, words: str) -> None:
    before, faulty, after = read(f'{{"releases": [{{"a": 1}}, {fault}, {{"b": "deux"}}]}}')
    assert (before.value, after.value) == (A, B)
    assert faulty.position == "releases[1]"
    assert words in faulty.reason


def test_escapes_that_only_look_forbidden_are_accepted() -> None:
    assert values('["\\\\u0000 \\\\ud800 \\ud83d\\ude00"]') == ["\\u0000 \\ud800 😀"]


def test_bytes_that_are_not_utf_8_spoil_their_item_only() -> None:
    spoilt, sound = read(b'[{"x": "caf\xe9"}, {"a": 1}]')
    assert "octet qui n'est pas de l'UTF-8" in spoilt.reason
    assert sound.value == A


def test_a_fault_is_placed_by_line_and_column() -> None:
    text = '{\n "a": 1,\n "été": "x\\d"\n}'
    with pytest.raises(json.JSONDecodeError) as error:
        json.loads(text)
    (item,) = read(text)
    assert item.reason == "ligne 3, colonne 11 : échappement JSON incorrect"
    assert (error.value.lineno, error.value.colno) == (3, 11)


def test_a_fault_in_a_package_is_placed_in_the_whole_document() -> None:
    (item,) = read('{"releases":\n\n   [{"a": \\d}]}')
    assert item.reason == "ligne 3, colonne 11 : valeur attendue"


def test_a_faulty_line_does_not_stop_the_next_lines() -> None:
    found = read('{"a": 1}\n{"x": "\n\n{"b": "deux"}\n{"y": 1} z\n')
    assert [item.value for item in found if not item.reason] == [A, {"b": "deux"}, {"y": "1"}]
    assert [(item.position, item.reason) for item in found if item.reason] == [
        ("ligne 2", "ligne 2, colonne 7 : document tronqué"),
        ("ligne 5", "ligne 5, colonne 10 : texte en trop après la valeur"),
    ]


@pytest.mark.parametrize("text", ["", "  \n", "bonjour", '"abc', "{,}", "}", '{"a"', "[1 2]", ":"])
def test_what_is_not_json_has_a_reason(text: str) -> None:
    assert read(text)[-1].reason


@pytest.fixture
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every limit of the scanner within reach of a short text."""
    monkeypatch.setattr(json_items, "CHUNK", 7)
    monkeypatch.setattr(json_items, "MAX_ITEM", 60)


@pytest.mark.usefixtures("small_pieces")
def test_the_pieces_in_which_a_text_is_read_do_not_show() -> None:
    assert values('{"x": "é\\"]}",\n "releases": [{"a": 1}, {"b": "deux"}], "y": [[]]}') == [A, B]
    assert values('[{"a":1},{"b":"deux"}]') == [A, B]


@pytest.mark.usefixtures("small_pieces")
def test_an_item_that_is_too_large_is_passed_over() -> None:
    large = json.dumps([0] * 100)
    before, faulty, after = read(f'[{{"a": 1}}, {large}, {{"b": "deux"}}]')
    assert (before.value, after.value) == (A, B)
    assert "élément trop volumineux" in faulty.reason


@pytest.mark.usefixtures("small_pieces")
@pytest.mark.parametrize(
    "text",
    ['["' + "x" * 300, '[{"a": "' + "x" * 300, "[" + "1" * 300, '{"a": 1}\n{"b": "' + "x" * 300],
)
def test_a_value_without_end_stops_the_document(text: str) -> None:
    assert "trop volumineuse" in read(text)[-1].reason


@pytest.mark.usefixtures("small_pieces")
def test_a_single_object_that_is_too_large_is_refused() -> None:
    (item,) = read(json.dumps({f"champ{n}": n for n in range(20)}))
    assert "élément trop volumineux" in item.reason


@pytest.mark.parametrize("around", ["{}", "[{}]", '{{"releases": [{}]}}'])
def test_an_item_that_is_too_deep_is_refused_wherever_it_is(around: str) -> None:
    for depth, refused in ((99, False), (101, True), (100_000, True)):
        (item,) = read(around.format('{"a":' * depth + "1" + "}" * depth))
        assert ("imbrication trop profonde" in item.reason) == refused


DOCUMENTS = [
    '{"releases": [{"a": "é\\u00e9", "n": [1.5, true]}, {"b": {"c": null}}], "z": "x"}',
    '{"data": [{"rows": [{"a": "é"}, 1]}, [], {"rows": []}, {"rows": [{"b": 2}]}]}',
    '[{"a": "é"}, ["b", {"c": "\\\\"}], "d"]',
    '{"a": "une ligne"}\n{"b": [1, 2]}\n{"c": "trois"}\n',
]


@pytest.mark.parametrize("text", DOCUMENTS)
def test_a_document_cut_anywhere_never_raises(text: str) -> None:
    whole = read(text)
    data = text.encode()
    for end in range(len(data)):
        found = read(data[:end])
        sound = [item.value for item in found if not item.reason]
        assert sound == [item.value for item in whole][: len(sound)]
        assert found


@pytest.mark.parametrize("text", DOCUMENTS)
def test_a_document_with_any_byte_changed_never_raises(text: str) -> None:
    data = text.encode()
    for place in range(len(data)):
        for byte in b'"\\{}[],:\0\xff':
            read(data[:place] + bytes([byte]) + data[place + 1 :])


class Endless(io.RawIOBase):
    """A package of many releases that exists only while it is read."""

    def __init__(self, number: int, release: bytes) -> None:
        self._pieces = self._package(number, release)
        self._rest = b""

    def _package(self, number: int, release: bytes) -> Iterator[bytes]:
        yield b'{"uri": "x", "releases": ['
        for _ in range(number):
            yield release + b","
        yield release + b"]}"

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        self._rest = self._rest or next(self._pieces, b"")
        data, self._rest = self._rest[: len(buffer)], self._rest[len(buffer) :]
        buffer[: len(data)] = data
        return len(data)


def test_memory_does_not_grow_with_the_package() -> None:
    release = json.dumps({"id": "x", "text": "é" * 20_000, "items": [{"n": 1}] * 20}).encode()
    tracemalloc.start()
    try:
        count = sum(1 for _ in items(io.BufferedReader(Endless(400, release)), PATHS))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert count == 401
    assert peak < 15_000_000 < 401 * len(release)
