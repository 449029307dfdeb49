"""A first page for a source nobody described: the columns of a file with roles guessed by their
names. A starting point, for a person to check: nothing of it is used until she says so."""

import csv
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import islice

import yaml

from ingest import dates
from ingest.clean import masked
from ingest.document import Document
from ingest.feeds import rss, tabular
from ingest.feeds.mapped import unknown
from ingest.feeds.shape import shape
from ingest.recognise import content_of
from ingest.source import Format, Mapping, Source
from taxonomies.fold import fold

ROWS = 500  # rows looked at
_EXAMPLE = 50
_SEVERAL = ("body", "ignored")  # fields that may have several columns
_LISTS = ("key", "title", "body")
_ORDERS: tuple[dates.Order, ...] = ("ymd", "dmy", "mdy")
_BETWEEN = "|/,"  # between codes, beside the usual « ; »
# Words that tell the state of a notice are few; a column with more of them tells something else.
_KINDS = 12


class ProposeError(Exception):
    """Nothing can be proposed for a file; the message is French, for people."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the file: its name, and what it holds, without repeats."""

    name: str
    values: tuple[str, ...]

    @property
    def example(self) -> str:
        """The first thing that it holds, short, without personal data."""
        return masked(next(iter(self.values), ""))[:_EXAMPLE]


def propose(document: Document, name: str) -> str:
    """A page in YAML, to be completed. Raises ProposeError, DocumentError."""
    form = content_of(document)
    if form == "rss":
        return _head(name, form) + _feed(document)
    if form is not None:
        return _head(name, form) + _END
    mapping = shape(document)
    columns = read_columns(document, mapping)
    if not columns:
        raise ProposeError(f"Aucune colonne n'a pu être lue dans {document.name}.")
    return _head(name, "tabular") + _table(mapping, columns)


def read_columns(document: Document, mapping: Mapping) -> list[Column]:
    """The columns of a table, in order of appearance."""
    found: dict[str, dict[str, None]] = {}
    with document.open() as stream:
        for row in islice(tabular.rows(stream, mapping), ROWS):
            for name, cells in row.cells.items():
                values = found.setdefault(name, {})
                values.update(dict.fromkeys(cell.strip() for cell in cells if cell.strip()))
    return [Column(name, tuple(values)) for name, values in found.items()]


# --- roles --------------------------------------------------------------------------------------


@cache
def _roles() -> dict[str, str]:
    """Folded name → role."""
    table = files("ingest").joinpath("column_roles.csv").read_text("utf-8").splitlines()
    rows = csv.DictReader(line for line in table if not line.startswith("#"))
    return {name: row["role"] for row in rows for name in row["names"].split("|")}


def role(name: str) -> str:
    """What a column of this name holds, "" when it does not say: its whole name tells it, else its
    last part ("acheteur.nom" is of the buyer); a word of a person is enough to leave it out."""
    known, plain = _roles(), re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    if (found := known.get(fold(plain))) is not None:
        return found
    parts = [fold(part) for part in re.split(r"[.@:]", plain) if part]
    if any(known.get(word) == "ignored" for part in parts for word in part.split()):
        return "ignored"
    if "buyer" in (known.get(part) for part in parts[:-1]):
        return "buyer"
    return known.get(parts[-1] if parts else "", "")


def _likely(name: str) -> str:
    """The same by its last word only ("project_title"): a weaker guess."""
    words = fold(name).split()
    # A name may be that of anything: "geometry_name".
    guessed = _roles().get(words[-1], "") if words and words[-1] != "name" else ""
    return guessed if guessed in _LISTS else ""


def roles(columns: Sequence[Column]) -> dict[str, list[str]]:
    """Role → columns; the first that fits, but where several may."""
    found: dict[str, list[str]] = {}
    for column in columns:
        guessed = role(column.name)
        if guessed and (guessed in _SEVERAL or guessed not in found):
            found.setdefault(guessed, []).append(column.name)
    for column in columns:
        if not role(column.name) and (guessed := _likely(column.name)):
            found.setdefault(guessed, [column.name])
    return found


def order(values: Sequence[str]) -> tuple[dates.Order, bool]:
    """The order in which most of these dates can be read, and whether a day above 12 proves it."""
    read = {one: sum(dates.day(value, one) is not None for value in values) for one in _ORDERS}
    best = max(_ORDERS, key=lambda one: read[one])
    return best, best == "ymd" or read["dmy"] != read["mdy"]


# --- page ---------------------------------------------------------------------------------------

_TODO = "À COMPLÉTER"
_END = "notes: >-\n  À COMPLÉTER : usages, limites, interlocuteur institutionnel.\n"


