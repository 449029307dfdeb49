"""OCDS releases become notices, whatever publisher and envelope."""

import io
import json
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from ingest.feeds.ocds import read
from ingest.notice import Amount, Code, Notice, Received, Text
from ingest.source import Source, source

PAGE = Source(
    name="xx", title="X", publisher="X", licence="CC0", url="https://x.example", formats=("ocds",)
)

RELEASE: dict[str, Any] = {
    "ocid": "ocds-xxxxxx-7",
    "id": "ocds-xxxxxx-7-tender",
    "date": "2026-05-01T10:00:00Z",
    "tag": ["tender"],
    "initiationType": "tender",
    "language": "es",
    "parties": [
        {"id": "S1", "name": "Vendedor", "roles": ["supplier"], "address": {"countryName": "Perú"}},
        {
            "id": "B1",
            "name": "Municipio",
            "roles": ["buyer"],
            "address": {"countryName": "Paraguay", "locality": "Asunción"},
            "contactPoint": {"name": "Persona", "email": "p@x.example"},
        },
    ],
    "buyer": {"id": "B1", "name": "Municipio de Asunción"},
    "tender": {
        "id": "T1",
        "title": "Uniformes",
        "description": "Compra de uniformes",
        "status": "active",
        "value": {"amount": 1500.50, "currency": "PYG"},
        "tenderPeriod": {"endDate": "2026-06-30T09:00:00-04:00"},
        "items": [
            {
                "description": "Uniforme para damas",
                "classification": {
                    "scheme": "cpv", "id": "18110000-3", "description": "Ropa"
                },
                "additionalClassifications": [{"scheme": "UNSPSC", "id": " 53102710 "}],
            },
            {
                "description": "Uniforme para caballeros",
                "classification": {"scheme": "CPV", "id": "18110000-3"},
            },
        ],
        "documents": [
            {"documentType": "biddingDocuments", "url": "https://x.example/pliego.pdf"},
            {"documentType": "Tender Notice", "url": "https://x.example/aviso"},
        ],
    },
}  # fmt: skip


def received(document: object, page: Source = PAGE) -> list[Received]:
    data = document if isinstance(document, bytes) else json.dumps(document).encode()
    return list(read(io.BytesIO(data), page, "avis.json"))


def release(**changes: Any) -> dict[str, Any]:
    """The release above with some fields replaced; ``tender`` is merged."""
    changed = deepcopy(RELEASE)
    changed["tender"] |= changes.pop("tender", {})
    return changed | changes


def notice(page: Source = PAGE, **changes: Any) -> Notice:
    (one,) = received(release(**changes), page)
    assert one.notice is not None, one.reason
    return one.notice


def test_a_release_says_all_that_a_notice_holds() -> None:
    assert notice() == Notice(
        source="xx",
        key="ocds-xxxxxx-7-tender",
        process="ocds-xxxxxx-7",
        texts=(
            Text(
                "Uniformes",
                "Compra de uniformes\nUniforme para damas\nUniforme para caballeros",
                "es",
            ),
        ),
        kind="tender",
        stage="open",
        buyer="Municipio de Asunción",
        country="Paraguay",
        place="Asunción",
        published="2026-05-01T10:00:00Z",
        deadline="2026-06-30T09:00:00-04:00",
        amount=Amount("1500.5", "PYG"),
        codes=(Code("CPV", "18110000-3", "Ropa"), Code("UNSPSC", "53102710")),
        url="https://x.example/aviso",
    )


def test_contact_persons_are_not_kept() -> None:
    assert "Persona" not in str(notice()) and "p@x.example" not in str(notice())


def envelopes() -> dict[str, object]:
    one, two = release(id="ocds-xxxxxx-7-1"), release(id="ocds-xxxxxx-7-2")
    record = {"ocid": "ocds-xxxxxx-7", "releases": [one, two]}
    return {
        "package": {"uri": "u", "version": "1.1", "releases": [one, two], "publisher": {}},
        "array": [one, two],
        "lines": "\n".join(map(json.dumps, (one, two))).encode(),
        "record": record,
        "record package": {"uri": "u", "records": [record]},
        "array of packages": [{"releases": [one]}, {"releases": [two]}],
        "lines of packages": b"\n".join(json.dumps({"releases": [r]}).encode() for r in (one, two)),
        "array of record packages": [{"records": [record]}],
    }


@pytest.mark.parametrize("name", envelopes())
def test_every_envelope_gives_its_releases(name: str) -> None:
    keys = [one.notice.key if one.notice else one.reason for one in received(envelopes()[name])]
    assert keys == ["ocds-xxxxxx-7-1", "ocds-xxxxxx-7-2"]


def test_a_compiled_release_stands_for_its_record_and_keeps_one_key() -> None:
    compiled = release(id="compilation du 3 mai", tag=["compiled"])
    record = {"ocid": "ocds-xxxxxx-7", "releases": [release()], "compiledRelease": compiled}
    for document in (record, {"records": [record]}, [record]):
        (one,) = received(document)
        assert one.notice is not None
        assert one.notice.key == "ocds-xxxxxx-7"


