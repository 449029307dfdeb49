"""eForms: one small document per trap, then the 171 real ones."""

import csv
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest

from ingest.feeds import eforms
from ingest.notice import Amount, Code, Notice, Received, Text
from ingest.source import Source, source

NOTICE_ID = "54ea2960-c7ae-42c0-8853-34c99f3f1650"
OTHER_ID = "e41f364c-9fba-4353-aedd-09790dcf9e9c"

DOCUMENT = """<{root} xmlns="urn:oasis:names:specification:ubl:schema:xsd:{root}-2" xmlns:a="urn:a"
 xmlns:b="urn:b" xmlns:e="urn:e">
<e:UBLExtensions><e:UBLExtension><e:ExtensionContent><e:EformsExtension>{extra}
<a:Organizations>{organisations}</a:Organizations>
</e:EformsExtension></e:ExtensionContent></e:UBLExtension></e:UBLExtensions>
{ids}<b:IssueDate>2024-01-15+01:00</b:IssueDate>
<b:NoticeTypeCode listName="competition">{kind}</b:NoticeTypeCode>
<b:NoticeLanguageCode>{language}</b:NoticeLanguageCode>
{buyers}{project}{lots}{more}</{root}>"""

COMPANY = """<a:Organization><a:Company><a:PartyIdentification><b:ID>{id}</b:ID>
</a:PartyIdentification><a:PartyName><b:Name languageID="DEU">{name}</b:Name></a:PartyName>
<a:PostalAddress><b:CityName>{town}</b:CityName><a:Country>
<b:IdentificationCode>{country}</b:IdentificationCode></a:Country></a:PostalAddress>
<a:Contact><b:Name>Frau X</b:Name><b:ElectronicMail>x@example.org</b:ElectronicMail></a:Contact>
</a:Company></a:Organization>"""
BUYER = """<a:ContractingParty><a:Party><a:PartyIdentification><b:ID>{}</b:ID>
</a:PartyIdentification></a:Party></a:ContractingParty>"""
COURT = COMPANY.format(id="ORG-0001", name="Gericht", town="Bonn", country="DEU")
CITY = COMPANY.format(id="ORG-0002", name="Stadt Köln", town="Köln", country="DEU")
UNIVERSITY = COMPANY.format(id="ORG-0003", name="Universität", town="Wien", country="AUT")

CPV = """<a:{0}CommodityClassification><b:ItemClassificationCode listName="{2}">{1}
</b:ItemClassificationCode></a:{0}CommodityClassification>"""
PUBLISHED = """<a:Publication><b:NoticePublicationID schemeName="ojs-notice-id">00041387-2024
</b:NoticePublicationID><b:PublicationDate>2024-01-17+01:00</b:PublicationDate></a:Publication>"""
IDS = f"""<b:ID schemeName="notice-id">{NOTICE_ID}</b:ID>
<b:ContractFolderID>{OTHER_ID}</b:ContractFolderID>"""


def named(name: str = "Schulmöbel", body: str = "", language: str = "DEU") -> str:
    description = f'<b:Description languageID="{language}">{body}</b:Description>' if body else ""
    return f'<b:Name languageID="{language}">{name}</b:Name>{description}'


def project(inside: str = "") -> str:
    return f"<a:ProcurementProject>{inside}</a:ProcurementProject>"


def lot(inside: str = "", process: str = "", scheme: str = "Lot") -> str:
    return f"""<a:ProcurementProjectLot><b:ID schemeName="{scheme}">LOT-0001</b:ID>
    {project(inside)}<a:TenderingProcess>{process}</a:TenderingProcess></a:ProcurementProjectLot>"""


def until(day: str, hour: str = "", period: str = "TenderSubmissionDeadline") -> str:
    time = f"<b:EndTime>{hour}</b:EndTime>" if hour else ""
    return f"<a:{period}Period><b:EndDate>{day}</b:EndDate>{time}</a:{period}Period>"


def worth(amount: str) -> str:
    return f"""<a:RequestedTenderTotal><b:EstimatedOverallContractAmount currencyID="EUR">{amount}
    </b:EstimatedOverallContractAmount></a:RequestedTenderTotal>"""


def results(*codes: str, total: str = "") -> str:
    amount = f'<b:TotalAmount currencyID="EUR">{total}</b:TotalAmount>' if total else ""
    lots = (
        f"<a:LotResult><b:TenderResultCode>{code}</b:TenderResultCode></a:LotResult>"
        for code in codes
    )
    return f"<a:NoticeResult>{amount}{''.join(lots)}</a:NoticeResult>"


