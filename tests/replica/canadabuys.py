"""CanadaBuys: the file of open tender notices, in both official languages.

Shape: the 67 columns of the file as public programs of 2026 read it: UTF-8 with its mark, every
cell between quotes, several values in a cell each after a star on its own line, each amendment a
row that tells the whole notice again.
"""

import csv
import hashlib
import io
from collections.abc import Sequence
from datetime import date, timedelta

from replica.material import Piece
from replica.retold import Retold, retold
from replica.server import Answer, Asked, Service

HOST = "canadabuys.canada.ca"
PATH = "/opendata/pub/openTenderNotice-ouvertAvisAppelOffres.csv"
ROBOTS = b"User-agent: *\nCrawl-delay: 10\nDisallow: /admin/\n"

COLUMNS = (
    "title-titre-eng title-titre-fra referenceNumber-numeroReference"
    " amendmentNumber-numeroModification solicitationNumber-numeroSollicitation"
    " publicationDate-datePublication tenderClosingDate-appelOffresDateCloture"
    " amendmentDate-dateModification expectedContractStartDate-dateDebutContratPrevue"
    " expectedContractEndDate-dateFinContratPrevue tenderStatus-appelOffresStatut-eng"
    " tenderStatus-appelOffresStatut-fra gsin-nibs gsinDescription-nibsDescription-eng"
    " gsinDescription-nibsDescription-fra unspsc unspscDescription-eng unspscDescription-fra"
    " procurementCategory-categorieApprovisionnement noticeType-avisType-eng"
    " noticeType-avisType-fra procurementMethod-methodeApprovisionnement-eng"
    " procurementMethod-methodeApprovisionnement-fra selectionCriteria-criteresSelection-eng"
    " selectionCriteria-criteresSelection-fra limitedTenderingReason-raisonAppelOffresLimite-eng"
    " limitedTenderingReason-raisonAppelOffresLimite-fra tradeAgreements-accordsCommerciaux-eng"
    " tradeAgreements-accordsCommerciaux-fra regionsOfOpportunity-regionAppelOffres-eng"
    " regionsOfOpportunity-regionAppelOffres-fra regionsOfDelivery-regionsLivraison-eng"
    " regionsOfDelivery-regionsLivraison-fra contractingEntityName-nomEntitContractante-eng"
    " contractingEntityAddressLine-ligneAdresseEntiteContractante-eng"
    " contractingEntityAddressCity-entiteContractanteAdresseVille-eng"
    " contractingEntityAddressProvince-entiteContractanteAdresseProvince-eng"
    " contractingEntityAddressPostalCode-entiteContractanteAdresseCodePostal"
    " contractingEntityAddressCountry-entiteContractanteAdressePays-eng"
    " contractingEntityName-nomEntitContractante-fra"
    " contractingEntityAddressLine-ligneAdresseEntiteContractante-fra"
    " contractingEntityAddressCity-entiteContractanteAdresseVille-fra"
    " contractingEntityAddressProvince-entiteContractanteAdresseProvince-fra"
    " contractingEntityAddressCountry-entiteContractanteAdressePays-fra"
    " endUserEntitiesName-nomEntitesUtilisateurFinal-eng"
    " endUserEntitiesAddress-adresseEntitesUtilisateurFinal-eng"
    " endUserEntitiesName-nomEntitesUtilisateurFinal-fra"
    " endUserEntitiesAddress-adresseEntitesUtilisateurFinal-fra"
    " contactInfoName-informationsContactNom contactInfoEmail-informationsContactCourriel"
    " contactInfoPhone-contactInfoTelephone contactInfoFax"
    " contactInfoAddressLine-contactInfoAdresseLigne-eng contactInfoCity-contacterInfoVille-eng"
    " contactInfoProvince-contacterInfoProvince-eng contactInfoPostalcode"
    " contactInfoCountry-contactInfoPays-eng contactInfoAddressLine-contactInfoAdresseLigne-fra"
    " contactInfoCity-contacterInfoVille-fra contactInfoProvince-contacterInfoProvince-fra"
    " contactInfoCountry-contactInfoPays-fra noticeURL-URLavis-eng noticeURL-URLavis-fra"
    " attachment-piecesJointes-eng attachment-piecesJointes-fra"
    " tenderDescription-descriptionAppelOffres-eng tenderDescription-descriptionAppelOffres-fra"
).split()

