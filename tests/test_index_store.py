"""The record keeps leads under a sequence that only grows."""

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from conftest import LeadFactory
from sqlalchemy import text

from index.database import RecordError
from index.store import LeadStore
from index.tables import metadata


def test_a_lead_is_read_back_as_it_was_written(store: LeadStore, lead: LeadFactory) -> None:
    [written] = store.save([lead("Ambulances – \x00 « légères »", cpv="34114121", euros=1.5e6)])
    assert store.get(written.id) == written


def test_an_unknown_lead_is_none(store: LeadStore) -> None:
    assert store.get("0" * 16) is None


def test_each_write_takes_the_next_sequence(store: LeadStore, lead: LeadFactory) -> None:
    one, two = lead(), lead()
    assert [written.sequence for written in store.save([one, two])] == [1, 2]
    assert [written.sequence for written in store.save([one])] == [3]
    assert store.last_sequence() == 3


def test_changes_come_oldest_first_and_each_lead_once(store: LeadStore, lead: LeadFactory) -> None:
    one, two = lead("one"), lead("two")
    store.save([one, two])
    store.save([one])
    batches = list(store.changed_since(0, batch=1))
    assert [[each.title for each in batch] for batch in batches] == [["two"], ["one"]]
    assert list(store.changed_since(3)) == []


def test_a_failed_transaction_leaves_nothing_behind(store: LeadStore, lead: LeadFactory) -> None:
    with pytest.raises(ZeroDivisionError), store.writing() as connection:
        store.put(connection, [lead()])
        _ = 1 / 0
    assert store.last_sequence() == 0
    assert store.tally().total == 0


def test_writers_at_once_never_share_a_sequence(store: LeadStore, lead: LeadFactory) -> None:
    leads = [lead() for _ in range(40)]
    with ThreadPoolExecutor(4) as pool:
        written = list(pool.map(lambda one: store.save([one])[0].sequence, leads))
    assert sorted(written) == list(range(1, 41))


def test_many_leads_are_written_at_once(store: LeadStore, lead: LeadFactory) -> None:
    store.save([lead() for _ in range(2_500)])
    assert store.tally().total == 2_500


def test_the_tally_counts_by_source(store: LeadStore, lead: LeadFactory) -> None:
    store.save([lead(), lead(source="exemples"), lead(domestic=True)])
    tally = store.tally(["exemples"])
    assert (tally.total, tally.domestic, tally.fictitious) == (3, 1, 1)
    assert tally.by_source == {"ted": 2, "exemples": 1}


def test_migrations_make_the_tables_that_the_code_describes(store: LeadStore) -> None:
    with store.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_opening_twice_changes_nothing(tmp_path: Path, lead: LeadFactory) -> None:
    url = f"sqlite:///{tmp_path / 'record.sqlite3'}"
    first = LeadStore.open(url)
    first.save([lead()])
    second = LeadStore.open(url)
    assert second.tally().total == 1
    first.close()
    second.close()


def test_a_record_out_of_reach_is_said_in_french_and_without_password() -> None:
    with pytest.raises(RecordError, match="ne peut pas être ouvert") as caught:
        LeadStore.open("postgresql+psycopg://me:secret@127.0.0.1:1/none")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("url", ["foo", "", "//me:secret@host", "postgresql://me:secret@h:port/b"])
def test_what_is_no_address_is_said_without_repeating_it(url: str) -> None:
    with pytest.raises(RecordError, match="DATABASE_URL") as caught:
        LeadStore.open(url)
    assert "secret" not in str(caught.value)


def test_another_database_is_refused() -> None:
    with pytest.raises(RecordError, match="seuls SQLite et PostgreSQL") as caught:
        LeadStore.open("mysql://me:secret@host/base")
    assert "secret" not in str(caught.value)


def test_a_driver_that_is_absent_is_said_with_the_way_to_install_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(RecordError, match=r"pip install psycopg\[binary\]"):
        LeadStore.open("postgresql+psycopg://me@127.0.0.1:1/none")


def test_a_record_of_a_later_version_is_not_opened(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'record.sqlite3'}"
    store = LeadStore.open(url)
    with store.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'later'"))
    store.close()
    with pytest.raises(RecordError, match="une autre version de Débouchés l'a écrit"):
        LeadStore.open(url)
