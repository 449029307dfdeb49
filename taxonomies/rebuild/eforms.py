"""The European Union's eForms SDK: code lists in genericode, in the 24 official languages."""

from collections.abc import Iterator
from pathlib import Path

from lxml import etree

from taxonomies.rebuild import fetch

ARTIFACT = "eu.europa.ted.eforms:eforms-sdk:1.15.1"

# ISO 639-2 code of the SDK's label columns → ISO 639-1.
LANGUAGES = {
    "bul": "bg", "ces": "cs", "dan": "da", "deu": "de", "ell": "el", "eng": "en", "spa": "es",
    "est": "et", "fin": "fi", "fra": "fr", "gle": "ga", "hrv": "hr", "hun": "hu", "ita": "it",
    "lit": "lt", "lav": "lv", "mlt": "mt", "nld": "nl", "pol": "pl", "por": "pt", "ron": "ro",
    "slk": "sk", "slv": "sl", "swe": "sv",
}  # fmt: skip


def code_list(name: str, folder: Path) -> Iterator[dict[str, str]]:
    """Rows of one code list ("cpv", "language"), as column → text. Downloads the SDK."""
    content = fetch.jar(ARTIFACT, folder)
    path = content / "eforms-sdk" / "codelists" / f"{name}.gc"
    for _, row in etree.iterparse(path, tag="Row"):
        yield {
            value.get("ColumnRef", ""): " ".join((value.findtext("SimpleValue") or "").split())
            for value in row.iter("Value")
        }
        row.clear()
