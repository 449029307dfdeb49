"""The audit trail tells who did what, and cannot be rewritten."""

from datetime import timedelta

import pytest
from conftest import NOW
from sqlalchemy import delete, update
from sqlalchemy.exc import IntegrityError

from index.audit import note, trail
from index.store import LeadStore
from index.tables import audit


def test_a_line_is_read_back_as_it_was_written(store: LeadStore) -> None:
    with store.writing() as connection:
        note(connection, NOW, "ana", "publier", "lead:1", {"status": "proposed"}, {"à": [1]})
        [line] = trail(connection)
    assert (line.at, line.who, line.action, line.subject) == (NOW, "ana", "publier", "lead:1")
    assert (line.before, line.after) == ({"status": "proposed"}, {"à": [1]})


def test_the_trail_is_read_by_subject_by_person_and_in_time(store: LeadStore) -> None:
    with store.writing() as connection:
        for day, (who, subject) in enumerate(
            [("ana", "lead:1"), ("bo", "lead:1"), ("ana", "lead:11"), ("ana", "source:l%")]
        ):
            note(connection, NOW + timedelta(days=day), who, "publier", subject)

        def seen(**wanted: object) -> list[int]:
            return [line.id for line in trail(connection, **wanted)]  # type: ignore[arg-type]

        assert seen(subject="lead:1") == [2, 1]
        assert seen(subject="lead:") == [3, 2, 1]
        assert seen(who="ana", subject="lead:1") == [1]
        assert seen(action="rejeter") == []
        assert seen(since=NOW + timedelta(days=1), until=NOW + timedelta(days=3)) == [3, 2]
        assert seen(limit=2) == [4, 3]
        assert seen(older_than=3, limit=1) == [2]


@pytest.mark.parametrize("change", [update(audit).values(who="bo"), delete(audit)], ids=str)
def test_the_database_refuses_to_change_a_line(store: LeadStore, change: object) -> None:
    with store.writing() as connection:
        note(connection, NOW, "ana", "publier", "lead:1")
    with pytest.raises(IntegrityError, match="append-only"), store.writing() as connection:
        connection.execute(change)  # type: ignore[call-overload]
    with store.reading() as connection:
        assert [line.who for line in trail(connection)] == ["ana"]


def test_a_change_that_fails_leaves_no_line(store: LeadStore) -> None:
    with pytest.raises(ZeroDivisionError), store.writing() as connection:
        note(connection, NOW, "ana", "publier", "lead:1")
        _ = 1 / 0
    with store.reading() as connection:
        assert trail(connection) == []
