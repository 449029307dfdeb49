"""The parameters of a search, the same in a page's address and in the API."""

import re
from datetime import date
from typing import Annotated, Any, Literal, TypeVar

from annotated_types import MaxLen
from fastapi import Request
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
)

from index.query import MAX_RANKED, Query, Sort
from search_api.links import PAGE, PARAMETERS
from search_api.problems import wrong_parameters
from taxonomies import countries, cpv, hs, naf, sectors
from taxonomies.fold import fold

# A product sheet pasted as a query is welcome; a book is not.
MAX_TEXT, MAX_VALUES = 2_000, 100

# Days far from any lead: their arithmetic overflows further on.
FIRST_YEAR, LAST_YEAR = 1990, 2100

_MEANT = re.compile(r"(CPV|SH|HS)[ :]*([\d .-]+)", re.IGNORECASE)
_IDENTIFIER = re.compile("[0-9a-f]{16}")

Tri = Literal["pertinence", "echeance", "publication"]
_SORTS: dict[Tri, Sort] = {
    "pertinence": "relevance",
    "echeance": "deadline",
    "publication": "published",
}


def a_sector(written: str) -> str:
    """The slug of a sector. Raises ValueError."""
    if sectors.get(written) is None:
        raise ValueError("secteur inconnu")
    return written


def a_country(written: str) -> str:
    """The alpha-2 code of a country, however it is written. Raises ValueError."""
    code = countries.parse(written)
    if code is None:
        raise ValueError("pays inconnu : code ISO 3166 à deux lettres attendu, par exemple DE")
    return code


def _region(written: str) -> str:
    if written not in countries.regions():
        raise ValueError("région inconnue")
    return written


def _prefix(written: str, shortest: int, longest: int, name: str) -> str:
    digits = "".join(sign for sign in written if sign not in " .-")
    if not (digits.isascii() and digits.isdigit() and shortest <= len(digits) <= longest):
        raise ValueError(f"code {name} attendu : {shortest} à {longest} chiffres")
    return digits


def _cpv(written: str) -> str:
    return cpv.normalise(written) or _prefix(written, 2, 8, "CPV")


def _hs(written: str) -> str:
    return hs.normalise(written) or _prefix(written, 2, 6, "SH")


def _naf(written: str) -> str:
    code = naf.normalise(written)
    if code is None:
        raise ValueError("code NAF attendu, par exemple 10.11Z")
    return code


_SCHEMES = {"CPV": cpv, "SH": hs, "HS": hs}


def _meant(written: str) -> str:
    found = _MEANT.fullmatch(written.strip())
    code = _SCHEMES[found[1].upper()].normalise(found[2]) if found else None
    if found is None or code is None:
        raise ValueError("code attendu, par exemple CPV39160000 ou SH940131")
    return f"{'CPV' if found[1].upper() == 'CPV' else 'HS'} {code}"


def _not_empty(values: Any) -> Any:
    """An empty choice of the form ("langue=") is no choice."""
    return [one for one in values if one != ""] if isinstance(values, list) else values


def _none_if_empty(value: Any) -> Any:
    return None if value == "" else value


def _near(day: date | None) -> date | None:
    if day is not None and not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise ValueError(f"année attendue entre {FIRST_YEAR} et {LAST_YEAR}")
    return day


def _holds(text: str, words: str) -> bool:
    return f" {fold(words)} " in f" {fold(text)} "


T = TypeVar("T")
_Many = Annotated[list[T], MaxLen(MAX_VALUES), BeforeValidator(_not_empty)]
_Word = Annotated[str, Field(max_length=100)]
Day = Annotated[date | None, BeforeValidator(_none_if_empty), AfterValidator(_near)]
Sectors = _Many[Annotated[_Word, AfterValidator(a_sector)]]
Countries = _Many[Annotated[_Word, AfterValidator(a_country)]]
Regions = _Many[Annotated[_Word, AfterValidator(_region)]]
CpvCodes = _Many[Annotated[_Word, AfterValidator(_cpv)]]
HsCodes = _Many[Annotated[_Word, AfterValidator(_hs)]]
NafCodes = _Many[Annotated[_Word, AfterValidator(_naf)]]
Meant = _Many[Annotated[_Word, AfterValidator(_meant)]]
Words = _Many[_Word]
Stages = _Many[Literal["planned", "open", "awarded", "cancelled"]]
Deadlines = _Many[Literal["d7", "d30", "d90", "later", "past", "none"]]
Values = _Many[Literal["v0", "v100k", "v1m", "v10m", "none"]]


