"""The fields that notices of a source have, as its monitors counted them, in French."""

from typing import Any

from index.store import LeadStore
from ingest.source import Source
from ingest.states import reading

# Fields of a notice, as people say them.
FIELDS = {
    "title": "titre",
    "text": "texte",
    "buyer": "acheteur",
    "country": "pays",
    "published": "parution",
    "deadline": "échéance",
    "amount": "montant",
    "codes": "codes",
    "url": "adresse",
}


def read_fields(store: LeadStore, page: Source) -> list[tuple[str, float, float]]:
    """Field, share of the last notices read that have it, least share that the page asks for."""
    floors: dict[Any, float] = page.collect.coverage if page.collect else {}
    looked = reading(store, page.name)
    # Shares of nothing would look like fields that are missing.
    shares = looked.get("coverage") if looked.get("received") else None
    return [
        (field, float(shares[field]), floors.get(field, 0.0))
        for field in FIELDS
        if isinstance(shares, dict) and isinstance(shares.get(field), int | float)
    ]
