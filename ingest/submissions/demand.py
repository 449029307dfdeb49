"""A demand as a partner writes it, and the notice that it makes.

The model is the contract: the JSON Schema that is published comes from it, and nothing else is let
in.
"""

import re
from datetime import datetime
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from ingest import dates, price
from ingest.clean import plain
from ingest.notice import Amount, Code, Notice, Text
from ingest.source import Source
from ingest.strict_json import Fault, JsonRefused, parse, path
from taxonomies import countries, cpv, hs, languages, naf

# Bytes of one demand, all its languages together.
LARGEST = 256_000

REFERENCE = r"[A-Za-z0-9][A-Za-z0-9._:~@+-]{0,199}"
# Addresses beside those of demands.
_RESERVED = ("schema", "lot")

_MOMENT = r"\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2})?(Z|[+-]\d{2}:\d{2})?)?"
_TABLES = {"CPV": cpv.normalise, "SH": hs.normalise, "NAF": naf.normalise}
_SCHEMES = {"SH": "HS"}

# Pydantic's error types → what to tell a partner.
_MESSAGES = {
    "extra_forbidden": "champ inconnu",
    "missing": "champ attendu",
    "string_type": "texte attendu",
    "float_type": "nombre attendu",
    "list_type": "liste attendue",
    "model_type": "objet attendu",
    "model_attributes_type": "objet attendu",
    "string_too_long": "texte trop long",
    "string_too_short": "texte trop court",
    "string_pattern_mismatch": "forme incorrecte",
    "too_long": "trop d’éléments",
    "literal_error": "valeur inconnue",
    "greater_than": "nombre trop petit",
    "less_than_equal": "nombre trop grand",
}


def _refuse(message: str) -> PydanticCustomError:
    return PydanticCustomError("refused", "{words}", {"words": message})


def _words(written: str) -> str:
    if not plain(written).strip():
        raise _refuse("texte vide")
    return written


def _country(written: str) -> str:
    if countries.get(written) is None:
        raise _refuse("pays inconnu : code ISO 3166-1 à deux lettres attendu, par exemple DE")
    return written


def _language(written: str) -> str:
    if written not in languages.languages():
        raise _refuse("langue inconnue : code ISO 639-1 attendu, par exemple de")
    return written


def _currency(written: str) -> str:
    if price.currency(written, {}) != written:
        raise _refuse("devise inconnue : code ISO 4217 attendu, par exemple EUR")
    return written


def _moment(written: str) -> str:
    if dates.moment(written, "ymd", "UTC") is None:
        raise _refuse("date impossible : AAAA-MM-JJ ou AAAA-MM-JJThh:mm attendu")
    return written


def _address(written: str) -> str:
    try:
        host = urlsplit(written).hostname
    except ValueError:
        host = None
    if not host or any(sign.isspace() for sign in written):
        raise _refuse("adresse incorrecte")
    return written


