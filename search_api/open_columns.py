"""The columns of the open data: their names, what they hold, and how a lead fills them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from index.lead import SURE_ENOUGH
from search_api.words import METHODS, STAGES, plain, web_link

Kind = Literal["texte", "liste", "entier", "nombre", "date", "instant", "booléen"]


@dataclass(frozen=True, slots=True)
class Column:
    """A column. told: what it holds, in French."""

    name: str
    kind: Kind
    told: str


@dataclass(frozen=True, slots=True)
class Context:
    """What a row needs besides its lead. site: address without final /. licences: by source."""

    site: str
    licences: Mapping[str, str]


Body = Mapping[str, Any]
Cell = Callable[[Body, Context], Any]


def _codes(scheme: str) -> Cell:
    def told(lead: Body, _: Context) -> list[str]:
        sure = (one for one in lead["codes"] if one["score"] >= SURE_ENOUGH)
        return [one["code"] for one in sure if one["scheme"] == scheme]

    return told


def _known_by(lead: Body, _: Context) -> list[str]:
    """How the codes told are known, without repeating."""
    sure = (one for one in lead["codes"] if one["score"] >= SURE_ENOUGH)
    return list(dict.fromkeys(METHODS[one["method"]] for one in sure))


def _value(field: str) -> Cell:
    return lambda lead, _: (lead["value"] or {}).get(field)


def _text(field: str) -> Cell:
    return lambda lead, _: plain(lead[field])


_LEAD: tuple[tuple[Column, Cell], ...] = (
    (Column("identifiant", "texte", "Identifiant stable du lead"), _text("id")),
    (
        Column("adresse", "texte", "Page du lead sur ce site"),
        lambda lead, context: f"{context.site}/leads/{lead['id']}",
    ),
    (
        Column("titre", "texte", "Titre, dans la langue d’origine"),
        lambda lead, _: plain(lead["texts"][0]["title"]),
    ),
    (
        Column("langue", "texte", "Langue d’origine (ISO 639-1), vide si inconnue"),
        lambda lead, _: plain(lead["texts"][0]["language"]),
    ),
    (Column("acheteur", "texte", "Organisme acheteur"), _text("buyer")),
    (Column("pays", "texte", "Pays de l’acheteur (ISO 3166-1 alpha-2)"), _text("country")),
    (Column("region", "texte", "Région du monde, identifiant de ce site"), _text("region")),
    (Column("lieu", "texte", "Lieu, tel que la source l’écrit"), _text("place")),
    (
        Column("secteurs", "liste", "Secteurs, identifiants de ce site, le principal d’abord"),
        lambda lead, _: list(lead["sectors"]),
    ),
    (Column("cpv", "liste", "Codes CPV 2008"), _codes("CPV")),
    (Column("sh", "liste", "Codes du système harmonisé 2022"), _codes("HS")),
    (Column("naf", "liste", "Codes NAF rév. 2"), _codes("NAF")),
    (Column("origine_codes", "liste", "Comment ces codes sont connus"), _known_by),
    (
        Column("etape", "texte", "Annoncé, Ouvert, Attribué ou Annulé"),
        lambda lead, _: STAGES[lead["stage"]],
    ),
    (Column("publication", "instant", "Première publication"), lambda lead, _: lead["published"]),
    (Column("echeance", "instant", "Limite de réponse"), lambda lead, _: lead["deadline"]),
    (Column("montant", "nombre", "Valeur estimée, dans la devise"), _value("amount")),
    (Column("devise", "texte", "Devise de la source (ISO 4217)"), _value("currency")),
    (Column("montant_eur", "nombre", "Valeur en euros, au cours de la BCE"), _value("euros")),
    (Column("source", "texte", "Source, identifiant de ce site"), _text("source")),
    (
        Column("licence", "texte", "Licence de la source, à citer avec elle"),
        lambda lead, context: context.licences[lead["source"]],
    ),
    (
        Column("avis", "texte", "Publication d’origine, qui seule fait foi"),
        lambda lead, _: web_link(lead["url"]),
    ),
    (
        Column("exemple", "booléen", "Vrai pour un exemple inventé"),
        lambda lead, _: bool(lead["fictitious"]),
    ),
)

LEAD_COLUMNS = tuple(column for column, _ in _LEAD)

COUNT_COLUMNS = (
    Column("mois", "texte", "Mois de publication (AAAA-MM)"),
    Column("secteur", "texte", "Secteur principal, vide si inconnu"),
    Column("pays", "texte", "Pays de l’acheteur (ISO 3166-1 alpha-2), vide si inconnu"),
    Column("leads", "entier", "Nombre de leads"),
    Column("exemple", "booléen", "Vrai si ce sont des exemples inventés"),
)


def lead_row(lead: Body, context: Context) -> list[Any]:
    """The cells of a lead, in the order of ``LEAD_COLUMNS``; moments are ISO texts."""
    return [cell(lead, context) for _, cell in _LEAD]
