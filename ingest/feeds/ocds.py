"""OCDS: releases, release packages and record packages (1.0 and 1.1) to notices.

Standard: Open Contracting Data Standard, release schema 1.1.
"""

from collections.abc import Iterator
from typing import Any, BinaryIO

from ingest.feeds.json_items import Item, items
from ingest.feeds.json_value import at, objects, text
from ingest.feeds.ocds_stage import stage_and_change, tags
from ingest.feeds.ocds_texts import titles_and_bodies
from ingest.notice import Amount, Code, Notice, Received
from ingest.source import Source

_PATHS = (("releases",), ("records",))
# A record alone is one item: it begins with its ocid, a package does not.
_WHOLE = frozenset({"ocid", "compiledRelease"})

# Fields of a release in the schema; others are extensions, reported as unknown.
_KNOWN = frozenset(
    "ocid id date tag initiationType parties buyer planning tender awards contracts language"
    " relatedProcesses bids version uri url publishedDate links sources extensions".split()
)

_Found = Iterator[tuple[str, dict[str, Any] | str]]


def read(stream: BinaryIO, source: Source, name: str) -> Iterator[Received]:
    """The notices of an OCDS document, or the reasons why not, in order; never raises for what
    the document holds. Memory stays flat whatever the size of the package."""
    for item in items(stream, _PATHS, _WHOLE):
        remarks = item.remarks
        for position, release in _of_item(item):
            if isinstance(release, str):
                yield Received(position, reason=release, remarks=remarks)
            else:
                yield _received(position, release, source, remarks)
            remarks = ()


def _of_item(item: Item) -> _Found:
    if item.reason:
        yield item.position, item.reason
    elif isinstance(item.value, str):
        inside = item.value.lstrip()[:1] in ("{", "[")
        reason = "Texte JSON enfermé dans une chaîne." if inside else "Objet JSON attendu."
        yield item.position, reason
    else:
        yield from _releases(item.position, item.value)


def _releases(position: str, value: Any) -> _Found:
    """The releases of a release, a record or a package."""
    if not isinstance(value, dict):
        yield position, "Objet JSON attendu."
    elif isinstance(value.get("compiledRelease"), dict):
        yield position, value["compiledRelease"]
    elif isinstance(value.get("records"), list):
        for number, record in enumerate(value["records"]):
            yield from _releases_of_record(f"{position} records[{number}]".strip(), record)
    else:
        yield from _releases_of_record(position, value)


def _releases_of_record(position: str, value: Any) -> _Found:
    if isinstance(at(value, "compiledRelease"), dict):
        yield position, value["compiledRelease"]
    elif isinstance(at(value, "releases"), list):
        for number, release in enumerate(value["releases"]):
            yield f"{position} releases[{number}]".strip(), _full(release)
    else:
        yield position, _full(value)


def _full(release: Any) -> dict[str, Any] | str:
    if not isinstance(release, dict):
        return "Objet JSON attendu."
    if "url" in release and not release.keys() - {"url", "date", "tag"}:
        return "Publication donnée par un lien seulement, sans son contenu."
    return release


def _received(
    position: str, release: dict[str, Any], source: Source, remarks: tuple[tuple[str, str], ...]
) -> Received:
    key = _key(release)
    texts = titles_and_bodies(release)
    if not key:
        return Received(position, reason="Ni identifiant (id) ni ocid.", remarks=remarks)
    if not texts:
        return Received(position, reason="Ni titre ni description.", remarks=remarks)
    stage, change = stage_and_change(release, source.lookups.get("stage", {}))
    kind = ",".join(tags(release))
    buyer = _buyer(release)
    process = text(release.get("ocid"))
    return Received(
        position,
        Notice(
            source=source.name,
            key=key,
            texts=texts,
            kind=kind,
            stage=stage,
            change=change,
            process=process,
            buyer=text(at(release, "buyer", "name")) or text(at(buyer, "name")),
            country=_country(buyer),
            place=text(at(buyer, "address", "locality")) or text(at(buyer, "address", "region")),
            published=text(release.get("date")) or text(release.get("publishedDate")),
            deadline=text(at(release, "tender", "tenderPeriod", "endDate")),
            amount=_amount(release, stage),
            codes=_codes(release),
            url=_url(release, source, key, process),
            unknown=tuple(sorted(release.keys() - _KNOWN)),
        ),
        remarks=remarks,
    )


