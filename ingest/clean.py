"""Source text made plain: markup, invisible characters and personal contact data taken out."""

import csv
import html
import re
import unicodedata
from functools import cache
from importlib.resources import files

from lxml import etree

TITLE_LENGTH = 300
MASK = "[coordonnées : voir la source]"

# Markup escaped more often than this is an attack; its < and & are then simply dropped.
_LAYERS = 8

# Controls that are not white space, zero-width and bidirectional marks, lone surrogates, tags,
# and the noncharacters that no XML document may carry.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\ud800-\udfff\ufdd0-\ufdef\ufeff\ufff9-\ufffb\ufffe\uffff\U000e0000-\U000e007f]"
)
# Symbol fonts leave private characters where a bullet was.
_PRIVATE = re.compile("[\ue000-\uf8ff\U000f0000-\U0010ffff]")

_BREAKS = frozenset(
    "address article aside blockquote br center dd div dl dt fieldset figure footer form h1 h2 h3 "
    "h4 h5 h6 header hr li main nav ol p pre section table tbody tfoot thead tr ul".split()
)
_CELLS = frozenset(("td", "th"))
_SILENT = frozenset(("script", "style", "template", "iframe", "noscript"))
_WIDE = "|".join(
    sorted(_BREAKS | _CELLS | _SILENT | set("html head body span font img input strong".split()))
)
_CLOSED = f"{_WIDE}|a|abbr|b|big|cite|code|em|i|label|q|s|small|strike|sub|sup|title|tt|u"
# One of these shows that a text is HTML. "a<b and c>d" shows nothing; </b> does.
_HTML = re.compile(
    rf"<(?:{_WIDE})(?:\s+[a-z][a-z:-]*\s*=[^<>]*|\s*)/?>|</(?:{_CLOSED})\s*>|<!--|<!doctype\b", re.I
)
# Without one of these, a text is plain already.
_MARKUP = re.compile("[<>&]")
_CDATA = re.compile(r"<!\[CDATA\[|\]\]>")
_ENTITY = r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});"
_ENTITIES = re.compile(_ENTITY)
# In HTML too, "?a=1&copy=2", "pH <7" and "<https://…>" are text, whatever browsers do of them.
_LOOSE_AMPERSAND = re.compile(rf"(?!{_ENTITY})&")
_LOOSE_BRACKET = re.compile(r"<(?!/?[A-Za-z][\w:-]*(?:\s[^<>]*)?/?>|!--|!doctype\b)", re.I)


class _Words:
    """Receives the events of the HTML parser; ``close`` gives the words, a line per block."""

    def __init__(self) -> None:
        self.pieces: list[str] = []
        self.silence = 0
        self.blocks = False

    def _mark(self, tag: str | bytes) -> None:
        if tag in _BREAKS:
            self.blocks = True
            self.pieces.append("\u2029")
        elif tag in _CELLS:
            self.pieces.append(" ")

    def start(self, tag: str | bytes, attrib: object) -> None:
        self.silence += tag in _SILENT
        self._mark(tag)

    def end(self, tag: str | bytes) -> None:
        self.silence -= tag in _SILENT
        self._mark(tag)

    def data(self, data: str | bytes) -> None:
        if not self.silence:
            self.pieces.append(str(data))

    def comment(self, text: str | bytes) -> None:
        """Comments say nothing."""

    def close(self) -> str:
        # Where blocks make the paragraphs, the source's own line ends are mere white space.
        words = "".join(self.pieces)
        return words.replace("\n", " ") if self.blocks else words


def _from_html(text: str) -> str:
    text = _LOOSE_BRACKET.sub("&lt;", _LOOSE_AMPERSAND.sub("&amp;", text))
    parser = etree.HTMLParser(target=_Words(), huge_tree=True)
    parser.feed("<html><body>" + text)
    return str(parser.close())


def _unwrapped(text: str) -> str:
    """One layer of markup less."""
    text = _CDATA.sub("", text)
    if _HTML.search(text):
        return _from_html(text)
    return _ENTITIES.sub(lambda entity: html.unescape(entity[0]), text)


def _visible(text: str) -> str:
    return unicodedata.normalize("NFC", _PRIVATE.sub(" ", _INVISIBLE.sub("", text)))


def _lines(text: str) -> str:
    lines = (" ".join(line.split()) for line in text.splitlines())
    return "\n".join(line for line in lines if line)


def plain(text: str) -> str:
    """Words of a plain or HTML text: NFC, one line per paragraph, white space collapsed.

    Invisible characters, scripts and styles are gone, entities decoded at whatever depth.
    ``plain(plain(text)) == plain(text)``; time grows with the length of the text only.
    """
    text = _lines(_visible(text))
    if not _MARKUP.search(text):
        return text
    for _ in range(_LAYERS):
        layer = _lines(_visible(_unwrapped(text)))
        if layer == text:
            return text
        text = layer
    return _lines(_visible(re.sub("[<>&]", " ", text)))


