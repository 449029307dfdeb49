"""A partner's own account: what it may still send, its keys, how good what it sends is."""

from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from ingest.submissions.score import WINDOW, Score, score
from search_api.api_keys import ApiKeys
from search_api.meter import Allowance, MeteredRoute
from search_api.submissions import DOOR, Reader, page_of


class Quota(BaseModel):
    """Une limite : tant par fenêtre (secondes), ce qu’il en reste, et dans combien de secondes elle
    se renouvelle."""

    nom: str
    limite: int
    fenetre: int
    reste: int
    renouvellement: int


class Cle(BaseModel):
    """Une clé valable, par son début public."""

    debut: str
    portees: list[str]
    essai: bool
    expire: datetime
    vue: datetime | None


class Qualite(BaseModel):
    """Ce que sont devenues les demandes des derniers jours. note : de 0 à 100, 60 pour la part
    acceptée, 20 pour ce que personne n’avait dit, 20 pour les champs remplis."""

    jours: int
    note: int | None
    demandes: int
    acceptees: int
    refusees: int
    en_attente: int
    retirees: int
    deja_connues: int
    motifs: dict[str, int] = Field(description="Motif de refus → nombre")
    champs_absents: dict[str, int] = Field(description="Champ → demandes qui ne l’ont pas")


class Partenaire(BaseModel):
    """Le compte d’un partenaire."""

    nom: str
    titre: str
    confiance: str = Field(description="high : publié aussitôt ; sinon, relu par un analyste")
    essai: bool
    quotas: list[Quota]
    cles: list[Cle]
    qualite: Qualite


router = APIRouter(
    prefix="/api/v1/partenaire", route_class=MeteredRoute, responses=DOOR, tags=["Demandes"]
)


@router.get("", response_model=Partenaire, summary="Son compte : quotas, clés, qualité")
def account(request: Request, sender: Reader) -> Response:
    """Le compte du partenaire dont la clé est montrée."""
    page, now = page_of(request, sender), request.app.state.clock()
    keys = ApiKeys(request.app.state.store).keys(sender.partner)
    with request.app.state.store.reading() as connection:
        quality = score(connection, sender.partner, now)
    body = Partenaire(
        nom=page.name,
        titre=page.title,
        confiance=page.trust,
        essai=sender.sandbox,
        quotas=[_quota(one) for one in request.state.allowances],
        cles=[
            Cle(
                debut=key.id,
                portees=list(key.scopes),
                essai=key.sandbox,
                expire=key.expires,
                vue=key.used,
            )
            for key in keys
            if key.valid(now)
        ],
        qualite=quality_of(quality),
    )
    return Response(body.model_dump_json(), media_type="application/json")


def quality_of(told: Score) -> Qualite:
    """A score in the words of the API."""
    return Qualite(
        jours=WINDOW.days,
        note=told.mark,
        demandes=told.demands,
        acceptees=told.accepted,
        refusees=told.refused,
        en_attente=told.waiting,
        retirees=told.withdrawn,
        deja_connues=told.joined,
        motifs=dict(told.reasons),
        champs_absents=dict(told.missing),
    )


def _quota(one: Allowance) -> Quota:
    told: dict[str, Any] = {"nom": one.name, "limite": one.quota, "fenetre": one.window}
    return Quota(**told, reste=one.left, renouvellement=one.reset)