def document(**fields: str) -> str:
    return DOCUMENT.format(
        **{
            "root": "ContractNotice",
            "extra": PUBLISHED,
            "organisations": COURT + CITY + UNIVERSITY,
            "ids": IDS,
            "kind": "cn-standard",
            "language": "DEU",
            "buyers": BUYER.format("ORG-0002"),
            "project": project(named()),
            "lots": "",
            "more": "",
            **fields,
        }
    )


@pytest.fixture
def page() -> Source:
    return source("ted")


@pytest.fixture
def received(page: Source) -> Callable[[str], list[Received]]:
    return lambda text: list(eforms.read(BytesIO(text.encode()), page, "avis.xml"))


@pytest.fixture
def one(received: Callable[[str], list[Received]]) -> Callable[..., Notice]:
    def read(**fields: str) -> Notice:
        (item,) = received(document(**fields))
        assert item.notice is not None, item.reason
        return item.notice

    return read


def test_a_contract_notice_is_an_open_demand_in_the_buyers_words(one):
    inside = named(body="Tische") + CPV.format("Main", "39160000", "cpv")
    assert one(project=project(inside), lots=lot(process=until("2024-02-04Z"))) == Notice(
        source="ted",
        key="041387-2024",
        texts=(Text("Schulmöbel", "Tische", "DEU"),),
        kind="cn-standard",
        stage="open",
        process=OTHER_ID,
        buyer="Stadt Köln",
        country="DEU",
        place="Köln",
        published="2024-01-17",
        deadline="2024-02-04",
        codes=(Code("CPV", "39160000", main=True),),
        url="https://ted.europa.eu/fr/notice/-/detail/41387-2024",
    )


def test_contact_persons_are_never_read(one):
    written = repr(one())
    assert "Frau X" not in written
    assert "example.org" not in written


def test_an_unpublished_notice_goes_by_its_identifier_and_its_day_of_dispatch(one):
    notice = one(extra="")
    assert (notice.key, notice.url, notice.published) == (NOTICE_ID, "", "2024-01-15")


def test_a_notice_without_procedure_identifier_belongs_to_no_process(one):
    assert one(ids=f"<b:ID>{NOTICE_ID}</b:ID>").process == ""


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"ids": "<b:ID/>", "extra": ""}, "Avis sans identifiant"),
        ({"project": ""}, "Avis 041387-2024 sans titre"),
        ({"project": project("<b:Name> </b:Name>")}, "Avis 041387-2024 sans titre"),
        ({"root": "Invoice"}, "Racine inconnue : Invoice"),
        ({"root": "BusinessRegistrationInformationNotice"}, "Avis d’immatriculation d’une société"),
    ],
)
def test_what_is_no_demand_gives_a_reason_in_french(received, fields, reason):
    (item,) = received(document(**fields))
    assert item.notice is None
    assert item.reason.startswith(reason)


def test_every_truncation_of_a_document_gives_a_reason_and_nothing_else(received):
    whole = document(lots=lot(named(), until("2024-02-04Z")))
    for length in range(0, len(whole), 41):
        (item,) = received(whole[:length])
        assert item.notice is None
        assert item.reason.startswith(("XML illisible", "Document vide"))


def test_a_wrapper_gives_each_of_its_notices(received):
    award = document(root="ContractAwardNotice", kind="can-standard")
    items = received(f"<W><x/>{document()}\n{award}</W>")
    assert [item.notice.stage for item in items] == ["open", "awarded"]
    assert all(item.position.startswith("ligne ") for item in items)


def test_the_language_of_the_notice_comes_first_then_those_the_buyer_also_wrote(one):
    names = named("Mobilier", "Tables\n\n deux", "FRA") + named("Schulmöbel", "Tische")
    lots = lot(named("Los 1", "Tische") + named("Lot 1", "Tables hautes", "FRA"))
    assert one(project=project(names), lots=lots).texts == (
        Text("Schulmöbel", "Tische\nLos 1", "DEU"),
        Text("Mobilier", "Tables\ndeux\nLot 1\nTables hautes", "FRA"),
    )


def test_a_title_without_language_is_in_the_language_of_the_notice(one):
    assert one(project=project("<b:Name>Tische</b:Name>")).texts == (Text("Tische", "", "DEU"),)


