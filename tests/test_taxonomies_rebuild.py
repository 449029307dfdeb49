"""The commands that rebuild the tables: their rules, and the tables they give."""

import gzip
from pathlib import Path

import babel
import pytest

from taxonomies import cpv
from taxonomies.rebuild import countries, fetch, hs, languages, write
from taxonomies.rebuild.__main__ import TABLES, main
from taxonomies.rebuild.cpv import check_digit, read_offsets

DATA = Path(write.__file__).parents[1] / "data"


def test_check_digits_follow_the_weights_and_the_published_exceptions() -> None:
    offsets = read_offsets()
    assert check_digit("39160000", offsets) == "1"
    assert check_digit("42160000", {}) == "5"
    assert check_digit("42160000", offsets) == "8"
    assert all(check_digit(code, offsets) == e.check for code, e in cpv.codes().items())


def test_every_exception_concerns_real_codes() -> None:
    for prefix in read_offsets():
        assert any(code.startswith(prefix) for code in cpv.codes())


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("d'un poids n'excédant pas 80|kg", "d'un poids n'excédant pas 80 kg"),
        ("de ceux du n$o|9402", "de ceux du n° 9402"),
        ("des n$o$s|0401|à 0404", "des n°s 0401 à 0404"),
        ("1|m$2|mais", "1 m² mais"),
        ("5|!x!|10$-$6|par kelvin", "5 × 10⁻⁶ par kelvin"),
        ("Al@2O@3", "Al2O3"),
        ("360$o", "360°"),
        ("ANIMAUX VIVANTS", "Animaux vivants"),
        ("prix de 5 $", "prix de 5"),
    ],
)
def test_typesetting_marks_are_resolved(raw: str, clean: str) -> None:
    assert hs.clean(raw, "fr") == clean


def test_german_capitals_are_kept() -> None:
    assert hs.clean("LEBENDE TIERE", "de") == "LEBENDE TIERE"


def test_a_table_is_written_the_same_byte_for_byte(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(write, "DATA", tmp_path)
    lines = [("1", 'une "valeur"'), ("2", "a,b\nc")]
    assert write.table("a.csv.gz", ("code", "label"), lines) == 2
    first = (tmp_path / "a.csv.gz").read_bytes()
    write.table("a.csv.gz", ("code", "label"), lines)
    assert (tmp_path / "a.csv.gz").read_bytes() == first
    assert gzip.decompress(first).decode() == 'code,label\n1,"une ""valeur"""\n2,"a,b\nc"\n'


@pytest.mark.parametrize(
    ("command", "tables"),
    [
        (countries, ("countries.csv", "country_names.csv.gz")),
        (languages, ("languages.csv", "language_names.csv.gz")),
    ],
    ids=["countries", "languages"],
)
def test_the_committed_table_is_what_its_command_gives(
    command: object, tables: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if babel.__version__ != countries.BABEL:
        pytest.skip(f"the tables come from Babel {countries.BABEL}")
    monkeypatch.setattr(write, "DATA", tmp_path)
    command.rebuild(tmp_path)  # type: ignore[attr-defined]
    for name in tables:
        assert _text(tmp_path / name) == _text(DATA / name)


def _text(path: Path) -> bytes:
    raw = path.read_bytes()
    return gzip.decompress(raw) if path.suffix == ".gz" else raw


def test_another_edition_of_babel_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(babel, "__version__", "0.1")
    with pytest.raises(ValueError, match="Babel"):
        countries.rebuild(tmp_path)


def test_an_unknown_table_is_refused_with_the_names_of_those_known(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main([]) == main(["cpv", "toto"]) == 2
    said = capsys.readouterr().err
    assert all(name in said for name in TABLES)


def test_packages_are_pinned() -> None:
    assert "==" in hs.PACKAGE
    assert callable(fetch.wheel)


def test_the_readme_tells_the_origin_of_every_table() -> None:
    readme = (DATA / "README.md").read_text("utf-8")
    for path in DATA.iterdir():
        assert path.name in readme or path.name == "README.md" or path.is_dir()


def test_the_tables_stay_small() -> None:
    assert sum(path.stat().st_size for path in DATA.rglob("*.gz")) < 8_000_000