def test_a_release_given_by_a_link_has_a_reason() -> None:
    record = {"ocid": "o", "releases": [{"url": "https://x.example/1.json", "date": "2026-05-01"}]}
    assert [one.reason for one in received({"records": [record]})] == [
        "Publication donnée par un lien seulement, sans son contenu."
    ]


@pytest.mark.parametrize(
    ("own", "process", "key"),
    [
        ("ocds-xxxxxx-7-1", "ocds-xxxxxx-7", "ocds-xxxxxx-7-1"),
        ("02", "OCDS-87SD3T-1", "OCDS-87SD3T-1:02"),
        ("7", "ocds-xxxxxx-7", "ocds-xxxxxx-7"),
        ("", "ocds-xxxxxx-7", "ocds-xxxxxx-7"),
        ("12", "", "12"),
    ],
)
def test_the_key_is_unique_even_where_ids_are_not(own: str, process: str, key: str) -> None:
    assert notice(id=own, ocid=process).key == key


@pytest.mark.parametrize(
    ("changes", "stage", "change"),
    [
        ({"tag": ["planning"], "tender": {"status": "planned"}}, "planned", ""),
        ({"tag": "planning", "tender": {"status": None}}, "planned", ""),
        ({"tag": ["tenderAmendment"]}, "open", "amendment"),
        ({"tag": ["tenderUpdate"], "tender": {"status": "cancelled"}}, "cancelled", "cancellation"),
        ({"tag": ["tenderCancellation"]}, "cancelled", "cancellation"),
        ({"tender": {"status": "unsuccessful"}}, "cancelled", ""),
        ({"tag": ["award"], "tender": {"status": None}}, "awarded", ""),
        ({"tag": ["tender", "award"], "awards": []}, "open", ""),
        ({"tag": ["tender"], "awards": [{"status": "active"}]}, "awarded", ""),
        ({"tag": ["tender"], "awards": [{"status": "pending"}]}, "open", ""),
        ({"tag": ["contract"], "contracts": [{"status": "terminated"}]}, "awarded", ""),
        ({"tag": ["compiled"], "tender": {"status": "complete"}}, "awarded", ""),
        ({"tag": [], "tender": {"status": "???"}}, "", ""),
    ],
)
def test_stage_and_change_come_from_tags_status_and_outcomes(
    changes: dict[str, Any], stage: str, change: str
) -> None:
    found = notice(**changes)
    assert (found.stage, found.change) == (stage, change)


def test_a_publisher_s_own_words_for_status_are_looked_up_on_its_page() -> None:
    page = PAGE.model_copy(update={"lookups": {"stage": {"Primirea ofertelor": "open"}}})
    tags = ["tender", "award", "contract"]
    assert notice(page, tag=tags, tender={"status": "Primirea ofertelor"}).stage == "open"


def test_a_title_is_looked_for_where_publishers_put_it() -> None:
    untitled: dict[str, Any] = {"tender": {"title": None, "items": [{"description": "Sillas"}]}}
    assert notice(**untitled).texts[0] == Text("Compra de uniformes", "Sillas", "es")
    awards = [{"title": "Contrato de uniformes", "value": {}}]
    assert notice(awards=awards, **untitled).texts[0].title == "Contrato de uniformes"
    bare: dict[str, Any] = {"title": "", "description": "", "items": []}
    planning = {"rationale": "Para la escuela"}
    assert notice(tender=bare, planning=planning).texts[0].title == "Para la escuela"
    found = notice(tender=bare, awards=[{"items": [{"description": "Mesas"}]}])
    assert found.texts == (Text("Mesas", "", "es"),)


def test_a_release_without_words_or_identifier_has_a_reason() -> None:
    nothing = {"title": " ", "description": None, "items": "rien"}
    assert received(release(tender=nothing))[0].reason == "Ni titre ni description."
    assert received(release(id=None, ocid=None))[0].reason == "Ni identifiant (id) ni ocid."


def test_variants_in_other_languages_are_texts_of_their_own() -> None:
    tender = {"title_fr": "Uniformes scolaires", "description_fr": "Achat", "title_es": "Non"}
    texts = notice(tender=tender).texts
    assert [text.language for text in texts] == ["es", "fr"]
    assert texts[1] == Text("Uniformes scolaires", "Achat", "fr")


def test_the_amount_of_an_award_is_taken_only_when_it_is_alone() -> None:
    value = {"amount": 900, "currency": "EUR"}
    single = [{"status": "active", "value": value}]
    assert notice(awards=single).amount == Amount("900", "EUR")
    assert notice(awards=single * 2).amount == Amount("1500.5", "PYG")
    assert notice(tender={"value": {"amount": None}}).amount is None


