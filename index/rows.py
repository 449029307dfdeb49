"""What a lead leaves in the vector table beside its vector: who may see it, and its codes."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from index.concepts import concepts
from index.lead import Lead, LeadCode
from index.vectors import CODES, DOMESTIC, PUBLISHED, ROW


def _given(lead: Lead) -> list[LeadCode]:
    """The surest of the codes that a source or an analyst gave."""
    known = concepts().position
    given = [code for code in lead.codes if code.given and (code.scheme, code.code) in known]
    return sorted(given, key=lambda code: -code.score)[:CODES]


def described(leads: Sequence[Lead]) -> NDArray[np.void]:
    """One row a lead, without its vector."""
    rows = np.zeros(len(leads), ROW)
    for row, lead in zip(rows, leads, strict=True):
        codes = _given(lead)
        row["expires"] = int(lead.expires.timestamp()) if lead.expires else 0
        row["flags"] = PUBLISHED * (lead.status == "published") | DOMESTIC * lead.domestic
        places = [concepts().position[code.scheme, code.code] for code in codes]
        row["codes"][: len(codes)] = places
        row["weights"][: len(codes)] = [round(255 * code.score) for code in codes]
    return rows
