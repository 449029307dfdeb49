"""CPV 2008, from the European Union's eForms SDK."""

import csv
from pathlib import Path

from taxonomies.rebuild import eforms, write

OFFSETS = Path(__file__).parent / "cpv_check_offsets.csv"
WEIGHTS = (3, 7, 1, 3, 7, 1, 3, 7)


def check_digit(code: str, offsets: dict[str, int]) -> str:
    """Check digit of an eight-digit code: weighted sum of its digits, plus the offset of the
    longest prefix found in ``offsets``, modulo 10."""
    prefixes = (code[:length] for length in range(8, 0, -1))
    offset = next((offsets[prefix] for prefix in prefixes if prefix in offsets), 0)
    weighted = sum(weight * int(digit) for weight, digit in zip(WEIGHTS, code, strict=True))
    return str((weighted + offset) % 10)


def read_offsets() -> dict[str, int]:
    """Prefix → what its codes' published check digits add to the weighted sum."""
    with OFFSETS.open(encoding="utf-8", newline="") as lines:
        return {row["prefix"]: int(row["offset"]) for row in csv.DictReader(lines)}


def rebuild(folder: Path) -> int:
    """Write ``cpv.csv.gz`` and one ``labels/cpv_<language>.csv.gz`` each. Returns the codes."""
    offsets = read_offsets()
    entries = sorted(eforms.code_list("cpv", folder), key=lambda entry: entry["code"])
    for column, language in eforms.LANGUAGES.items():
        if language not in ("fr", "en"):
            labels = ((entry["code"], entry[f"{column}_label"]) for entry in entries)
            write.table(f"labels/cpv_{language}.csv.gz", ("code", "label"), labels)
    return write.table(
        "cpv.csv.gz",
        ("code", "check", "fr", "en"),
        (
            (e["code"], check_digit(e["code"], offsets), e["fra_label"], e["eng_label"])
            for e in entries
        ),
    )