def test_the_buyer_may_be_a_party_or_the_procuring_entity() -> None:
    parties = RELEASE["parties"]
    assert notice(buyer=None).buyer == "Municipio"
    found = notice(buyer=None, parties=[], tender={"procuringEntity": {"name": "Ministerio"}})
    assert (found.buyer, found.country) == ("Ministerio", "")
    old = {"name": "Ville", "address": {"countryName": "Canada"}}
    assert notice(buyer=old, parties=parties[:1]).country == "Canada"


def test_codes_of_awards_serve_when_the_tender_has_none() -> None:
    items = [{"classification": {"scheme": "GSIN", "id": "N7110"}}]
    assert notice(tender={"items": []}, awards=[{"items": items}]).codes == (Code("GSIN", "N7110"),)
    main = {"scheme": "CPV", "id": "39160000"}
    assert notice(tender={"classification": main}).codes[0] == Code("CPV", "39160000", "", True)
    assert notice(tender={"items": [{"classification": {"id": "5"}}]}).codes == ()


def test_the_address_comes_from_the_notice_the_release_or_the_page() -> None:
    bare = {"tender": {"documents": []}}
    assert notice(uri="https://x.example/r", **bare).url == "https://x.example/r"
    page = PAGE.model_copy(update={"notice_url": "https://x.example/{process}/{key}"})
    assert notice(page, uri="javascript:alert(1)", **bare).url == (
        "https://x.example/ocds-xxxxxx-7/ocds-xxxxxx-7-tender"
    )
    assert notice(**bare).url == ""


def test_extensions_are_reported_as_unknown() -> None:
    assert notice(clave_procedimiento="LP", bids={}).unknown == ("clave_procedimiento",)


def test_a_text_enclosed_in_a_string_is_said_so() -> None:
    (one,) = received(json.dumps({"data": []}))
    assert one.reason == "Texte JSON enfermé dans une chaîne."
    assert received([1, None])[0].reason == "Objet JSON attendu."


def shapes(value: Any) -> Iterator[Any]:
    """The same structure with each of its values, in turn, replaced by another kind."""
    if isinstance(value, dict):
        for name, inner in value.items():
            for other in (None, [], {}, "x", 3, True, [None], [[]], [{}]):
                yield value | {name: other}
            for changed in shapes(inner):
                yield value | {name: changed}
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            for changed in shapes(inner):
                yield [*value[:place], changed, *value[place + 1 :]]


def test_fields_of_any_unexpected_kind_never_raise() -> None:
    (results,) = [received(list(shapes(RELEASE)))]
    assert len(results) > 300
    assert all(one.notice or one.reason for one in results)
    assert all(
        isinstance(part, str)
        for one in results
        if one.notice
        for part in (one.notice.key, one.notice.buyer, one.notice.country, one.notice.deadline)
    )


@pytest.mark.parametrize("percent", range(1, 100))
def test_a_package_cut_anywhere_keeps_its_first_releases(percent: int) -> None:
    data = json.dumps({"releases": [release(id=f"ocds-xxxxxx-7-{n}") for n in range(3)]}).encode()
    results = received(data[: len(data) * percent // 100])
    assert results[-1].reason
    assert [one.notice.key for one in results if one.notice] == [
        f"ocds-xxxxxx-7-{n}" for n in range(len(results) - 1)
    ]


# What each real publisher gives: notices, and among them those with a country of their own,
# a deadline, a code, an amount.
REAL = {
    "am-armeps": ("AM_*", 21, 21, 21, 21, 21),
    "au-nsw-etendering": ("AU_*", 19, 0, 8, 19, 0),
    "ca-montreal": ("CA_*", 17, 17, 0, 0, 17),
    "co-secop": ("CO_*", 12, 12, 2, 0, 12),
    "gb-contracts-finder": ("UK_*", 135, 51, 135, 135, 7),
    "md-achizitii": ("MD_*", 33, 0, 33, 14, 7),
    "mx-gacm": ("MX_[0-9]*", 214, 214, 79, 214, 214),
    "ng-budeshi": ("NG_*", 9, 9, 7, 9, 9),
    "py-dncp": ("PY_*", 19, 0, 18, 19, 18),
    "ua-prozorro": ("UA_*", 6, 6, 3, 6, 6),
    "ug-ppda": ("UG_*", 8, 8, 0, 0, 8),
}


@pytest.mark.notices
@pytest.mark.parametrize("name", REAL)
def test_real_releases_give_what_their_publishers_wrote(notices: Path, name: str) -> None:
    pattern, *expected = REAL[name]
    found = []
    for path in sorted(notices.glob(f"ocds/{pattern}.json")):
        with path.open("rb") as stream:
            found += list(read(stream, source(name), path.name))
    assert [one.reason for one in found if one.reason] == []
    told = [one.notice for one in found if one.notice]
    assert len({one.key for one in told}) == len(told)
    assert [
        len(told),
        sum(bool(one.country) for one in told),
        sum(bool(one.deadline) for one in told),
        sum(bool(one.codes) for one in told),
        sum(bool(one.amount) for one in told),
    ] == expected
