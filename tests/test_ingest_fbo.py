"""American federal notices and project leads become notices; broken JSON is set aside."""

import io
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from ingest.feeds.fbo import read
from ingest.notice import Amount, Code, Notice, Received, Text
from ingest.source import Source, source

PAGE = Source(
    name="us", title="X", publisher="X", licence="CC0", url="https://x.example", formats=("fbo",)
)
NOTICE: dict[str, Any] = {
    "data_source": "fbo.gov",
    "notice_type": "COMBINE",
    "solnbr": "n0016814rc20908",
    "title": "59--Chargers",
    "description": "Battery chargers",
    "agency": "Department of the Navy",
    "office": "Bureau of Medicine",
    "location": "Naval Medical Logistics Command",
    "zipcode": "20889",
    "posted_dt": "2014-06-17",
    "close_dt": "2014-06-30",
    "listing_url": "https://www.fbo.gov/listing.html",
    "ext": {
        "NAICS": "334419", "CLASSCOD": "59", "SETASIDE": "N/A", "CONTACT": "Jane Doe, Phone 555",
        "POPADDRESS": "Dahlgren, VA", "email_address": "jane@x.example", "OFFADD": "Street",
    },
}  # fmt: skip
LEAD: dict[str, Any] = {
    "data_source": "bids.state.gov",
    "solnbr": None,
    "title": "Road",
    "description": "31 km of road",
    "agency": "ANI",
    "location": "Colombia",
    "posted_dt": "2012-09-01T00:00:00.000Z",
    "listing_url": "",
    "ext": {
        "Status": "Pipeline", "Sector": "Transportation", "Keyword": "Road",
        "Project_Size": "556000000", "Specific_Location": "Cali, Colombia",
        "Submitting_Officer": "John Doe", "popup_HTML": "<div>John Doe</div>", "Lon": 3.4,
    },
}  # fmt: skip


def received(document: object) -> list[Received]:
    data = document if isinstance(document, bytes) else json.dumps(document).encode()
    return list(read(io.BytesIO(data), PAGE, "avis.json"))


def notice(record: dict[str, Any]) -> Notice:
    (one,) = received(record)
    assert one.notice is not None, one.reason
    return one.notice


def test_a_federal_notice_says_all_that_a_notice_holds() -> None:
    assert notice(NOTICE) == Notice(
        source="us",
        key="n0016814rc20908-COMBINE",
        process="n0016814rc20908",
        texts=(Text("59--Chargers", "Battery chargers"),),
        kind="COMBINE",
        stage="open",
        buyer="Department of the Navy",
        place="Dahlgren, VA",
        published="2014-06-17",
        deadline="2014-06-30",
        codes=(Code("NAICS", "334419"), Code("FSC", "59")),
        url="https://www.fbo.gov/listing.html",
    )


def test_a_project_lead_has_its_country_its_size_and_its_state() -> None:
    assert notice(LEAD) == Notice(
        source="us",
        key="Road",
        texts=(Text("Road", "31 km of road\nTransportation\nRoad"),),
        kind="Pipeline",
        stage="planned",
        buyer="ANI",
        country="Colombia",
        place="Cali, Colombia",
        published="2012-09-01T00:00:00.000Z",
        amount=Amount("556000000"),
    )


def test_contacts_are_not_kept() -> None:
    told = f"{notice(NOTICE)} {notice(LEAD)}"
    assert not any(word in told for word in ("Jane", "555", "jane@", "John Doe"))


def test_both_generations_of_exports_name_their_fields_differently() -> None:
    old = {f"FBO_{name}": value for name, value in NOTICE["ext"].items()}
    assert notice({**NOTICE, "ext": None, **old}) == notice(NOTICE)


