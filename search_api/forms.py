"""Forms that anybody may send: whether they come from our own pages."""

from urllib.parse import urlsplit

from fastapi import Request

from search_api.problems import Problem

# Bytes of a form of a few short fields.
SHORT = 16_384


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