def _key(release: dict[str, Any]) -> str:
    """A release's id is unique within its process only. A compiled release is the process's
    present state: its id changes at each compilation, its ocid does not."""
    own, process = text(release.get("id")), text(release.get("ocid"))
    if process and (not own or "compiled" in tags(release) or process.endswith(f"-{own}")):
        return process
    return own if own.startswith(process) else f"{process}:{own}"


def _buyer(release: dict[str, Any]) -> dict[str, Any]:
    """The buyer, at best with its country: the party the release points to or whose role says so,
    else what the release itself holds (OCDS 1.0); the procuring entity when there is no buyer."""
    parties = objects(release.get("parties"))
    pointers = {
        "buyer": release.get("buyer"),
        "procuringEntity": at(release, "tender", "procuringEntity"),
    }
    found = [
        organisation
        for role, pointer in pointers.items()
        for organisation in (*(p for p in parties if _is(p, pointer, role)), *objects(pointer))
        if text(organisation.get("name"))
    ]
    return next(filter(_country, found), found[0] if found else {})


def _country(organisation: dict[str, Any]) -> str:
    address = organisation.get("address")
    return text(at(address, "countryName")) or text(at(address, "country"))


def _is(party: dict[str, Any], pointer: Any, role: str) -> bool:
    own = text(party.get("id"))
    roles = party.get("roles")
    return bool(own and own == text(at(pointer, "id"))) or (
        isinstance(roles, list) and role in roles
    )


def _amount(release: dict[str, Any], stage: str) -> Amount | None:
    values = [_value(award) for award in objects(release.get("awards"))]
    awarded = [value for value in values if value]
    # Several awards: their sum would be a guess (lots, currencies, cancelled ones).
    if stage == "awarded" and len(awarded) == 1:
        return awarded[0]
    return _value(at(release, "tender"))


def _value(holder: Any) -> Amount | None:
    value = text(at(holder, "value", "amount"))
    return Amount(value, text(at(holder, "value", "currency"))) if value else None


def _codes(release: dict[str, Any]) -> tuple[Code, ...]:
    """The tender's codes, then its items'; those of awards and contracts only without these."""
    tender = release.get("tender")
    own = at(tender, "classification"), at(tender, "additionalClassifications")
    groups = (
        [*own, *_classified(at(tender, "items"))],
        _classified([item for award in _outcomes(release) for item in objects(award.get("items"))]),
    )
    for found in groups:
        codes = (_code(each, each is own[0]) for group in found for each in objects(group))
        unique: dict[tuple[str, str], Code] = {}
        for code in filter(None, codes):
            unique.setdefault((code.scheme, code.value), code)
        if unique:
            return tuple(unique.values())
    return ()


def _outcomes(release: dict[str, Any]) -> list[dict[str, Any]]:
    return objects(release.get("awards")) + objects(release.get("contracts"))


def _classified(holders: Any) -> list[Any]:
    names = ("classification", "additionalClassifications")
    return [holder.get(name) for holder in objects(holders) for name in names]


def _code(classification: dict[str, Any], main: bool) -> Code | None:
    scheme, value = text(classification.get("scheme")), text(classification.get("id"))
    if not scheme or not value:
        return None
    scheme = "CPV" if scheme.upper() == "CPV" else scheme
    return Code(scheme, value, text(classification.get("description")), main)


def _url(release: dict[str, Any], source: Source, key: str, process: str) -> str:
    documents = objects(at(release, "tender", "documents"))
    # « tenderNotice » in the codelist, « Tender Notice » at some publishers.
    notices = [
        document.get("url")
        for document in documents
        if text(document.get("documentType")).replace(" ", "").lower() == "tendernotice"
    ]
    template = source.notice_url.replace("{key}", key).replace("{process}", process)
    for found in (*notices, at(release, "tender", "url"), release.get("uri"), template):
        if text(found).startswith(("http://", "https://")):
            return text(found)
    return ""