class Filters(BaseModel):
    """Words and filters; repeated parameters are alternatives, different ones add up."""

    model_config = ConfigDict(extra="forbid")

    q: str = Field("", max_length=MAX_TEXT, description="Mots, « phrase », -exclu, OU, code")
    litteral: Words = Field(
        [], description="Mots de q à prendre tels quels : ni lieu, ni faute de frappe, ni sigle"
    )
    sans_code: Meant = Field(
        [], description="Codes que q ne veut pas dire, par exemple CPV39160000 ou SH940131"
    )
    secteur: Sectors = Field([], description="Secteurs (identifiants de /api/v1/facettes)")
    pays: Countries = Field([], description="Pays de l'acheteur, ISO 3166-1 alpha-2")
    region: Regions = Field([], description="Régions du monde")
    cpv: CpvCodes = Field([], description="Codes CPV ou leurs premiers chiffres")
    sh: HsCodes = Field([], description="Codes SH 2022 ou leurs premiers chiffres")
    naf: NafCodes = Field([], description="Codes NAF rév. 2")
    source: Words = Field([], description="Sources")
    etape: Stages = Field([], description="Étapes de la demande")
    langue: Words = Field([], description="Langues, ISO 639-1")
    echeance: Deadlines = Field([], description="Délais restants")
    valeur: Values = Field([], description="Tranches de valeur en euros")
    echeance_du: Day = Field(None, description="Échéance à partir de ce jour")
    echeance_au: Day = Field(None, description="Échéance jusqu'à ce jour compris")
    publie_du: Day = Field(None, description="Publication à partir de ce jour")
    publie_au: Day = Field(None, description="Publication jusqu'à ce jour compris")
    echus: bool = Field(False, description="1 : aussi ce qui n'est plus à pourvoir")
    france: bool = Field(False, description="1 : aussi les acheteurs français")

    def query(self, sort: Sort = "relevance", offset: int = 0, limit: int = PAGE) -> Query:
        """The same in our own words."""
        values: dict[str, Any] = {
            name: tuple(value) if isinstance(value := getattr(self, parameter), list) else value
            for parameter, name in PARAMETERS.items()
            if parameter != "tri"
        }
        values["text"] = self.q.strip()
        # Words that the text no longer holds would stay in the address for nothing.
        values["literal"] = tuple(one for one in values["literal"] if _holds(values["text"], one))
        if not values["text"]:
            values["without"] = ()
        return Query(**values, sort=sort, offset=offset, limit=limit)


class PageParameters(Filters):
    """A page's address: filters, order and page number. Other parameters are nobody's business."""

    model_config = ConfigDict(extra="ignore")

    tri: Tri = "pertinence"
    page: int = Field(1, ge=1, le=MAX_RANKED // PAGE)


def query_params(request: Request) -> Query:
    """The Query that a page's address asks for. Raises Problem 400 on a wrong value."""
    written: dict[str, Any] = {}
    for name, value in request.query_params.multi_items():
        written.setdefault(name, []).append(value)
    single = {name for name, field in PageParameters.model_fields.items() if field.default != []}
    written = {name: values[-1] if name in single else values for name, values in written.items()}
    for name in ("page", "tri"):
        if written.get(name) == "":
            del written[name]
    try:
        parameters = PageParameters.model_validate(written)
    except ValidationError as error:
        raise wrong_parameters(error.errors()) from error
    return parameters.query(_SORTS[parameters.tri], (parameters.page - 1) * PAGE)


def sort_of(tri: Tri) -> Sort:
    """French name of an order → ours."""
    return _SORTS[tri]


def is_identifier(written: str) -> bool:
    """Whether a lead may bear this identifier: 16 lower-case hexadecimal digits."""
    return _IDENTIFIER.fullmatch(written) is not None
