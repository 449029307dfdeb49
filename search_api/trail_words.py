"""French words for what the audit trail tells."""

# Actions, as the end of a sentence that begins with who acted; others are shown as they are.
ACTIONS = {
    "publish": "a publié",
    "reject": "a rejeté",
    "hold": "a mis en attente",
    "correct": "a corrigé",
    "merge": "a réuni",
    "split": "a détaché",
    "undo": "a défait",
    "rule": "a changé une règle",
}
FIELDS = {
    "status": "Statut",
    "stage": "Étape",
    "country": "Pays",
    "deadline": "Échéance",
    "codes": "Codes",
    "title": "Titre français",
    "notices": "Nombre d’avis",
    "why": "Raison",
    "decision": "Décision nº",
    "undoes": "Défait la décision nº",
    "leads": "Autres leads",
    "name": "Nom",
    "verdict": "Effet",
    "state": "État",
    "place": "Rang",
    "conditions": "Conditions",
}
# Words of the record inside values.
VALUES = {
    "published": "publié",
    "proposed": "proposé",
    "rejected": "rejeté",
    "withdrawn": "retiré",
    "planned": "annoncé",
    "open": "ouvert",
    "awarded": "attribué",
    "cancelled": "annulé",
    "on": "en service",
    "off": "arrêtée",
    "removed": "supprimée",
    "publish": "publier",
    "hold": "faire attendre",
    "reject": "rejeter",
    "source": "source",
    "country": "pays",
    "sector": "secteur",
    "confidence": "confiance",
    "words": "mots",
}
