"""« /curation »: the frame of the pages for those who sign in, and where they arrive."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from ingest.typed import STALE, TypedLeads
from search_api import sessions
from search_api.access import Lecteur, Person
from search_api.rights import reaches
from search_api.templating import render

router = APIRouter(include_in_schema=False)

# The rooms of the curation, in the order of the navigation: title, address, what one does there.
ROOMS = (
    ("File d’attente", "/curation/file", "Relire les leads proposés, les plus douteux d’abord."),
    ("Sources", "/curation/sources", "Suivre chaque source, ses incidents, sa quarantaine."),
    ("Règles", "/curation/regles", "Publier sans relecture ce qui est sûr."),
    ("Partenaires", "/curation/partenaires", "Gérer les clés et la qualité des dépôts."),
    ("Saisie", "/curation/saisie", "Écrire un lead recueilli par un poste à l’étranger."),
    ("Journal", "/curation/journal", "Savoir qui a décidé quoi, et quand."),
    ("Utilité", "/curation/utilite", "Lire les votes et la précision de chaque source."),
    ("Comptes", "/curation/comptes", "Ouvrir un accès, changer un rôle."),
)


def show(
    request: Request, person: Person, template: str, context: dict[str, Any], status: int = 200
) -> HTMLResponse:
    """A page that extends ``curation/base.html``, for the person signed in. Its forms send
    ``jeton``; nothing keeps a copy of it."""
    app = request.app
    own = {
        "person": person,
        "rooms": [room for room in ROOMS if reaches(app, person, room[1])],
        "jeton": sessions.jeton(sessions.token_of(request)),
    }
    return render(request, template, own | context, status, {"Cache-Control": "no-store"})


@router.get("/curation")
def arrival(request: Request, person: Lecteur) -> HTMLResponse:
    """What the person may do here."""
    stale = TypedLeads(request.app.state.store).stale(request.app.state.clock())
    mine = [one for one in stale if one.who == person.login]
    return show(request, person, "curation/home.html", {"stale": mine, "weeks": STALE})
