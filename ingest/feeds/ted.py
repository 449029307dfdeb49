"""Notices of TED_EXPORT, the XML of Tenders Electronic Daily until 2023 (R2.0.8 and R2.0.9)."""

import csv
import re
from collections.abc import Iterator
from functools import cache, partial
from importlib.resources import files
from typing import BinaryIO, NamedTuple

from ingest.feeds.xml import Element, Parts, first, inside, local, parts, read_each, words
from ingest.notice import Amount, Code, Notice, Received, Text
from ingest.source import Source

ROOTS = ("{*}TED_EXPORT",)

# Of all that a form says, what describes the object and its lots: standard forms, then those of
# R2.0.8 (defence). The first title met is the notice's.
_TITLES = ("TITLE", "TITLE_CONTRACT")
_TEXTS = (
    "{*}TITLE",
    "{*}SHORT_DESCR",
    "{*}TITLE_CONTRACT",
    "{*}SHORT_CONTRACT_DESCRIPTION",
    "{*}TOTAL_QUANTITY_OR_SCOPE",
    "{*}LOT_TITLE",
    "{*}LOT_DESCRIPTION",
)

# Coded type of the value of the whole, then the element of a lot and the value that it bears:
# these serve when the whole has no coded value and there is a single lot.
_AWARDED = ("PROCUREMENT_TOTAL", "AWARD_CONTRACT", "VAL_TOTAL")
_ESTIMATED = ("ESTIMATED_TOTAL", "OBJECT_DESCR", "VAL_OBJECT")

_OF_JOURNAL = re.compile(r"([0-9]{4})/S ?[0-9]{1,3}-0*([0-9]{1,8})")  # 2019/S 141-346469
_OF_NOTICE = re.compile(r"0*([0-9]{1,8})-([0-9]{4})")  # 000055-2020, and 00137599-2024 in eForms


class Kind(NamedTuple):
    """What a type of notice says of the demand; both "" when it says nothing."""

    stage: str = ""
    change: str = ""


@cache
def kinds(table: str) -> dict[str, Kind]:
    """Kinds by code, from one of the CSV tables beside this file."""
    lines = files("ingest.feeds").joinpath(table).read_text("utf-8").splitlines()
    rows = csv.DictReader(line for line in lines if not line.startswith("#"))
    return {row["code"]: Kind(row["stage"], row["change"]) for row in rows}


def publication_key(reference: str) -> str:
    """Publication number as DOC_ID writes it, six digits at least: "000055-2020"; "" for others.

    The same notice is « 2020/S 001-000055 » in the Official Journal, « 00000055-2020 » in eForms
    and « 55-2020 » on the site: one spelling lets them find each other.
    """
    if found := _OF_JOURNAL.fullmatch(reference):
        return f"{int(found[2]):06d}-{found[1]}"
    if found := _OF_NOTICE.fullmatch(reference):
        return f"{int(found[1]):06d}-{found[2]}"
    return ""


def notice_url(source: Source, number: str) -> str:
    """Page of the notice, whose address has no leading zeros; "" without publication number."""
    return source.notice_url.replace("{key}", number.lstrip("0")) if number else ""


def read(stream: BinaryIO, source: Source, name: str) -> Iterator[Received]:
    """Notices of a TED_EXPORT document, or of a document wrapping several, in order.

    name: the document's, for messages. Bad content gives reasons, never an exception.
    """
    return read_each(stream, ROOTS, partial(_read, source, name))


def _read(source: Source, name: str, root: Element, position: str) -> Received:
    sections = parts(root)
    coded = parts(*(part for section in sections.get("CODED_DATA_SECTION", []) for part in section))
    forms = _originals(sections, coded)
    written = (root.get("DOC_ID", "").strip(), first(coded.get("NO_DOC_OJS")))
    key = next(filter(None, map(publication_key, written)), "")
    texts = tuple(text for form in forms if (text := _text(form)).title)
    if not key:
        return Received(position, reason=f"Avis sans numéro de publication dans « {name} »")
    if not texts:
        return Received(position, reason=f"Avis {key} sans titre")
    previous, unread = _previous(forms[0], coded, key)
    return Received(
        position, _notice(source, key, coded, forms[0], texts, previous), remarks=unread
    )


def _notice(
    source: Source,
    key: str,
    coded: Parts,
    form: Element,
    texts: tuple[Text, ...],
    previous: tuple[str, ...],
) -> Notice:
    code = _attribute(coded, "TD_DOCUMENT_TYPE", "CODE")
    table = kinds("ted_kinds.csv")
    kind = table.get(code, Kind())
    stage, change = ("cancelled", "cancellation") if _nothing_awarded(form) else kind
    buyer, place = _buyer(form)
    return Notice(
        source=source.name,
        key=key,
        texts=texts,
        kind=code,
        stage=stage,
        change=change,
        previous=previous,
        buyer=buyer,
        country=_attribute(coded, "ISO_COUNTRY", "VALUE"),
        place=place,
        published=first(coded.get("DATE_PUB")),
        deadline=first(coded.get("DT_DATE_FOR_SUBMISSION")) or _form_deadline(form),
        amount=_amount(kind.stage == "awarded", coded, form),
        codes=_codes(coded, form),
        url=notice_url(source, key),
        unknown=() if code in table else (f"type d'avis {code}",),
    )