_Country = Annotated[str, Field(pattern="^[A-Z]{2}$"), AfterValidator(_country)]
_Language = Annotated[str, Field(pattern="^[a-z]{2}$"), AfterValidator(_language)]
_Day = Annotated[str, Field(pattern=f"^{_MOMENT}$"), AfterValidator(_moment)]
_Title = Annotated[str, Field(min_length=3, max_length=500), AfterValidator(_words)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class CodeDonne(_Strict):
    """Un code d’une nomenclature officielle."""

    nomenclature: Literal["CPV", "SH", "NAF"]
    code: str = Field(min_length=2, max_length=20, examples=["39160000"])

    @model_validator(mode="after")
    def _exists(self) -> "CodeDonne":
        if _TABLES[self.nomenclature](self.code) is None:
            raise _refuse(f"code {self.nomenclature} inconnu")
        return self


class Montant(_Strict):
    """Une valeur estimée."""

    valeur: float = Field(gt=0, le=1e13, allow_inf_nan=False, examples=[85000])
    devise: Annotated[str, Field(pattern="^[A-Z]{3}$"), AfterValidator(_currency)] = Field(
        examples=["EUR"]
    )


class Traduction(_Strict):
    """Les mots de la demande dans une autre langue."""

    langue: _Language
    titre: _Title
    texte: str = Field("", max_length=50_000)


class Demande(_Strict):
    """Une demande d’acheteur. Seuls le titre et le pays sont obligatoires ; le reste aide à être
    trouvé. Un champ inconnu est refusé."""

    reference: str | None = Field(
        None,
        pattern=f"^{REFERENCE}$",
        description="Votre référence ; dans l’adresse pour PUT, attendue dans un lot.",
        examples=["SR-118"],
    )
    titre: _Title = Field(description="Ce qui est demandé.", examples=["Mobilier scolaire"])
    texte: str = Field("", max_length=50_000, description="Description, en texte ou en HTML.")
    langue: _Language | None = Field(None, description="ISO 639-1 ; devinée sinon.")
    acheteur: str = Field("", max_length=300)
    pays: _Country = Field(description="Pays de l’acheteur, ISO 3166-1.", examples=["PE"])
    lieu: str = Field("", max_length=200)
    codes: list[CodeDonne] = Field([], max_length=20)
    montant: Montant | None = None
    echeance: _Day | None = Field(
        None,
        description="Date limite de réponse ; sans fuseau, l’heure du pays de l’acheteur ; sans"
        " heure, la fin du jour.",
        examples=["2027-06-30T12:00"],
    )
    expire: _Day | None = Field(
        None, description="Jour après lequel la demande n’est plus à pourvoir, sans date limite."
    )
    etape: Literal["planned", "open", "awarded", "cancelled"] = Field(
        "open", description="Annoncée, ouverte, attribuée, annulée."
    )
    url: (
        Annotated[str, Field(max_length=2_000, pattern="^https?://"), AfterValidator(_address)]
        | None
    ) = Field(None, description="Page publique de la demande.")
    traductions: list[Traduction] = Field([], max_length=5)

    def canonical(self) -> str:
        """What it says, always written in the same way (JSON). The reference is not part of it."""
        return self.model_dump_json(exclude={"reference"}, exclude_defaults=True)


# What helps to find a demand, and may be missing.
HELPFUL = ("texte", "acheteur", "codes", "montant", "echeance", "url")


def missing(demand: Demande) -> list[str]:
    """Fields of ``HELPFUL`` that a demand does without."""
    return [name for name in HELPFUL if not getattr(demand, name)]


def read(data: bytes) -> Demande:
    """The demand in a body. Raises JsonRefused when it is not JSON, DemandRefused when it is not a
    demand; both tell all their faults."""
    value = parse(data)
    if not isinstance(value, dict):
        raise JsonRefused([("", "objet JSON attendu")])
    try:
        return Demande.model_validate(value)
    except ValidationError as error:
        raise DemandRefused([_fault(one) for one in error.errors()]) from error


class DemandRefused(Exception):  # noqa: N818 - reads as what happened
    """A JSON object that is not a demand: each fault with its field (French)."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__(faults[0][1] if faults else "")
        self.faults = faults


def _fault(error: Any) -> Fault:
    own = error["msg"] if error["type"] == "refused" else ""
    return path(error["loc"]), own or _MESSAGES.get(error["type"], "valeur refusée")


def wrong_reference(reference: str) -> str:
    """Why a reference cannot be used (French), "" when it can."""
    if not re.fullmatch(REFERENCE, reference):
        return "référence attendue : 1 à 200 lettres sans accent, chiffres ou . _ : ~ @ + -"
    return "référence réservée" if reference in _RESERVED else ""


def notice(
    demand: Demande, page: Source, reference: str, received: datetime, *, withdrawn: bool
) -> Notice:
    """The notice of one version. received: of no other version of the same reference, since it is
    what tells them apart and puts them in order."""
    texts = [Text(demand.titre, demand.texte, demand.langue or "")]
    texts += [Text(one.titre, one.texte, one.langue) for one in demand.traductions]
    worth = demand.montant
    given = [(_SCHEMES.get(one.nomenclature, one.nomenclature), one.code) for one in demand.codes]
    return Notice(
        source=page.name,
        key=reference,
        texts=tuple(texts),
        stage=demand.etape,
        change="withdrawal" if withdrawn else "replacement",
        buyer=demand.acheteur,
        country=demand.pays,
        place=demand.lieu,
        published=received.isoformat(),
        deadline=demand.echeance or "",
        amount=Amount(_figures(worth.valeur, page), worth.devise) if worth else None,
        codes=tuple(Code(scheme, code) for scheme, code in given),
        url=demand.url or "",
        expires=demand.expire or "",
    )


def _figures(value: float, page: Source) -> str:
    """A number as the page of its source reads numbers, to the cent."""
    return f"{value:.2f}".removesuffix(".00").replace(".", page.decimal or ".")


def schema() -> dict[str, Any]:
    """The JSON Schema of a demand (draft 2020-12)."""
    told = Demande.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **told}
