"""A source: who publishes notices, under which licence, and how its words are to be read."""

import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal, TypeVar

import yaml
from lxml import etree
from pydantic import Field, ValidationError, ValidationInfo, field_validator
from pydantic_core import ErrorDetails, PydanticCustomError

from ingest.collect import Collect, Page, known_zone

Format = Literal["ted", "eforms", "ocds", "fbo", "tabular", "rss", "jsonld"]

# Pydantic's error types → what to tell the author of a page.
_FAULTS = {
    "missing": "valeur attendue",
    "extra_forbidden": "champ inconnu",
    "literal_error": "valeur inconnue",
    "model_type": "liste de champs attendue",
}


class SourceError(Exception):
    """A source's page is missing or wrong; the message is French and meant for people."""


class Recognise(Page):
    """How a document of unknown origin is recognised as this source's (``debouches ingerer auto``).

    files: shell patterns on the file name; ocid_prefixes: registered OCDS prefixes.
    """

    files: tuple[str, ...] = ()
    ocid_prefixes: tuple[str, ...] = ()


class Dates(Page):
    """How to read dates: ``order`` for 03.04.2027, ``timezone`` where the source writes none.

    An empty ``timezone`` means the zone of the buyer's country.
    """

    order: Literal["ymd", "dmy", "mdy"] = "ymd"
    timezone: str = ""

    @field_validator("timezone")
    @classmethod
    def _exists(cls, written: str) -> str:
        return known_zone(written)


class Wording(Page):
    """Where the title and the text of a notice are in one more language."""

    title: tuple[str, ...]
    body: tuple[str, ...] = ()


Columns = TypeVar("Columns", str, tuple[str, ...], dict[str, str], dict[str, Wording])

# Fields of a mapping that are one column, or several put one after the other by « + ».
FIELDS = (
    "language", "kind", "process", "buyer", "country", "place", "published", "deadline",
    "amount", "currency", "url",
)  # fmt: skip


def alternatives(path: str) -> Iterator[tuple[str, str]]:
    """(name, pattern) of each alternative of a column, in order; "" for no pattern."""
    for part in path.split(" | "):
        name, _, pattern = part.partition(" ~ ")
        yield name.strip(), pattern


def paths(written: str | tuple[str, ...] | dict[str, Any]) -> Iterator[str]:
    """The columns in one field of a mapping."""
    if isinstance(written, str):
        yield from filter(None, written.split(" + "))
    elif isinstance(written, tuple):
        yield from written
    else:
        for one in written.values():
            yield from (one,) if isinstance(one, str) else (*one.title, *one.body)


def _is_xpath(path: str) -> None:
    try:
        etree.XPath(path)
    except etree.XPathError as error:
        raise ValueError(f"chemin XPath incorrect : « {path} »") from error


def _compiles(pattern: str) -> None:
    try:
        re.compile(pattern, re.S)
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError(f"expression régulière incorrecte : « {pattern} » ({error})") from error


class Mapping(Page):
    """Columns of a tabular feed. Each value is a column name, a dotted path for JSON and XML, or
    an XPath from the row for pages of HTML.
    The formats rss and jsonld have a mapping of their own, of which a page says only what differs.

    rows: where the rows are: a JSON path ("data", "features"), an XML element name, a sheet name;
    an XPath that begins with "/" for pages of HTML.
    skip: lines before the header (CSV). title and body may join several columns, in order.
    translations: language → where the same notice is told in it.
    codes: scheme → column; several codes in a cell are separated by ``separator``.
    stages, changes: the source's words → ours. constants: fields the same for every row.
    ignored: columns known and left out on purpose (contact persons among them).
    """

    rows: str = ""
    skip: int = 0
    delimiter: str = ","
    separator: str = ";"
    key: tuple[str, ...] = ()
    title: tuple[str, ...] = ()
    body: tuple[str, ...] = ()
    translations: dict[str, Wording] = Field(default_factory=dict)
    language: str = ""
    kind: str = ""
    process: str = ""
    buyer: str = ""
    country: str = ""
    place: str = ""
    published: str = ""
    deadline: str = ""
    amount: str = ""
    currency: str = ""
    url: str = ""
    codes: dict[str, str] = Field(default_factory=dict)
    stages: dict[str, str] = Field(default_factory=dict)
    changes: dict[str, str] = Field(default_factory=dict)
    constants: dict[str, str] = Field(default_factory=dict)
    ignored: tuple[str, ...] = ()

    @field_validator("key", "title", "body", "translations", *FIELDS, "codes")
    @classmethod
    def _compile(cls, written: Columns, info: ValidationInfo) -> Columns:
        for path in paths(written):
            for name, pattern in alternatives(path):
                _compiles(pattern)
                if info.data.get("rows", "").startswith("/"):
                    _is_xpath(name)
        return written

    @field_validator("rows")
    @classmethod
    def _is_path(cls, written: str) -> str:
        if written.startswith("/"):
            _is_xpath(written)
        return written

    @property
    def html(self) -> bool:
        """Whether the rows are in pages of HTML."""
        return self.rows.startswith("/")