def _originals(sections: Parts, coded: Parts) -> list[Element]:
    """Forms that the buyer wrote, in the order of LG_ORIG; failing that, the first translation."""
    forms = [
        form
        for section in sections.get("FORM_SECTION", [])
        for form in section.iterchildren("*")
        if form.get("CATEGORY")
    ]
    order = " ".join(words(language) for language in coded.get("LG_ORIG", [])).split()
    written = [form for form in forms if form.get("CATEGORY") == "ORIGINAL"] or forms[:1]
    ranks = {language: rank for rank, language in enumerate(order)}
    return sorted(written, key=lambda form: ranks.get(form.get("LG", ""), len(ranks)))


def _text(form: Element) -> Text:
    described = [
        element
        for part in form.iterchildren("*")
        if local(part) != "AWARD_CONTRACT"  # its titles are those of contracts: « Contract 1 »
        for element in part.iter(*_TEXTS)
    ]
    heading = next((words(title) for title in described if local(title) in _TITLES), "")
    # Dictionaries keep order: a form without lots says its title and its description twice.
    blocks = dict.fromkeys(_paragraphs(element) for element in described)
    body = "\n".join(text for text in blocks if text not in ("", heading))
    return Text(heading, body, form.get("LG", ""))


def _paragraphs(element: Element) -> str:
    lines = [words(line) for line in element.iterchildren("{*}P")] or [words(element)]
    return "\n".join(line for line in lines if line)


def _attribute(coded: Parts, element: str, attribute: str) -> str:
    found = coded.get(element)
    return found[0].get(attribute, "").strip() if found else ""


def _previous(
    form: Element, coded: Parts, key: str
) -> tuple[tuple[str, ...], tuple[tuple[str, str], ...]]:
    """Keys of the earlier notices, then a remark for each reference that is not understood."""
    written = [words(part) for part in inside(coded, "REF_NOTICE").get("NO_DOC_OJS", [])]
    written += [words(part) for part in form.iter("{*}NOTICE_NUMBER_OJ")]
    keys = {reference: publication_key(reference) for reference in written if reference}
    known = dict.fromkeys(value for value in keys.values() if value and value != key)
    return tuple(known), tuple(("référence", text) for text, value in keys.items() if not value)


def _nothing_awarded(form: Element) -> bool:
    """All the lots of a result were given up, or drew no acceptable tender."""
    given_up = next(form.iter("{*}NO_AWARDED_CONTRACT", "{*}NO_AWARDED_PRIZE"), None)
    awarded = next(form.iter("{*}AWARDED_CONTRACT", "{*}AWARDED_PRIZE"), None)
    return given_up is not None and awarded is None


def _buyer(form: Element) -> tuple[str, str]:
    """Official name and town of the first body of the form, which is the buyer in every form."""
    name = next(form.iter("{*}OFFICIALNAME"), None)
    if name is None:
        return "", ""
    # R2.0.8 wraps the name in ORGANISATION, beside the town.
    around = (ancestor.find("{*}TOWN") for ancestor in name.iterancestors())
    nearest = (next(around, None), next(around, None))
    return words(name), next((words(town) for town in nearest if town is not None), "")


def _form_deadline(form: Element) -> str:
    day = next(form.iter("{*}DATE_RECEIPT_TENDERS"), None)
    hour = next(form.iter("{*}TIME_RECEIPT_TENDERS"), None)
    return f"{words(day)} {words(hour)}".strip() if day is not None else ""


def _amount(awarded: bool, coded: Parts, form: Element) -> Amount | None:
    """The one value that stands for the whole; None for ranges, and for several values."""
    kind, lot, value = _AWARDED if awarded else _ESTIMATED
    values = [
        element
        for part in coded.get("VALUES", [])
        for element in part.iter("{*}VALUE")
        # R2.0.8 gives no type: SINGLE_VALUE is the total, RANGE_VALUE its bounds.
        if element.get("TYPE") == kind
        or next(element.iterancestors("{*}SINGLE_VALUE"), None) is not None
    ]
    if not values and sum(1 for _ in form.iter(f"{{*}}{lot}")) == 1:
        values = list(form.iter(f"{{*}}{value}"))
    if len(values) != 1 or not words(values[0]):
        return None
    return Amount(words(values[0]), values[0].get("CURRENCY", ""))


def _codes(coded: Parts, form: Element) -> tuple[Code, ...]:
    """CPV codes, the main one first. Corrigenda code the changed CPV before the main one, hence
    the form's own CPV_MAIN first; what they strike out is left out."""
    written = [
        code
        for code in form.iter("{*}CPV_CODE")
        if next(code.iterancestors("{*}OLD_VALUE"), None) is None
    ]
    main = form.find(".//{*}CPV_MAIN/{*}CPV_CODE")
    elements = ([] if main is None else [main]) + coded.get("ORIGINAL_CPV", []) + written
    values = dict.fromkeys(code.get("CODE", "").strip() for code in elements)
    values.pop("", None)
    return tuple(Code("CPV", value, main=rank == 0) for rank, value in enumerate(values))
