"""The page of a source as analysts read it: what it says, in French, part by part."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ingest.source import FIELDS, Source
from search_api.labels import country_label, language_label
from search_api.words import number

# Words of a page → those of people.
TRUST = {"high": "publie aussitôt", "medium": "passe par la file", "low": "passe par la file"}
SUBJECTS = {
    "country": "Pays", "stage": "Étape", "currency": "Devise", "language": "Langue",
}  # fmt: skip
_COLUMNS = {
    "language": "langue", "kind": "type d’avis", "process": "procédure", "buyer": "acheteur",
    "country": "pays", "place": "lieu", "published": "parution", "deadline": "date limite",
    "amount": "montant", "currency": "devise", "url": "lien",
}  # fmt: skip
_ORDERS = {"ymd": "année, mois, jour", "dmy": "jour, mois, année", "mdy": "mois, jour, année"}


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a page: its title, and lines of what is said."""

    title: str
    lines: tuple[tuple[str, str], ...]


def sheet(page: Source) -> list[Part]:
    """The parts that say something, in the order in which one reads."""
    parts = (
        Part("La source", tuple(_said(_source(page)))),
        Part("La lecture", tuple(_said(_reading(page)))),
        Part("Les colonnes", tuple(_said(_columns(page)))),
        Part("Les mots de la source", tuple(_said(_words(page)))),
    )
    return [part for part in parts if part.lines]


def _said(lines: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    return ((name, told) for name, told in lines.items() if told)


def _source(page: Source) -> dict[str, str]:
    collect = page.collect
    return {
        "Éditeur": page.publisher,
        "Pays": country_label(page.country) if page.country else "",
        "Licence": page.licence,
        "Accès": page.access,
        "Adresse interrogée": collect.address if collect else "",
        "Confiance": TRUST[page.trust],
        "Attendu par envoi": _between(page.expected),
        "Sans date limite, reste": f"{number(page.lifetime_days)} jours",
        "Notes": page.notes,
    }


def _between(expected: tuple[int, int]) -> str:
    return f"de {number(expected[0])} à {number(expected[1])} avis" if expected[1] else ""


def _reading(page: Source) -> dict[str, str]:
    return {
        "Formats": ", ".join(page.formats),
        "Langue par défaut": language_label(page.language) if page.language else "",
        "Devise par défaut": page.currency,
        "Signe décimal": page.decimal,
        "Ordre des dates": _ORDERS[page.dates.order],
        "Fuseau horaire": page.dates.timezone,
        "Reconnue par": ", ".join((*page.recognise.files, *page.recognise.ocid_prefixes)),
        "Adresse d’un avis": page.notice_url,
    }


def _columns(page: Source) -> dict[str, str]:
    mapping = page.mapping
    if mapping is None:
        return {}
    fields = {_COLUMNS[name].capitalize(): getattr(mapping, name) for name in FIELDS}
    return {
        "Lignes": mapping.rows,
        "Référence": ", ".join(mapping.key),
        "Titre": ", ".join(mapping.title),
        "Texte": ", ".join(mapping.body),
        **fields,
        **{f"Codes {scheme}": path for scheme, path in mapping.codes.items()},
        **{f"Toujours « {name} »": told for name, told in mapping.constants.items()},
        "Laissées de côté": ", ".join(mapping.ignored),
    }


def _words(page: Source) -> dict[str, str]:
    mapping = page.mapping
    stages = mapping.stages if mapping else {}
    changes = mapping.changes if mapping else {}
    said = {"Étapes (colonnes)": stages, "Changements (colonnes)": changes}
    said |= {SUBJECTS.get(name, name): words for name, words in page.lookups.items()}
    return {
        name: " ; ".join(f"{word} → {ours}" for word, ours in words.items())
        for name, words in said.items()
    }
