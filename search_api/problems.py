"""A problem (RFC 9457): what is refused, and why, in French words. What came in is never echoed."""

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, Field

# Pydantic's error types → what to tell a French reader.
_MESSAGES = {
    "date_from_datetime_parsing": "date attendue sous la forme AAAA-MM-JJ",
    "date_parsing": "date attendue sous la forme AAAA-MM-JJ",
    "date_from_datetime_inexact": "date attendue sous la forme AAAA-MM-JJ",
    "int_parsing": "nombre entier attendu",
    "bool_parsing": "0 ou 1 attendu",
    "extra_forbidden": "paramètre inconnu",
    "string_too_long": "texte trop long",
    "string_too_short": "texte trop court",
    "missing": "valeur attendue",
    "too_long": "trop de valeurs",
    "greater_than_equal": "nombre trop petit",
    "less_than_equal": "nombre trop grand",
    "less_than": "nombre trop grand",
    "literal_error": "valeur inconnue",
}


class Fault(BaseModel):
    """One wrong value: which parameter, and what is wrong with it."""

    parametre: str
    message: str


class ProblemBody(BaseModel):
    """RFC 9457 problem details."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str = ""
    errors: list[Fault] = Field(default_factory=list)


def refusals(**told: str) -> dict[int | str, dict[str, Any]]:
    """Answers of the contract: each status (``_404="Lead inconnu"``) with its French words."""
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemBody"}}}
    return {
        int(code[1:]): {"model": ProblemBody, "description": words, "content": problem}
        for code, words in told.items()
    }


class Problem(Exception):  # noqa: N818 the word of RFC 9457
    """Something to refuse, with its HTTP status and French words for it."""

    def __init__(
        self,
        status: int,
        title: str,
        detail: str = "",
        errors: Sequence[Fault] = (),
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(title)
        self.body = ProblemBody(title=title, status=status, detail=detail, errors=list(errors))
        self.headers = headers or {}


def faults(errors: Sequence[Any]) -> list[Fault]:
    """Pydantic's errors in French, by parameter."""
    found = []
    for error in errors:
        names = [str(part) for part in error["loc"] if part not in ("query", "path", "body")]
        own = error["msg"].removeprefix("Value error, ")
        message = own if error["type"] == "value_error" else _MESSAGES.get(error["type"])
        found.append(
            Fault(parametre=names[0] if names else "", message=message or "valeur refusée")
        )
    return found


def wrong_parameters(errors: Sequence[Any]) -> Problem:
    """400 for values that a search does not understand."""
    found = faults(errors)
    detail = " ; ".join(f"{one.parametre} : {one.message}" for one in found[:5])
    return Problem(400, "Paramètres incorrects", detail, found)