def title(text: str) -> str:
    """The plain text on one line of at most 300 characters, cut after a word with « … »."""
    line = " ".join(plain(text).split())
    if len(line) <= TITLE_LENGTH:
        return line
    words, space, _ = line[:TITLE_LENGTH].rpartition(" ")
    return (words if space else line[: TITLE_LENGTH - 1]).rstrip(" ,;:–—-") + "…"


# Separators inside a telephone number; never a line end.
_GAP = r"[ \t\u00a0\u202f().\-/–]"
_NUMBER = rf"\(?[0-9](?:{_GAP}{{0,3}}[0-9]){{5,14}}(?![0-9])"
_EXTENSION = r"(?:[ ,]{0,2}(?:ext|extension|poste|x|DW|доб)\.? ?[0-9]{1,6}(?![0-9]))?"
# What follows a quantity: "+12 000 000 EUR" and "mobile: 500 000,00" stay.
_NO_UNIT = r"(?!,[0-9]|[ \u00a0\u202f]?(?:[€$£¥%‰]|(?:EUR|USD|GBP|CHF|PLN|RON|CZK)\b))"
# A CPV code ("32552100-8") and dates ("2024-05-12", "12.05.2024") are not numbers to dial.
_NO_CODE = (
    r"(?![0-9]{8}-[0-9](?![0-9])"
    r"|[0-9]{4}[-./][0-9]{1,2}[-./][0-9]{1,2}(?![0-9])"
    r"|[0-9]{1,2}[-./][0-9]{1,2}[-./][0-9]{4}(?![0-9]))"
)
# What may stand between "Tel" and the number: "Tel/fax no.: ", "telefonisch unter ".
_LINK = r"(?:[ \t\u00a0.:：/–-]|\b(?:no|nos|nr|n°|nº|num|number|numéro|is|at|to|au|unter)\b){0,12}"

_EMAIL = re.compile(
    # "name@host" needs no dot, lest a cut address stay; "3 (at) noon" and "50 units@12.50" do.
    r"(?:mailto:)?[\w.+'-]{1,64}"
    r"(?:@[^\W\d_][\w-]{0,62}(?:\.[\w-]{1,63}){0,8}"
    r"|(?:@| ?[\[(](?:at|arobase)[\])] ?)(?:[\w-]{1,63}\.){1,8}[^\W\d_]{2,63})",
    re.I,
)
# Most texts hold neither; looking first is a tenth of the work.
_AT = re.compile(r"@|[\[(](?:at|arobase)[\])]", re.I)
_DIGITS = re.compile(rf"[0-9](?:\)?{_GAP}{{0,3}}\(?[0-9]){{5}}")
_INTERNATIONAL = re.compile(rf"(?<![\w+])\+ ?(?=\(?[1-9]){_NUMBER}(?<=[0-9]){_EXTENSION}{_NO_UNIT}")
# The only local shapes that need no cue: (360) 396-7036, (01670) 597136, 1-301-757-3066.
_LOCAL = re.compile(
    rf"(?<![\w)])\(0?[1-9][0-9]{{1,4}}\) ?[0-9](?:[ -]?[0-9]){{5,8}}(?![\w-]){_EXTENSION}{_NO_UNIT}"
    rf"|(?<![\w.-])(?:1-)?[2-9][0-9]{{2}}-[2-9][0-9]{{2}}-[0-9]{{4}}(?![\w-]){_EXTENSION}"
)
_REPEATED = re.compile(rf"{re.escape(MASK)}(?:[ ,;/|]{{0,3}}{re.escape(MASK)})+")


@cache
def _announced() -> re.Pattern[str]:
    """A number that follows a word such as Tel., tél. or τηλ.; group 1 is what is kept."""
    table = files("ingest").joinpath("contact_cues.csv").read_text("utf-8").splitlines()
    rows = csv.DictReader(line for line in table if not line.startswith("#"))
    # Longest first; Chinese and Japanese put no space before a word.
    cues = "|".join(sorted({re.escape(row["cue"]) for row in rows}, key=len, reverse=True))
    return re.compile(
        rf"((?<![^\W\d_\u3040-\u9fff])(?:{cues})(?![^\W\d_\u3040-\u9fff]){_LINK})"
        rf"{_NO_CODE}\+?{_NUMBER}{_EXTENSION}{_NO_UNIT}",
        re.I,
    )


def masked(text: str) -> str:
    """The text with e-mail addresses and telephone or fax numbers replaced by ``MASK``.

    A number is masked when a word announces it, when it begins with "+", or when it is written
    in a shape that only telephone numbers have. Codes, amounts, dates and URLs stay.
    """
    if _AT.search(text):
        text = _EMAIL.sub(MASK, text)
    if _DIGITS.search(text):
        text = _INTERNATIONAL.sub(MASK, text)
        text = _announced().sub(rf"\1{MASK}", text)
        text = _LOCAL.sub(MASK, text)
    return _REPEATED.sub(MASK, text) if MASK in text else text
