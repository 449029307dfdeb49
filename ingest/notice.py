"""A notice: what a source said, word for word, before anything is understood of it."""

import hashlib
from dataclasses import dataclass, replace
from typing import Any

import orjson

_NO_EXPIRY = b',"expires":""}'

# What takes the place of everything its source said under the same key.
REPLACING = ("replacement", "withdrawal")


@dataclass(frozen=True, slots=True)
class Text:
    """Title and body in one language; ``language`` is the tag the source gave, or ""."""

    title: str
    body: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True)
class Code:
    """A code of some classification, as written: ``scheme`` is CPV, HS, NAF, UNSPSC, NAICS…"""

    scheme: str
    value: str
    label: str = ""
    main: bool = False


@dataclass(frozen=True, slots=True)
class Amount:
    """An amount as written by the source, and its currency as written ("" when unsaid)."""

    value: str
    currency: str = ""


@dataclass(frozen=True, slots=True)
class Notice:
    """One notice of one source. Every string is the source's own, not interpreted.

    key: identifier of the notice at its source; a new version of it keeps the same key.
    process: identifier shared by all notices of one demand (``ocid``, ``ContractFolderID``), or "".
    previous: keys of earlier notices of the same source that this one follows or changes.
    stage: planned, open, awarded, cancelled, or "" when the kind says nothing of it.
    kind: the source's own word for the type of notice ("7", "cn-standard", "PRESOL").
    change: "" for a new notice, else amendment or cancellation, when the source says so;
    replacement or withdrawal when it takes the place of all that was said under its key, or takes
    it back.
    texts: the original language first.
    country: of the buyer, as written (name, ISO 2 or 3 letters).
    place: city or area, as written.
    published, deadline: dates as written; how to read them is on the source's page.
    unknown: names of fields the reader met and does not know, for the report.
    expires: day after which it is not on offer any more, as written, when there is no deadline.
    """

    source: str
    key: str
    texts: tuple[Text, ...]
    kind: str = ""
    stage: str = ""
    change: str = ""
    process: str = ""
    previous: tuple[str, ...] = ()
    buyer: str = ""
    country: str = ""
    place: str = ""
    published: str = ""
    deadline: str = ""
    amount: Amount | None = None
    codes: tuple[Code, ...] = ()
    url: str = ""
    unknown: tuple[str, ...] = ()
    expires: str = ""

    def fingerprint(self) -> str:
        """SHA-256 of the content: two deliveries of the same words have the same one."""
        words = replace(self, unknown=()) if self.unknown else self
        written = orjson.dumps(words)
        # What records knew before notices could say when they expire keeps its fingerprint.
        known = written.removesuffix(_NO_EXPIRY)
        return hashlib.sha256(known + b"}" if known != written else written).hexdigest()

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Notice":
        """From the plain JSON object that ``orjson.dumps`` made of a notice."""
        amount = data.get("amount")
        return cls(
            **{
                **data,
                "texts": tuple(Text(**text) for text in data["texts"]),
                "codes": tuple(Code(**code) for code in data["codes"]),
                "amount": Amount(**amount) if amount else None,
                "previous": tuple(data["previous"]),
                "unknown": tuple(data["unknown"]),
            }
        )


@dataclass(frozen=True, slots=True)
class Received:
    """One item found in a document: a notice, or the reason (in French) why it could not be read.

    position: where in the document, for people ("ligne 12", "releases[3]"), "" for the whole.
    remarks: (subject, detail) pairs to count in the report, e.g. ("encodage", "déclaré utf-16, lu
    en utf-8"); they do not prevent the notice from going on.
    """

    position: str
    notice: Notice | None = None
    reason: str = ""
    remarks: tuple[tuple[str, str], ...] = ()
