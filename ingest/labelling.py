"""Tables of labelled texts that people bring: a text and its code a row, in CSV."""

import csv
import io
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from index.coding import Coded
from index.labelled import LabelledText
from ingest.encoding import decode
from taxonomies import cpv, hs, languages
from taxonomies.fold import fold

# Our word for a column → what its header may be.
_COLUMNS = {
    "title": ("titre", "title"),
    "text": ("texte", "text"),
    "scheme": ("schema", "scheme", "nomenclature"),
    "code": ("code",),
    "language": ("langue", "language"),
}
_SCHEMES: Mapping[str, Coded] = {"cpv": "CPV", "hs": "HS", "sh": "HS"}
_OFFICIAL: Mapping[Coded, Callable[[str], str | None]] = {
    "CPV": cpv.normalise,
    "HS": hs.normalise,
}
_DELIMITERS = ",;\t"


class Read(NamedTuple):
    """What a table holds. problems: French, one a line that cannot be taken, with its number."""

    texts: list[LabelledText]
    problems: list[str]


def read(data: bytes, scheme: Coded | None = None) -> Read:
    """The labelled texts of a CSV. scheme: of all rows, where the table has no such column."""
    decoded, found = decode(data, table=True), Read([], [])
    if decoded.reason:
        return Read([], [decoded.reason])
    try:
        for number, row in _rows(decoded.text, scheme):
            one = _labelled(row, scheme)
            if isinstance(one, str):
                found.problems.append(f"Ligne {number} : {one}")
            else:
                found.texts.append(one)
    except (csv.Error, LookupError) as error:
        found.problems.append(str(error))
    return _agreed(found)


def _rows(text: str, scheme: Coded | None) -> Iterator[tuple[int, dict[str, str]]]:
    """Line and cells of each row that says something. LookupError for a column that is not there,
    csv.Error for a broken table; both French."""
    delimiter = max(_DELIMITERS, key=text.partition("\n")[0].count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        places = _places(next(reader, []), scheme)
        for cells in reader:
            if any(cell.strip() for cell in cells):
                kept = {name: cells[at] for name, at in places.items() if at < len(cells)}
                yield reader.line_num, {name: cell.strip() for name, cell in kept.items()}
    except csv.Error as error:
        raise csv.Error(f"Ligne {reader.line_num} : CSV mal formé.") from error


def _places(header: list[str], scheme: Coded | None) -> dict[str, int]:
    written = [name.strip().lower().replace("é", "e") for name in header]
    places = {
        column: written.index(name)
        for column, names in _COLUMNS.items()
        for name in names
        if name in written
    }
    needed = {"texte": "text", "code": "code"} | ({} if scheme else {"schema": "scheme"})
    if lacking := [name for name, column in needed.items() if column not in places]:
        raise LookupError(f"Colonne absente : {', '.join(lacking)}")
    return places


def _labelled(row: Mapping[str, str], scheme: Coded | None) -> LabelledText | str:
    """The row, or what is wrong with it."""
    named = scheme or _SCHEMES.get(row.get("scheme", "").lower())
    if named is None:
        return f"nomenclature inconnue : « {row.get('scheme', '')} » (CPV ou SH)"
    code = _OFFICIAL[named](row.get("code", ""))
    if code is None:
        return f"code {'SH' if named == 'HS' else named} inconnu : « {row.get('code', '')} »"
    tag = row.get("language", "")
    language = languages.normalise(tag) if tag else ""
    if language is None:
        return f"langue inconnue : « {tag} »"
    title, text = row.get("title", ""), row.get("text", "")
    if not title:
        title, text = text, ""
    # Without a word there is nothing to learn; PostgreSQL stores no null character.
    if not fold(f"{title} {text}") or "\0" in title + text:
        return "texte absent ou illisible"
    return LabelledText(named, code, title, text, language)


def _agreed(found: Read) -> Read:
    """With what contradicts itself among the problems."""
    said: dict[tuple[str, str], LabelledText] = {}
    for one in found.texts:
        before = said.setdefault((one.scheme, one.hash), one)
        if before.code != one.code:
            found.problems.append(f"« {one.title} » a deux codes : {before.code} et {one.code}")
    return found