def test_a_planned_notice_that_names_only_its_parts_takes_the_first_name(one):
    notice = one(
        root="PriorInformationNotice",
        kind="pin-only",
        project=project(),
        lots=lot(named("Teil 1", "Tische"), scheme="Part") + lot(named("Teil 2"), scheme="Part"),
    )
    assert (notice.stage, notice.texts) == ("planned", (Text("Teil 1", "Tische\nTeil 2", "DEU"),))


def test_several_buyers_are_joined_and_the_first_gives_country_and_town(one):
    notice = one(buyers=BUYER.format("ORG-0003") + BUYER.format("ORG-0002"))
    assert notice.buyer == "Universität ; Stadt Köln"
    assert (notice.country, notice.place) == ("AUT", "Wien")


def test_a_buyer_described_in_place_by_a_draft_of_the_format_is_read(one):
    party = """<a:ContractingParty><a:Party><a:PartyName><b:Name>Regione</b:Name></a:PartyName>
    <a:PostalAddress><a:Country><b:IdentificationCode>ITA</b:IdentificationCode></a:Country>
    </a:PostalAddress></a:Party></a:ContractingParty>"""
    notice = one(buyers=party, organisations="")
    assert (notice.buyer, notice.country) == ("Regione", "ITA")


def test_an_unknown_buyer_reference_is_left_empty_not_guessed(one):
    assert one(buyers=BUYER.format("ORG-0009")).buyer == ""


@pytest.mark.parametrize(
    ("day", "hour", "deadline"),
    [
        ("2020-02-04+02:00", "10:00:00+02:00", "2020-02-04T10:00:00+02:00"),
        ("2020-02-04Z", "12:00:00Z", "2020-02-04T12:00:00Z"),
        ("2020-02-04+03:00", "13:00:00.000+03:00", "2020-02-04T13:00:00.000+03:00"),
        ("2020-02-04+02:00", "10:00:00", "2020-02-04T10:00:00+02:00"),
        ("2020-02-04", "10:00:00", "2020-02-04T10:00:00"),
        ("2020-02-04+02:00", "", "2020-02-04"),
        ("4 Feb 2020", "10h", "4 Feb 2020 10h"),
    ],
)
def test_day_and_hour_make_one_deadline_and_nonsense_stays_as_written(one, day, hour, deadline):
    assert one(lots=lot(process=until(day, hour))).deadline == deadline


def test_the_last_lot_gives_the_deadline_whatever_the_offsets(one):
    ends = [
        ("2024-03-04Z", "11:30:00Z"),
        ("2024-03-04+02:00", "13:00:00+02:00"),
        ("0001-01-01+14:00", "00:00:00+14:00"),
        ("demain", ""),
    ]
    lots = "".join(lot(process=until(*end)) for end in ends)
    assert one(lots=lots).deadline == "2024-03-04T11:30:00Z"


def test_in_two_stages_the_request_to_take_part_is_the_deadline(one):
    both = until("2024-05-01Z") + until("2024-03-01Z", period="ParticipationRequestReception")
    assert one(lots=lot(process=both)).deadline == "2024-03-01"
    empty = "<a:ParticipationRequestReceptionPeriod/>" + until("2024-05-01Z")
    assert one(lots=lot(process=empty)).deadline == "2024-05-01"


def test_a_call_by_prior_notice_ends_with_the_expressions_of_interest(one):
    period = until("2024-03-01Z", period="InterestExpressionReception")
    process = f"""<e:UBLExtensions><e:UBLExtension><e:ExtensionContent><e:EformsExtension>{period}
    </e:EformsExtension></e:ExtensionContent></e:UBLExtension></e:UBLExtensions>"""
    assert one(kind="pin-cfc-standard", lots=lot(process=process)).deadline == "2024-03-01"


def test_the_procedures_estimate_counts_else_that_of_a_single_lot(one):
    lots = lot(worth("70")) + lot(worth("20"), scheme="LotsGroup")
    assert one(project=project(named() + worth("100")), lots=lots).amount == Amount("100", "EUR")
    assert one(lots=lots).amount == Amount("70", "EUR")
    assert one(lots=lot(worth("70")) * 2).amount is None


def test_once_awarded_the_total_of_the_result_counts(one):
    award = {
        "root": "ContractAwardNotice",
        "kind": "can-standard",
        "project": project(named() + worth("100")),
    }
    assert one(**award, extra=PUBLISHED + results("selec-w", total="85.5")).amount == Amount(
        "85.5", "EUR"
    )
    assert one(**award).amount is None


