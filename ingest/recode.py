"""Codes that leads had already, for them to be made anew without a word of theirs coded again:
what another coder, or the same one taught since, would guess differently is not the decision's."""

from collections.abc import Sequence

from index.lead import Lead
from ingest.classify import Asked, Coding, asked


def codings_known(leads: Sequence[Lead], before: Sequence[Lead]) -> dict[Asked, Coding]:
    """What ``classify`` would answer for leads made of the same notices and given the same codes
    as one of those before."""
    found = {}
    for lead in leads:
        old = next((old for old in before if _same(lead, old)), None)
        if old is not None:
            coding = Coding(old.codes, old.hints, old.without_hs, old.sectors)
            found[asked(lead.texts, lead.codes)] = coding
    return found


def _same(lead: Lead, old: Lead) -> bool:
    """An analyst who says that a lead has no HS code hides those guessed: they are no more."""
    return (
        _notices(lead) == _notices(old)
        and _given(lead) == _given(old)
        and (_emptied(lead) or not _emptied(old))
    )


def _notices(lead: Lead) -> set[tuple[str, str, str, str]]:
    return {(one.source, one.key, one.raw, one.received.isoformat()) for one in lead.provenances}


def _given(lead: Lead) -> list[tuple[str, str, str]]:
    said = (code for code in lead.codes if code.method in ("source", "analyst"))
    return [(code.scheme, code.code, code.method) for code in said]


def _emptied(lead: Lead) -> bool:
    return "HS" in lead.checked and all(code.scheme != "HS" for code in lead.codes)