class Source(Page):
    """One YAML page of ``ingest/sources``: see CONTRIBUTING, « Décrire une source ».

    trust: high publishes at once; medium and low go to the analysts' queue.
    lifetime_days: how long an open notice without deadline stays on offer.
    expected: notices a run normally brings (lowest, highest).
    decimal: the decimal sign of its amounts; "" reads both, and leaves out the ambiguous ones.
    lookups: subject → {what the source wrote → what it means}, corrections made by people;
    subjects: country, currency, language, stage.
    fictitious: leads written as examples, marked so wherever shown.
    access, schedule: how notices come and at what pace, in words for people; collect: how and when
    they are fetched, None when somebody brings them.
    """

    name: str
    title: str
    publisher: str
    country: str = ""
    licence: str
    url: str
    access: str = ""
    schedule: str = ""
    formats: tuple[Format, ...]
    language: str = ""
    currency: str = ""
    decimal: Literal["", ".", ","] = ""
    trust: Literal["high", "medium", "low"] = "high"
    fictitious: bool = False
    lifetime_days: int = 365
    expected: tuple[int, int] = (0, 0)
    notice_url: str = ""
    recognise: Recognise = Recognise()
    dates: Dates = Dates()
    mapping: Mapping | None = None
    collect: Collect | None = None
    lookups: dict[str, dict[str, str]] = Field(default_factory=dict)
    notes: str = ""

    @field_validator("mapping")
    @classmethod
    def _names_its_rows(cls, mapping: Mapping | None, info: ValidationInfo) -> Mapping | None:
        if mapping is not None and "tabular" in info.data.get("formats", ()):
            for field in ("key", "title"):
                if not getattr(mapping, field):
                    raise PydanticCustomError("lacking", "valeur attendue", {"field": field})
        return mapping


def _place(error: ErrorDetails) -> str:
    """The field that a fault is about."""
    inside = error.get("ctx", {}).get("field")
    return ".".join(map(str, (*error["loc"], inside) if inside else error["loc"]))


class TwiceError(ValueError):
    """A field written twice in a page; the message is French."""


class _Loader(yaml.SafeLoader):
    """Refuses a field written twice, of which YAML keeps the last in silence."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if (name := str(key.value)) in seen:
                raise TwiceError(f"« {name} » deux fois, ligne {key.start_mark.line + 1}")
            seen.add(name)
        return super().construct_mapping(node, deep)


def _fault(error: Exception) -> str:
    """What is wrong with a page, in one line."""
    if isinstance(error, TwiceError):
        return str(error)
    if isinstance(error, ValidationError):
        return " ; ".join(
            f"{_place(one) or 'page'} : "
            + (
                one["msg"].removeprefix("Value error, ")
                if one["type"] in ("value_error", "lacking")
                else _FAULTS.get(one["type"], "valeur refusée")
            )
            for one in error.errors()[:5]
        )
    mark = getattr(error, "problem_mark", None)
    return f"YAML illisible, ligne {mark.line + 1}" if mark else "YAML illisible"


def _parse(name: str, text: str) -> Source:
    try:
        data: Any = yaml.load(text, _Loader)  # noqa: S506 - a SafeLoader
        page = Source.model_validate(data)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise SourceError(
            f"La page de la source « {name} » est incorrecte : {_fault(error)}."
        ) from error
    if page.name != name:
        raise SourceError(f"La page « {name}.yml » déclare un autre nom : « {page.name} ».")
    return page


def _own(folder: Path) -> dict[str, str]:
    """Texts of one's own pages, by name."""
    try:
        if not folder.is_dir():
            raise SourceError(f"Le dossier des pages de sources n'existe pas : {folder}")
        return {path.stem: path.read_text("utf-8") for path in sorted(folder.glob("*.yml"))}
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(f"Page de source illisible dans {folder} : {error}") from error


def page_at(path: Path) -> Source:
    """The page in one file, named as it. Raises SourceError, which names the file."""
    try:
        return _parse(path.stem, path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(f"Fiche illisible : {path}") from error
    except SourceError as error:
        raise SourceError(f"{path} : {error}") from error


def page_text(name: str, folder: Path | None = None) -> str:
    """The page of a source as its author wrote it, "" when there is none."""
    if folder is not None and (own := _own(folder).get(name)) is not None:
        return own
    packaged = files("ingest").joinpath("sources", f"{name}.yml")
    known = name in sources(folder)
    return packaged.read_text("utf-8") if known and packaged.is_file() else ""


@cache
def sources(folder: Path | None = None) -> dict[str, Source]:
    """All source pages by name: the packaged ones, then those of ``folder``, which win.

    Raises SourceError when a page cannot be read, or when there is no such folder.
    """
    pages = {
        entry.name.removesuffix(".yml"): entry.read_text("utf-8")
        for entry in files("ingest").joinpath("sources").iterdir()
        if entry.name.endswith(".yml")
    }
    if folder is not None:
        pages |= _own(folder)
    return {name: _parse(name, text) for name, text in sorted(pages.items())}


def source(name: str, folder: Path | None = None) -> Source:
    """The page of one source. Raises SourceError, with the known names, when there is none."""
    known = sources(folder)
    if name not in known:
        raise SourceError(f"Source inconnue : « {name} ». Sources connues : {', '.join(known)}.")
    return known[name]


def collected(pages: dict[str, Source]) -> dict[str, Source]:
    """The sources that are asked without anybody naming them."""
    return {
        name: page for name, page in pages.items() if page.collect and not page.collect.on_request
    }