def test_the_main_code_comes_first_and_national_classifications_are_left_out(one):
    inside = (
        CPV.format("Additional", "39100000", "cpv")
        + CPV.format("Main", "39160000", "cpv")
        + CPV.format("Additional", "SCE/548", "abc")
    )
    lots = lot(CPV.format("Main", "39130000", "cpv") + CPV.format("Additional", "39100000", "cpv"))
    codes = one(project=project(named() + inside), lots=lots).codes
    assert [code.value for code in codes] == ["39160000", "39100000", "39130000"]
    assert [code.main for code in codes] == [True, False, False]


def test_additional_codes_without_main_one_are_none_of_them_main(one):
    codes = one(project=project(named() + CPV.format("Additional", "39100000", "cpv"))).codes
    assert codes == (Code("CPV", "39100000"),)


@pytest.mark.parametrize(
    ("codes", "stage", "change"),
    [
        (("selec-w", "clos-nw"), "awarded", ""),
        (("clos-nw", "clos-nw"), "cancelled", "cancellation"),
        (("clos-nw", "open-nw"), "open", ""),
    ],
)
def test_the_results_of_lots_say_whether_anything_was_awarded(one, codes, stage, change):
    notice = one(root="ContractAwardNotice", kind="can-standard", extra=PUBLISHED + results(*codes))
    assert (notice.stage, notice.change) == (stage, change)


@pytest.mark.parametrize(
    ("reason", "stage", "change"),
    [("update-add", "open", "amendment"), ("cancel", "cancelled", "cancellation")],
)
def test_a_change_notice_amends_or_cancels_the_one_it_names(one, reason, stage, change):
    changes = f"""<a:Changes><b:ChangedNoticeIdentifier>{OTHER_ID}-01</b:ChangedNoticeIdentifier>
    <a:ChangeReason><b:ReasonCode>{reason}</b:ReasonCode></a:ChangeReason></a:Changes>"""
    notice = one(extra=PUBLISHED + changes)
    assert (notice.stage, notice.change, notice.previous) == (stage, change, (OTHER_ID,))


def test_references_lead_to_keys_of_both_formats_and_odd_ones_are_counted(received):
    written = ("00405492-2017", "2018/S 093-211185", "00041387-2024", "BOAMP 12", "")
    references = "".join(
        f"<a:NoticeDocumentReference><b:ID>{said}</b:ID></a:NoticeDocumentReference>"
        for said in written
    )
    (item,) = received(document(more=f"<a:TenderingProcess>{references}</a:TenderingProcess>"))
    assert item.notice.previous == ("405492-2017", "211185-2018")
    assert item.remarks == (("référence", "BOAMP 12"),)


def test_an_unknown_type_of_notice_is_said_and_gives_no_stage(one):
    notice = one(kind="99")
    assert (notice.kind, notice.stage, notice.unknown) == ("99", "", ("type d'avis 99",))


# Four examples made to fail have neither identifier nor title; two register companies.
NOT_DEMANDS = {
    "sdk_INVALID_can_24_empty.xml",
    "sdk_INVALID_can_24_stage-1.xml",
    "sdk_INVALID_cn_24_empty.xml",
    "sdk_INVALID_pin-buyer_24_stage-1.xml",
    "sdk_X01_EEIG.xml",
    "sdk_X02_registration.xml",
}


@pytest.mark.notices
def test_every_real_notice_is_read_and_agrees_with_another_reader(notices: Path, page: Source):
    with (notices / "index.csv").open(encoding="utf-8", newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row["format"] == "eForms"]
    refused = set()
    for row in rows:
        path = notices / row["file"]
        with path.open("rb") as stream:
            (item,) = eforms.read(stream, page, row["file"])
        notice = item.notice
        if notice is None:
            refused.add(path.name)
            continue
        code = notice.codes[0].value if notice.codes else ""
        assert (notice.kind, notice.country) == (row["doc_type"], row["country"])
        assert (notice.texts[0].language, code) == (row["lang"], row["cpv_main"].strip())
        assert all((notice.texts[0].title, notice.buyer, notice.published)), row["file"]
        assert not notice.unknown
        if not notice.url:
            assert notice.key == row["id"]
    assert len(rows) == 171
    assert refused == NOT_DEMANDS
