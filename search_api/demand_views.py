"""What a partner is told of its demands, in the French words of the API."""

from datetime import datetime
from typing import Any, Literal
from urllib.parse import quote

from pydantic import BaseModel, Field

from index.lead import Lead, Method, Stage
from index.wording import label
from ingest.submissions.record import Submission, Version
from ingest.submissions.rehearsal import PUBLIC, Rehearsal

Statut = Literal["reçue", "validée", "proposée", "publiée", "refusée", "retirée"]

_ACTIONS = {"put": "déposée", "withdraw": "retirée"}
_ISSUES = {
    "": "à lire",
    "new": "nouvelle",
    "updated": "mise à jour",
    "joined": "réunie à une demande déjà connue",
    "duplicates": "déjà connue",
    "refused": "refusée",
    "tried": "essayée",
}


class CodeCompris(BaseModel):
    """Un code compris de la demande : la confiance va de 0 à 1 ; la méthode « source » est un code
    que vous avez donné ; les indices sont les mots qui parlent pour lui."""

    nomenclature: Literal["CPV", "SH", "NAF"]
    code: str
    libelle: str
    confiance: float
    methode: Method
    indices: list[str]


class Ressemblance(BaseModel):
    """Un lead publié qui ressemble à la demande. meme_demande : elle y serait réunie."""

    lead: str
    adresse: str
    titre: str
    meme_demande: bool
    score: float
    raisons: list[str]


class Comprise(BaseModel):
    """La demande telle qu’elle est comprise."""

    titre: str
    langue: str
    acheteur: str
    pays: str
    lieu: str
    etape: Stage
    montant_euros: float | None
    echeance: datetime | None
    expire: datetime | None
    domestique: bool = Field(description="Acheteur français : hors des résultats de recherche")
    codes: list[CodeCompris]
    sans_sh: bool = Field(description="Service ou travaux, qui n’ont pas de code SH")
    secteurs: list[str]


class Essai(BaseModel):
    """Ce que deviendrait une demande : rien n’est écrit."""

    verdict: Statut
    motif: str
    comprise: Comprise | None
    remarques: list[str]
    champs_absents: list[str]
    ressemblances: list[Ressemblance]


class Etape(BaseModel):
    """Une version de la demande : quand elle est arrivée, a été lue, se trouve en cherchant."""

    version: int
    action: str
    recue: datetime
    traitee: datetime | None
    cherchable: datetime | None
    issue: str
    motif: str


class Suivi(BaseModel):
    """Où en est une demande. adresse : sa page publique, dès qu’elle est publiée. essai : déposée
    avec une clé d’essai, jamais publiée."""

    reference: str
    version: int
    statut: Statut
    motif: str
    essai: bool
    recue: datetime
    modifiee: datetime
    adresse: str | None
    comprise: Comprise | None
    remarques: list[str]
    champs_absents: list[str]
    ressemblances: list[Ressemblance]
    historique: list[Etape]


class Demandes(BaseModel):
    """Une page de demandes, la plus récente d’abord. suivante : adresse de la page suivante."""

    demandes: list[Suivi]
    suivante: str | None


def address(reference: str) -> str:
    """Where a demand is followed."""
    return f"/api/v1/demandes/{quote(reference)}"


def status(one: Submission) -> tuple[Statut, str]:
    """Where a demand stands, and why when it is refused. The lead says it, so that what an analyst
    decides later is seen."""
    last = one.versions[0]
    if not one.present:
        return "retirée", ""
    if last.done is None:
        return "reçue", one.waits
    if last.outcome == "refused":
        return "refusée", last.reason
    if one.lead is None:
        return "validée", ""
    return _of_lead(one.lead, last, one.rejected)


def _of_lead(lead: Lead, last: Version, why: str) -> tuple[Statut, str]:
    if lead.status == "rejected":
        return "refusée", why or "Écartée par un analyste"
    if lead.status == "withdrawn":
        return "retirée", ""
    if lead.status == "proposed":
        return "proposée", ""
    return ("publiée" if last.searchable else "validée"), ""


def followed(one: Submission, site: str) -> Suivi:
    """All that is told of a demand. site: public address of the site."""
    last, (standing, why) = one.versions[0], status(one)
    tried = last.told if one.sandbox else {}
    lead = Lead.model_validate(tried["lead"]) if tried.get("lead") else one.lead
    public = one.lead is not None and one.lead.status in PUBLIC and one.present
    return Suivi(
        reference=one.reference,
        version=one.version,
        statut=standing,
        motif=why,
        essai=one.sandbox,
        recue=one.created,
        modifiee=one.changed,
        adresse=f"{site}/leads/{one.lead.id}" if one.lead and public else None,
        comprise=understood(lead) if lead else None,
        remarques=remarks(last.told.get("remarks", [])),
        champs_absents=last.told.get("missing", []),
        ressemblances=_alike(tried.get("alike", []), site),
        historique=[_step(version) for version in one.versions],
    )


def rehearsed(told: Rehearsal, missing: list[str], site: str) -> Essai:
    """What a rehearsal tells."""
    verdict: Statut = "refusée"
    if told.lead is not None:
        verdict = "publiée" if told.lead.status in PUBLIC else "proposée"
    plain = told.to_json()
    return Essai(
        verdict=verdict,
        motif=told.reason,
        comprise=understood(told.lead) if told.lead else None,
        remarques=remarks(plain["remarks"]),
        champs_absents=missing,
        ressemblances=_alike(plain["alike"], site),
    )


def understood(lead: Lead) -> Comprise:
    """A lead as its sender is told of it."""
    return Comprise(
        titre=lead.title,
        langue=lead.language,
        acheteur=lead.buyer,
        pays=lead.country,
        lieu=lead.place,
        etape=lead.stage,
        montant_euros=lead.value.euros if lead.value else None,
        echeance=lead.deadline,
        expire=lead.expires,
        domestique=lead.domestic,
        codes=[
            CodeCompris(
                nomenclature="SH" if code.scheme == "HS" else code.scheme,
                code=code.code,
                libelle=label(code.scheme, code.code),
                confiance=code.score,
                methode=code.method,
                indices=list(code.evidence),
            )
            for code in lead.told
        ],
        sans_sh=lead.without_hs,
        secteurs=list(lead.sectors),
    )


def remarks(told: list[list[str]]) -> list[str]:
    """« langue inconnue : (absente) »."""
    return [f"{subject} : {detail}" for subject, detail in told]


def _alike(told: list[dict[str, Any]], site: str) -> list[Ressemblance]:
    return [
        Ressemblance(
            lead=one["lead"],
            adresse=f"{site}/leads/{one['lead']}",
            titre=one["title"],
            meme_demande=one["same"],
            score=one["score"],
            raisons=one["reasons"],
        )
        for one in told
    ]


def _step(version: Version) -> Etape:
    return Etape(
        version=version.version,
        action=_ACTIONS[version.action],
        recue=version.received,
        traitee=version.done,
        cherchable=version.searchable,
        issue=_ISSUES[version.outcome],
        motif=version.reason,
    )
