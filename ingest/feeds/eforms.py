"""Notices in eForms, the UBL of European public procurement since 2022 (eForms SDK 1.x)."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import BinaryIO

from ingest.feeds.ted import Kind, kinds, notice_url, publication_key
from ingest.feeds.xml import Element, Parts, first, inside, local, parts, read_each, text, words
from ingest.notice import Amount, Code, Notice, Received, Text
from ingest.source import Source

_UBL = "{{urn:oasis:names:specification:ubl:schema:xsd:{0}-2}}{0}"
_REGISTRATION = "BusinessRegistrationInformationNotice"

ROOTS = (
    *map(_UBL.format, ("PriorInformationNotice", "ContractNotice", "ContractAwardNotice")),
    f"{{*}}{_REGISTRATION}",
)

_EXTENSIONS = "{*}UBLExtensions/{*}UBLExtension/{*}ExtensionContent/{*}EformsExtension"

# When one may first act on a lot, closest first: ask to take part in a two-stage procedure, else
# tender, else express interest after a prior information notice (BT-1311, BT-131, BT-630).
_DEADLINES = (
    "{*}ParticipationRequestReceptionPeriod",
    "{*}TenderSubmissionDeadlinePeriod",
    f"{_EXTENSIONS}/{{*}}InterestExpressionReceptionPeriod",
)

# What the results of lots (BT-142) make of a notice, the strongest first.
_RESULTS = (
    ("selec-w", Kind("awarded")),
    ("open-nw", Kind("open")),
    ("clos-nw", Kind("cancelled", "cancellation")),
)

_DATE = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(Z|[+-][0-9]{2}:[0-9]{2})?")
_TIME = re.compile(r"([0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?)(Z|[+-][0-9]{2}:[0-9]{2})?")
_NOTICE_ID = re.compile(r"([0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12})(?:-[0-9]{2})?", re.I)


def read(stream: BinaryIO, source: Source, name: str) -> Iterator[Received]:
    """Notices of an eForms document, or of a document wrapping several, in order.

    name: the document's, for messages. Bad content gives reasons, never an exception.
    """
    return read_each(stream, ROOTS, partial(_read, source))


def _read(source: Source, root: Element, position: str) -> Received:
    if local(root) == _REGISTRATION:
        return Received(position, reason="Avis d’immatriculation d’une société : aucune demande")
    top = parts(root)
    extra = parts(*root.iterfind(_EXTENSIONS))
    number = publication_key(first(inside(extra, "Publication").get("NoticePublicationID")))
    # Versions of an unpublished notice share the identifier: the version is not part of the key.
    key = number or first(top.get("ID"))
    texts = _texts(_projects(top), first(top.get("NoticeLanguageCode")))
    if not key:
        return Received(position, reason="Avis sans identifiant")
    if not texts:
        return Received(position, reason=f"Avis {key} sans titre")
    previous, unread = _previous(root, key)
    notice = _notice(source, key, top, extra, texts)
    return Received(
        position, replace(notice, previous=previous, url=notice_url(source, number)), remarks=unread
    )


def _notice(source: Source, key: str, top: Parts, extra: Parts, texts: tuple[Text, ...]) -> Notice:
    code = first(top.get("NoticeTypeCode"))
    table = kinds("eforms_kinds.csv")
    kind = table.get(code, Kind())
    stage, change = _outcome(kind, extra)
    buyer, country, place = _buyer(top, extra, texts[0].language)
    return Notice(
        source=source.name,
        key=key,
        texts=texts,
        kind=code,
        stage=stage,
        change=change,
        process=first(top.get("ContractFolderID")),
        buyer=buyer,
        country=country,
        place=place,
        published=_published(top, extra),
        deadline=_deadline(top),
        amount=_awarded(extra) if kind.stage == "awarded" else _estimate(top),
        codes=_codes(_projects(top)),
        unknown=() if code in table else (f"type d'avis {code}",),
    )


def _projects(top: Parts) -> list[Element]:
    """What is bought: the procedure as a whole, then lot by lot."""
    lots = inside(top, "ProcurementProjectLot")
    return [*top.get("ProcurementProject", []), *lots.get("ProcurementProject", [])]


def _texts(projects: list[Element], own: str) -> tuple[Text, ...]:
    """Names and descriptions by language, that of the notice (``own``) first.

    A prior information notice may name its lots only: the first one gives the title.
    """
    titles: dict[str, str] = {}
    blocks: dict[str, dict[str, None]] = {}
    for project in projects:
        for part in project.iterchildren("{*}Name", "{*}Description"):
            language = part.get("languageID") or own
            said = _lines(part)
            if said and local(part) == "Name":
                titles.setdefault(language, " ".join(said.split()))
            blocks.setdefault(language, {})[said] = None
    return tuple(
        Text(
            title, "\n".join(said for said in blocks[language] if said not in ("", title)), language
        )
        for language, title in sorted(titles.items(), key=lambda item: item[0] != own)
    )


def _lines(element: Element) -> str:
    """Text of the element, its line breaks kept: eForms has no paragraphs."""
    lines = (" ".join(line.split()) for line in text(element).splitlines())
    return "\n".join(line for line in lines if line)


def _outcome(kind: Kind, extra: Parts) -> Kind:
    """What the notice says of the demand: its type, then the results of lots, then its changes."""
    results = inside(inside(extra, "NoticeResult"), "LotResult")
    codes = {words(code) for code in results.get("TenderResultCode", [])}
    kind = next((outcome for code, outcome in _RESULTS if code in codes), kind)
    if "Changes" not in extra:
        return kind
    reasons = {words(code) for change in extra["Changes"] for code in change.iter("{*}ReasonCode")}
    if "cancel" in reasons:
        return Kind("cancelled", "cancellation")
    return Kind(kind.stage, kind.change or "amendment")


def _previous(root: Element, key: str) -> tuple[tuple[str, ...], tuple[tuple[str, str], ...]]:
    """Keys of the earlier notices, then a remark for each reference that is not understood."""
    references = [
        *root.iter("{*}ChangedNoticeIdentifier"),
        *(
            reference
            for document in root.iter("{*}NoticeDocumentReference")
            for reference in document.iterchildren("{*}ID")
        ),
    ]
    keys = {words(reference): _reference(words(reference)) for reference in references}
    keys.pop("", None)
    known = dict.fromkeys(value for value in keys.values() if value and value != key)
    return tuple(known), tuple(("référence", said) for said, value in keys.items() if not value)


def _reference(reference: str) -> str:
    """Key of the notice referred to: a publication number, or an identifier less its version."""
    if found := _NOTICE_ID.fullmatch(reference):
        return found[1]
    return publication_key(reference)


def _buyer(top: Parts, extra: Parts, language: str) -> tuple[str, str, str]:
    """Names of the buyers joined by « ; », country and town of the first that gives them."""
    organisations = inside(inside(extra, "Organizations"), "Organization")
    known = {
        words(company.find("{*}PartyIdentification/{*}ID")): company
        for company in (*organisations.get("TouchPoint", []), *organisations.get("Company", []))
    }
    buyers = [
        # Drafts of the format describe the buyer in place.
        known.get(words(party.find("{*}PartyIdentification/{*}ID")) or "-", party)
        for party in inside(top, "ContractingParty").get("Party", [])
    ]
    names = dict.fromkeys(name for buyer in buyers if (name := _name(buyer, language)))
    addresses = [address for buyer in buyers for address in buyer.iterchildren("{*}PostalAddress")]
    return (
        " ; ".join(names),
        _first_found(addresses, "{*}Country/{*}IdentificationCode"),
        _first_found(addresses, "{*}CityName"),
    )


def _name(company: Element, language: str) -> str:
    names = list(company.iterfind("{*}PartyName/{*}Name"))
    return words(
        next((name for name in names if name.get("languageID") == language), None)
    ) or first(names)


def _first_found(elements: list[Element], path: str) -> str:
    return next((said for element in elements if (said := words(element.find(path)))), "")


def _published(top: Parts, extra: Parts) -> str:
    """Day of publication; that of dispatch for a notice not yet published. The offset goes: a day
    of publication is the Official Journal's."""
    publication = inside(extra, "Publication")
    written = first(publication.get("PublicationDate")) or first(top.get("IssueDate"))
    found = _DATE.fullmatch(written)
    return found[1] if found else written