def _head(name: str, form: Format) -> str:
    return f"""# Proposition à vérifier ligne à ligne : CONTRIBUTING, « Décrire une source ».
name: {_written(name)}
title: {_TODO}
publisher: {_TODO}
licence: {_TODO}
url: https://{_written(name).strip('"')}.exemple.test  # {_TODO}
formats: [{form}]
# Les leads passent par la file des analystes ; « high » les publie aussitôt.
trust: medium
"""


def _written(text: str) -> str:
    """A word as YAML writes it on one line."""
    plain = yaml.safe_dump([text], allow_unicode=True, default_flow_style=True, width=10_000)
    return plain.strip()[1:-1] if "\n" not in plain.strip() else json.dumps(text)


def _feed(document: Document) -> str:
    """Columns of a feed that its format does not bring."""
    page = Source(name="x", title="x", publisher="x", licence="x", url="", formats=("rss",))
    known, found = rss.mapping_of(page), dict[str, str]()
    with document.open() as stream:
        for row in islice(rss.rows(stream, page), ROWS):
            for name in unknown(row, known):
                found.setdefault(name, masked(" ".join(row.cells[name]))[:_EXAMPLE])
    left = "".join(_comment(name, example) for name, example in found.items())
    return f"""mapping:
  # Les colonnes d'un flux sont connues ; la fiche ne dit que ce qui diffère.
  constants: {{ stage: open }}
{_left(left)}{_END}"""


def _table(mapping: Mapping, columns: Sequence[Column]) -> str:
    found, by_name = roles(columns), {column.name: column for column in columns}
    lines = [*_dates(found, by_name), "mapping:", *_layout(mapping), *_separator(found, by_name)]
    for field in _LISTS:
        if field in ("key", "title") and field not in found:
            lines.append(f"  {field}: [{_TODO}]")
        elif field in found:
            lines.append(f"  {field}: [{', '.join(map(_written, found[field]))}]")
    for field in Mapping.model_fields:
        if field in found and field not in (*_LISTS, "ignored"):
            lines.append(f"  {field}: {_written(found[field][0])}")
    lines += [*_codes(found), *_stages(found, by_name)]
    if "ignored" in found:
        lines.append("  # Personnes à contacter : données personnelles, jamais lues.")
        lines.append(f"  ignored: [{', '.join(map(_written, found['ignored']))}]")
    named = {name for names in found.values() for name in names}
    left = "".join(_comment(one.name, one.example) for one in columns if one.name not in named)
    return "\n".join(lines) + "\n" + _left(left) + _END


def _dates(found: dict[str, list[str]], by_name: dict[str, Column]) -> Iterator[str]:
    values = [
        value
        for field in ("published", "deadline")
        for name in found.get(field, ())
        for value in by_name[name].values
    ]
    read, proved = order(values)
    doubt = "" if proved else "  # à vérifier : aucun jour supérieur à 12 dans ce fichier"
    yield f"dates: {{ order: {read} }}{doubt}"


def _layout(mapping: Mapping) -> Iterator[str]:
    if mapping.rows:
        yield f"  rows: {_written(mapping.rows)}"
    if mapping.skip:
        yield f"  skip: {mapping.skip}"
    if mapping.delimiter != ",":
        yield f"  delimiter: {json.dumps(mapping.delimiter)}"


def _separator(found: dict[str, list[str]], by_name: dict[str, Column]) -> Iterator[str]:
    """What stands between two codes of a cell."""
    codes = [by_name[names[0]] for name, names in found.items() if name.startswith("code ")]
    signs = (sign for code in codes for value in code.values for sign in _BETWEEN if sign in value)
    if sign := next(signs, ""):
        yield f"  separator: {json.dumps(sign)}"


def _codes(found: dict[str, list[str]]) -> Iterator[str]:
    codes = {name.removeprefix("code "): one for name, one in found.items() if name[:5] == "code "}
    if codes:
        told = ", ".join(f"{scheme}: {_written(names[0])}" for scheme, names in codes.items())
        yield f"  codes: {{ {told} }}"


def _stages(found: dict[str, list[str]], by_name: dict[str, Column]) -> Iterator[str]:
    """What the words of a kind mean is not for us to guess."""
    kinds = by_name[found["kind"][0]].values if "kind" in found else ()
    if kinds and len(kinds) <= _KINDS:
        yield "  # planned (annoncé), open (ouvert), awarded (attribué), cancelled (annulé) :"
        yield "  stages:"
        yield from (f'    {_written(kind)}: ""  # {_TODO}' for kind in kinds)
    yield "  constants: { stage: open }" + ("  # à défaut" if kinds else "")


def _comment(name: str, example: str) -> str:
    told = f" (ex. : {' '.join(example.split())})" if example else ""
    return f"  #   {' '.join(name.split())}{told}\n"


def _left(comments: str) -> str:
    return f"  # Rôle non deviné, à placer ci-dessus ou à ignorer :\n{comments}" if comments else ""
