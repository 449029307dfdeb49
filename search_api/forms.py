"""Forms that anybody may send: whether they come from our own pages, and what they hold."""

from collections.abc import Mapping
from typing import Annotated
from urllib.parse import parse_qsl, urlsplit

from fastapi import Depends, Request

from search_api.problems import Problem
from search_api.words import plain

# Bytes of a form of a few short fields.
SHORT = 16_384

# The longest of our forms has a note of a thousand characters; one takes twelve bytes at most.
_MOST = 20_000
_FIELDS = 40
_TYPE = "application/x-www-form-urlencoded"


def from_here(request: Request) -> None:
    """Depended on by forms that come before any session, and so have no token of one. Raises
    Problem (403) for a form that another site sent."""
    told = request.headers.get("Sec-Fetch-Site", "same-origin")
    origin = request.headers.get("Origin", "")
    ours = (request.headers.get("Host", ""), urlsplit(request.app.state.settings.site_url).netloc)
    if told not in ("same-origin", "none") or (origin and urlsplit(origin).netloc not in ours):
        raise Problem(403, "Formulaire refusé", "Ce formulaire ne vient pas de ce site.")


def inside(address: str, otherwise: str = "/curation") -> str:
    """A page of this site to go on to; ``otherwise`` for what leads, or could lead, out of it."""
    strange = any(sign <= " " or sign == "\\" or "\x7f" <= sign <= "\x9f" for sign in address)
    if not address.startswith("/") or address.startswith("//") or strange or len(address) > 2_000:
        return otherwise
    if address.startswith(("/connexion", "/deconnexion", "/invitation")):
        return otherwise
    return address


async def read_body(request: Request, most: int) -> bytes | None:
    """What was sent, None when it is longer than ``most`` bytes."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > most:
            return None
    return body


async def _form(request: Request) -> Mapping[str, str]:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _TYPE:
        raise Problem(415, "Formulaire attendu", f"Un formulaire de type {_TYPE} est attendu.")
    body = await read_body(request, _MOST)
    if body is None:
        raise Problem(413, "Formulaire trop long", "Ce que vous avez envoyé est trop long.")
    try:
        return dict(
            parse_qsl(
                body.decode("ascii"),
                keep_blank_values=True,
                errors="strict",
                max_num_fields=_FIELDS,
            )
        )
    except ValueError as error:  # not UTF-8, or too many fields
        raise Problem(400, "Formulaire illisible", "Ce formulaire est illisible.") from error


# Fields by name; the last of several of a name.
Form = Annotated[Mapping[str, str], Depends(_form)]


def line(written: str, most: int, what: str) -> str:
    """The text on one line. Raises Problem when it is longer than ``most`` characters."""
    found = plain(written)
    if len(found) > most:
        raise Problem(400, "Texte trop long", f"{what} : {most} caractères au plus.")
    return found
