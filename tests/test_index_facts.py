"""The columns counted: in step with the record, kept from one start to the next, thrown away when
they are not to be trusted; and the figures made of them, on a world counted by hand."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from conftest import NOW, LeadFactory

from index import demand, facts
from index.demand import Period, month
from index.facts import CHECKED, DEDUCED, GIVEN, GUESSED, NO_CODE, Facts, country_code
from index.lead import Lead, LeadCode, Provenance
from index.store import LeadStore

HOUR = timedelta(hours=1)


def origin(published: datetime | None, received: datetime = NOW) -> Provenance:
    return Provenance(
        source="ted", key="1", kind="", stage="open", change="", url="", raw="",
        published=published, received=received,
    )  # fmt: skip


@pytest.fixture
def columns(store: LeadStore, tmp_path: Path) -> Facts:
    return Facts(store, tmp_path / "data")


def test_only_what_everybody_may_see_is_counted(
    store: LeadStore, columns: Facts, lead: LeadFactory
) -> None:
    assert len(columns.read().rows) == 0
    shown = [lead(status="published"), lead(status="expired")]
    store.save([*shown, *(lead(status=s) for s in ("proposed", "rejected", "withdrawn"))])
    assert [f"{number:016x}" for number in columns.read().rows["id"]] == [one.id for one in shown]


def test_a_lead_written_again_counts_once_as_it_now_is(
    store: LeadStore, columns: Facts, lead: LeadFactory
) -> None:
    one, other = lead(country="DE"), lead(country="PL")
    store.save([one, other])
    columns.read()
    store.save([one.model_copy(update={"country": "PE"})])
    assert sorted(country_code(int(n)) for n in columns.read().rows["country"]) == ["PE", "PL"]
    store.save([one.model_copy(update={"status": "withdrawn"})])
    assert [country_code(int(n)) for n in columns.read().rows["country"]] == ["PL"]


def test_the_next_start_reads_the_file_and_only_what_changed_since(
    store: LeadStore, tmp_path: Path, lead: LeadFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(facts, "_WORTH", 2)
    store.save([lead(source="a"), lead(source="b")])
    Facts(store, tmp_path).read()
    store.save([lead(source="c")])
    read = []
    projected = facts.projected
    monkeypatch.setattr(
        facts, "projected", lambda bodies, names: projected(read_all(bodies, read), names)
    )
    found = Facts(store, tmp_path).read()
    assert [found.sources[n] for n in found.rows["source"]] == ["a", "b", "c"]
    assert [one["source"] for one in read] == ["c"]


def read_all(bodies: object, into: list[dict[str, str]]) -> list[dict[str, str]]:
    into.extend(bodies)  # type: ignore[arg-type]
    return into


@pytest.mark.parametrize(
    "damage", [b"", b"PK\x03\x04 cut", b"\x00" * 500], ids=["empty", "cut", "zeros"]
)
def test_a_damaged_file_is_made_anew(
    store: LeadStore,
    tmp_path: Path,
    lead: LeadFactory,
    damage: bytes,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(facts, "_WORTH", 1)
    store.save([lead()])
    Facts(store, tmp_path).read()
    [file] = tmp_path.glob("faits-*.npz")
    file.write_bytes(damage)
    assert len(Facts(store, tmp_path).read().rows) == 1
    assert file.stat().st_size > 500


def test_a_file_of_other_columns_is_not_read(
    store: LeadStore, tmp_path: Path, lead: LeadFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(facts, "_WORTH", 1)
    store.save([lead(country="DE")])
    Facts(store, tmp_path).read()
    monkeypatch.setattr(facts, "sector_places", lambda: {"autre": 0})
    assert Facts(store, tmp_path)._kept().sequence == 0


def test_a_record_put_back_to_an_older_state_is_read_anew(
    store: LeadStore, tmp_path: Path, lead: LeadFactory
) -> None:
    one = Facts(store, tmp_path)
    store.save([lead(), lead()])
    held = one.read()
    one._held = facts.Columns(held.rows, held.sources, held.sequence + 10)
    assert one.read().sequence == held.sequence


@pytest.mark.parametrize(
    ("methods", "best"),
    [
        ((), NO_CODE),
        (("model",), GUESSED),
        (("neighbours", "correspondence"), DEDUCED),
        (("model", "source"), GIVEN),
        (("source", "analyst"), CHECKED),
    ],
)
def test_a_lead_counts_for_the_surest_of_its_codes(
    methods: tuple[str, ...], best: int, lead: LeadFactory
) -> None:
    codes = [LeadCode(scheme="CPV", code="39160000", method=one) for one in methods]  # type: ignore[arg-type]
    unsure = LeadCode(scheme="CPV", code="39160000", score=0.4, method="analyst")
    [row] = facts.projected([lead(codes=(*codes, unsure)).model_dump(mode="json")], {})
    assert row["codes"] == best


def counted(leads: list[Lead]) -> facts.Columns:
    names: dict[str, int] = {}
    rows = facts.projected((one.model_dump(mode="json") for one in leads), names)
    return facts.Columns(rows, tuple(names), 1)


@pytest.fixture
def world(lead: LeadFactory) -> facts.Columns:
    """Six foreign leads of April and May, two of them German furniture, one without date; besides,
    a French one and an example."""
    april, may = datetime.fromisoformat("2026-04-30T23:30-05:00"), NOW - timedelta(days=3)
    furniture, health = ("mobilier-amenagement",), ("sante",)
    return counted(
        [
            lead(country="DE", sectors=furniture, published=april, euros=10.0),
            lead(country="DE", sectors=(*furniture, *health), published=may, days=None),
            lead(country="PE", sectors=health, published=may),
            lead(country="PE", sectors=(), published=may),
            lead(country="", sectors=(), published=may, source="other"),
            lead(country="DE", sectors=furniture, published=None),
            lead(country="FR", sectors=furniture, published=may, domestic=True),
            lead(country="DE", sectors=furniture, published=may, fictitious=True),
        ]
    )


SPRING = Period(month("2026-03"), month("2026-05"))


def test_demand_is_counted_by_main_sector_by_country_and_by_month(world: facts.Columns) -> None:
    rows = demand.within(demand.foreign(world)[0], SPRING)
    lines = {one.key: one.counts for one in demand.by_sector(rows, SPRING)}
    assert lines == {"mobilier-amenagement": (0, 1, 1), "sante": (0, 0, 1), "": (0, 0, 2)}
    assert [(one.key, one.counts) for one in demand.by_country(rows, SPRING)] == [
        ("DE", (0, 1, 1)), ("PE", (0, 0, 2)), ("", (0, 0, 1)),
    ]  # fmt: skip
    assert demand.over_time(rows, SPRING).counts == (0, 1, 4)
    assert demand.first_month(demand.foreign(world)[0]) == "2026-04"


def test_filters_add_up(world: facts.Columns) -> None:
    every, examples = demand.foreign(world)
    assert (len(every), examples) == (6, False)
    assert len(demand.within(every, SPRING, "mobilier-amenagement")) == 2
    assert len(demand.within(every, SPRING, "sante", "PE")) == 1
    assert len(demand.within(every, None, "", "DE")) == 3


def test_examples_count_only_in_a_base_that_holds_nothing_else(lead: LeadFactory) -> None:
    rows, examples = demand.foreign(counted([lead(fictitious=True)]))
    assert (len(rows), examples) == (1, True)
    rows, examples = demand.foreign(counted([lead(fictitious=True), lead()]))
    assert (len(rows), examples) == (1, False)
    rows, examples = demand.foreign(facts.Columns())
    assert (len(rows), examples) == (0, False)


def test_beyond_two_years_columns_are_years() -> None:
    assert Period(month("2025-01"), month("2026-12")).columns[-1] == "2026-12"
    assert Period(month("2024-12"), month("2026-12")).columns == ("2024", "2025", "2026")


def test_the_last_publication_of_each_country_is_told(world: facts.Columns) -> None:
    found = demand.per_country(demand.foreign(world)[0])
    assert found == {"": (1, "2026-05-29"), "DE": (3, "2026-05-29"), "PE": (2, "2026-05-29")}


def test_what_is_known_of_the_leads_of_a_source(world: facts.Columns) -> None:
    found = demand.per_source(demand.foreign(world)[0], world)["ted"]
    assert (found.leads, found.deadline, found.value, found.country) == (5, 4, 1, 5)


def test_delays_count_from_the_day_on_which_a_source_is_followed(lead: LeadFactory) -> None:
    """The backlog that a first collection brings did not wait for us."""
    backlog = lead(published=NOW - timedelta(days=400))
    leads = [backlog.model_copy(update={"provenances": (origin(NOW - 400 * 24 * HOUR),)})]
    for hours in (1, 2, 3, 4, 50):
        published = NOW + timedelta(days=hours)
        one = lead(published=published)
        arrived = origin(published, published + hours * HOUR)
        leads.append(one.model_copy(update={"provenances": (arrived,)}))
    world = counted(leads)
    middle, high = demand.per_source(demand.foreign(world)[0], world)["ted"].waited or (0, 0)
    assert (middle, round(high, 1)) == (3.0, 31.6)


def test_a_notice_dated_after_it_came_waited_nothing(lead: LeadFactory) -> None:
    one = lead().model_copy(update={"provenances": (origin(NOW + HOUR),)})
    assert counted([one]).rows["waited"].tolist() == [0]
    unknown = lead().model_copy(update={"provenances": (origin(None),)})
    assert counted([unknown, lead()]).rows["waited"].tolist() == [-1, -1]
