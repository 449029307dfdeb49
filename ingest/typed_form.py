"""The form of a lead typed by hand: what it holds, and whether that can be published."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import orjson

from ingest import clean
from ingest.strict_json import JsonRefused
from ingest.submissions.demand import Demande, DemandRefused, read

# Days on offer without a deadline; also what one prolongs by.
LASTS = timedelta(days=90)

# Fields of the form that are words of people, where contact data may slip in.
_FREE = ("titre", "texte", "acheteur", "lieu", "origine")
# Fields of the form that are those of a demand, as they are.
_SAME = ("titre", "texte", "acheteur", "lieu", "pays", "langue", "echeance", "expire", "url")
_SCHEMES = {"HS": "SH", "CPV": "CPV"}


@dataclass(frozen=True, slots=True)
class Fields:
    """What the form holds, as typed. codes: « HS 940360 », « CPV 39160000 ». origine: who told it,
    for colleagues only. equipe: the office."""

    titre: str = ""
    texte: str = ""
    langue: str = ""
    acheteur: str = ""
    pays: str = ""
    lieu: str = ""
    codes: tuple[str, ...] = ()
    montant: str = ""
    devise: str = ""
    echeance: str = ""
    expire: str = ""
    etape: str = "open"
    url: str = ""
    origine: str = ""
    equipe: str = ""

    def masked(self) -> "Fields":
        """The same without telephone numbers and addresses of people."""
        told = {name: clean.masked(getattr(self, name)) for name in _FREE}
        return Fields(**(self.plain() | told))

    def plain(self) -> dict[str, Any]:
        """Field → value."""
        return {name: getattr(self, name) for name in self.__slots__}

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> "Fields":
        """From what the record keeps."""
        known = {name: told[name] for name in cls.__slots__ if name in told}
        return cls(**(known | {"codes": tuple(known.get("codes", ()))}))


@dataclass(frozen=True, slots=True)
class Checked:
    """A draft that may be published, or its faults: (field of the form, French)."""

    demand: Demande | None
    faults: list[tuple[str, str]] = field(default_factory=list)


def expires(fields: Fields, today: date) -> date:
    """Its last day: the deadline, else the day that was typed, else ninety days from now."""
    for written in (fields.echeance, fields.expire):
        try:
            return date.fromisoformat(written[:10])
        except ValueError:
            continue
    return today + LASTS


def check(fields: Fields, today: date) -> Checked:
    """Whether a draft says enough, in a form that can be published."""
    told: dict[str, Any] = {
        name: getattr(fields, name).strip() for name in _SAME if getattr(fields, name).strip()
    }
    told["etape"] = fields.etape
    if not fields.echeance.strip():
        told["expire"] = expires(fields, today).isoformat()
    told["codes"] = [
        {"nomenclature": _SCHEMES.get(scheme, scheme), "code": code}
        for scheme, _, code in (one.partition(" ") for one in fields.codes)
    ]
    faults = []
    if fields.montant.strip():
        try:
            figures = "".join(fields.montant.split()).replace(",", ".")
            told["montant"] = {"valeur": float(figures), "devise": fields.devise.strip().upper()}
        except ValueError:
            faults.append(("montant", "nombre attendu, par exemple 85000"))
    try:
        demand = read(orjson.dumps(told))
    except DemandRefused as error:
        return Checked(None, [*faults, *((_field(place), why) for place, why in error.faults)])
    except JsonRefused:
        return Checked(None, [*faults, ("titre", "signe interdit dans un champ")])
    return Checked(None, faults) if faults else Checked(demand)


def _field(place: str) -> str:
    """Field of the form that a fault of a demand is about."""
    if "devise" in place:
        return "devise"
    return place.replace("[", ".").split(".")[0] or "titre"


def differing(mine: Fields, theirs: Fields) -> Sequence[str]:
    """Names of the fields that two people wrote differently."""
    return [name for name in Fields.__slots__ if getattr(mine, name) != getattr(theirs, name)]