def _deadline(top: Parts) -> str:
    """Deadline of the last lot: until then, something of the notice is still on offer."""
    lots = inside(top, "ProcurementProjectLot")
    processes = [*top.get("TenderingProcess", []), *lots.get("TenderingProcess", [])]
    return max((end for process in processes if (end := _end(process))), key=_instant, default="")


def _end(process: Element) -> str:
    periods = (period for path in _DEADLINES for period in process.iterfind(path))
    ends = (
        _moment(words(end.find("{*}EndDate")), words(end.find("{*}EndTime"))) for end in periods
    )
    return next((end for end in ends if end), "")


def _moment(day: str, hour: str) -> str:
    """One ISO 8601 string of "2020-02-04+02:00" and "10:00:00+02:00"; else both as written."""
    date, time = _DATE.fullmatch(day), _TIME.fullmatch(hour)
    if date and time:
        return f"{date[1]}T{time[1]}{time[2] or date[2] or ''}"
    return date[1] if date and not hour else f"{day} {hour}".strip()


def _instant(moment: str) -> datetime:
    try:
        instant = datetime.fromisoformat(moment)
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


def _estimate(top: Parts) -> Amount | None:
    """Estimate of the procedure, else of its single lot: a sum of lots would be a guess."""
    path = "{*}RequestedTenderTotal/{*}EstimatedOverallContractAmount"
    whole = [
        value for project in top.get("ProcurementProject", []) for value in project.iterfind(path)
    ]
    lots = [
        lot
        for lot in top.get("ProcurementProjectLot", [])
        if (name := lot.find("{*}ID")) is None or name.get("schemeName") != "LotsGroup"
    ]
    if not whole and len(lots) == 1:
        whole = list(lots[0].iterfind(f"{{*}}ProcurementProject/{path}"))
    return _single(whole)


def _awarded(extra: Parts) -> Amount | None:
    return _single(inside(extra, "NoticeResult").get("TotalAmount", []))


def _single(values: list[Element]) -> Amount | None:
    if len(values) != 1 or not (value := words(values[0])):
        return None
    return Amount(value, values[0].get("currencyID", ""))


def _codes(projects: list[Element]) -> tuple[Code, ...]:
    """CPV codes, the main one first; other classifications are national and left out."""
    main, others = (
        [
            words(code)
            for project in projects
            for code in project.iterfind(
                f"{{*}}{kind}CommodityClassification/{{*}}ItemClassificationCode"
            )
            if code.get("listName", "cpv") in ("cpv", "")
        ]
        for kind in ("Main", "Additional")
    )
    values = dict.fromkeys(value for value in main[:1] + others + main[1:] if value)
    return tuple(Code("CPV", value, main=[value] == main[:1]) for value in values)