@pytest.mark.parametrize(
    ("kind", "stage", "change"),
    [
        ("PRESOL", "planned", ""),
        ("SRCSGT", "planned", ""),
        ("COMBINE", "open", ""),
        ("AMDCSS", "open", "amendment"),
        ("MOD", "", "amendment"),
        ("CANCEL", "cancelled", "cancellation"),
        ("AWARD", "awarded", ""),
        ("JA", "awarded", ""),
        ("SNOTE", "", ""),
        ("ÉTRANGE", "", ""),
    ],
)
def test_the_kind_of_notice_gives_its_stage(kind: str, stage: str, change: str) -> None:
    found = notice({**NOTICE, "notice_type": kind})
    assert (found.kind, found.stage, found.change) == (kind, stage, change)


def test_a_modification_follows_the_notice_it_names() -> None:
    found = notice({**NOTICE, "notice_type": "MOD", "ntype": "COMBINE"})
    assert found.previous == (notice(NOTICE).key,)
    assert notice({**NOTICE, "is_mod": True}).change == "amendment"
    assert notice({**NOTICE, "is_mod": True}).key == notice(NOTICE).key
    assert notice({**NOTICE, "is_mod": False}).change == ""


@pytest.mark.parametrize(
    ("location", "country"),
    [("Morocco", "Morocco"), ("Africa", ""), ("CA", ""), ("DLA Aviation - BSM", ""), (None, "")],
)
def test_a_location_is_a_country_only_when_it_names_one(location: str, country: str) -> None:
    assert notice({**LEAD, "location": location}).country == country


def test_a_lead_without_number_is_known_by_its_page_then_by_its_title() -> None:
    assert notice({**LEAD, "solnbr": "P117635"}).key == "P117635"
    page = {**LEAD, "solnbr": "not assigned", "listing_url": "https://x.example/1"}
    assert notice(page).key == "https://x.example/1"
    assert notice(page).process == ""
    orphan = {"notice_type": "PRESOL", "title": "Sans numéro"}
    assert received(orphan)[0].reason == "Avis sans numéro ni adresse."


def test_a_record_without_title_or_shape_has_a_reason() -> None:
    assert received({**NOTICE, "title": None})[0].reason == "Avis sans titre."
    assert received([3])[0].reason == "Objet JSON attendu."


def test_new_fields_are_reported_as_unknown() -> None:
    found = notice({**NOTICE, "naics2": "1", "ext": {"CLASSCOD": "59", "colour": "red"}})
    assert found.unknown == ("naics2", "ext.colour")


def test_arrays_and_lines_give_every_notice() -> None:
    two = [NOTICE, LEAD]
    assert len(received(two)) == 2
    assert len(received("\n".join(map(json.dumps, two)).encode())) == 2


@pytest.mark.parametrize("record", [NOTICE, LEAD])
def test_a_notice_cut_anywhere_has_a_reason(record: dict[str, Any]) -> None:
    data = json.dumps(record, indent=1).encode()
    for percent in range(1, 100):
        (one,) = received(data[: len(data) * percent // 100])
        assert "ligne" in one.reason


@pytest.mark.parametrize("wrong", [None, [], {}, 3, True, ["x"], {"x": "y"}])
def test_fields_of_any_unexpected_kind_never_raise(wrong: object) -> None:
    for record in (NOTICE, LEAD):
        for name in record:
            (one,) = received({**record, name: wrong})
            assert one.notice or one.reason


@pytest.mark.notices
def test_real_notices_are_read_and_the_broken_ones_placed(notices: Path) -> None:
    stages: Counter[str] = Counter()
    faults = {}
    keys = set()
    for path in sorted(notices.glob("fbo/*.json")):
        name = "us-fbo" if path.name.lower().startswith("us_fbo") else "us-state"
        with path.open("rb") as stream:
            for one in read(stream, source(name), path.name):
                if one.notice is None:
                    faults[path.name] = one.reason
                else:
                    stages[one.notice.stage] += 1
                    keys.add(one.notice.key)
                    assert one.notice.unknown == ()
    assert stages == {"open": 87, "planned": 96, "awarded": 7, "": 6}
    assert len(keys) == 196
    assert len(faults) == 7
    fault = faults["US_fbo.gov_COMBINE_2014chillers.json"]
    assert fault == "ligne 10, colonne 1609 : échappement JSON incorrect"