_UNSPSC = ("*43230000\n*81110000", "*56101500", "*25131700")


def service(pieces: Sequence[Piece], today: date) -> Service:
    """Serves all the pieces; the first ones amended, by rows that come before the first version."""
    notices = retold(pieces, today)
    amended = [row(one, amendment=1) for one in notices if one.number <= 3]
    rows = [*amended, *(row(one) for one in notices)]
    body = b"\xef\xbb\xbf" + table(rows)
    etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'

    def answer(asked: Asked) -> Answer:
        if asked.path == "/robots.txt":
            return Answer(ROBOTS)
        if asked.path != PATH:
            return Answer(status=404)
        if asked.headers.get("If-None-Match") == etag:
            return Answer(status=304)
        return Answer(body, headers={"Content-Type": "text/csv", "ETag": etag})

    return answer


def table(rows: Sequence[dict[str, str]]) -> bytes:
    """The file, without its mark."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, restval="", quoting=csv.QUOTE_ALL)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def row(one: Retold, amendment: int = 0) -> dict[str, str]:
    """A notice, or one of its amendments, which leaves a week more."""
    key = f"cb-{one.number}-{40_000_000 + one.number}"
    page = "https://canadabuys.canada.ca/{}/tender-opportunities/tender-notice/" + key
    deadline = one.deadline + timedelta(days=7 * amendment)
    return {
        "title-titre-eng": one.title,
        "title-titre-fra": f"Avis numéro {one.number} : fourniture de matériel pour le ministère",
        "referenceNumber-numeroReference": key,
        "amendmentNumber-numeroModification": f"{amendment:03d}",
        "solicitationNumber-numeroSollicitation": f"W{one.number}",
        "publicationDate-datePublication": str(one.published),
        "tenderClosingDate-appelOffresDateCloture": f"{deadline:%Y-%m-%dT%H:%M:%S}",
        "amendmentDate-dateModification": (
            str(one.published + timedelta(days=1)) if amendment else ""
        ),
        "tenderStatus-appelOffresStatut-eng": "Open",
        "tenderStatus-appelOffresStatut-fra": "Ouvert",
        "gsin-nibs": "*N7030" if one.number % 2 else "",
        "unspsc": _UNSPSC[one.number % len(_UNSPSC)],
        "procurementCategory-categorieApprovisionnement": "*GD",
        "noticeType-avisType-eng": "Request for Proposal",
        "noticeType-avisType-fra": "Demande de propositions",
        "tradeAgreements-accordsCommerciaux-eng": "*Canada-Colombia\n*Canada-Peru",
        "regionsOfDelivery-regionsLivraison-eng": "*Ontario (except NCR)\n*Quebec (except NCR)",
        "regionsOfDelivery-regionsLivraison-fra": "*Ontario (sauf RCN)\n*Québec (sauf RCN)",
        "contractingEntityName-nomEntitContractante-eng": "Public Works",
        "endUserEntitiesName-nomEntitesUtilisateurFinal-eng": f"*{one.buyer}" if one.buyer else "",
        "contactInfoName-informationsContactNom": "Doe, Jane",
        "contactInfoEmail-informationsContactCourriel": "jane.doe@example.org",
        "noticeURL-URLavis-eng": page.format("en"),
        "noticeURL-URLavis-fra": page.format("fr"),
        "attachment-piecesJointes-eng": "https://example.org/a.pdf, https://example.org/b.pdf",
        "tenderDescription-descriptionAppelOffres-eng": one.body,
        "tenderDescription-descriptionAppelOffres-fra": (
            "Le ministère demande des propositions pour la fourniture et la livraison de matériel."
        ),
    }
