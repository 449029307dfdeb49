"""The demonstration feed as of a given day: the packaged table, its relative days made dates."""

import csv
import io
from datetime import date, timedelta
from importlib.resources import files

# When offices close their boxes. The days left choose one, so that two wordings of a demand agree.
_HOURS = ("12:00", "10:00", "17:00", "14:30")


def _table() -> list[dict[str, str]]:
    text = files("ingest").joinpath("demo", "leads.csv").read_text("utf-8")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def _moment(left: int, today: date) -> str:
    return f"{today + timedelta(days=left)}T{_HOURS[left % len(_HOURS)]}"


def _dated(row: dict[str, str], today: date) -> dict[str, str]:
    ago, left = row.pop("published_days_ago"), row.pop("deadline_in_days")
    return row | {
        "published": (today - timedelta(days=int(ago))).isoformat(),
        "deadline": _moment(int(left), today) if left else "",
    }


def dated(today: date) -> bytes:
    """The demonstration feed as published on ``today``: a CSV in UTF-8, as its page describes.

    ``published`` is a day, ``deadline`` a local time without offset ("2026-07-03T12:00") or empty.
    The same day gives the same bytes.
    """
    rows = [_dated(row, today) for row in _table()]
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, rows[0], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()
