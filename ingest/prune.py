"""Old landings: the folders of collections let in long ago, whose bytes the record has."""

import shutil
from datetime import datetime, timedelta
from pathlib import Path

from ingest.collections import Collection, Collections

# Long enough to compare what was received with what was understood of it.
KEPT = timedelta(days=30)


def prune(collections: Collections, landing: Path, now: datetime) -> list[Path]:
    """Remove them, and give them back. What was held or rejected stays: nothing else has its bytes;
    the last whole one of a source stays too: its validators go to the next crawl."""
    removed = []
    for row in collections.old(now - KEPT):
        folder = (landing / row.folder).resolve()
        if folder.is_relative_to(landing.resolve()) and not _is_last(row, collections):
            shutil.rmtree(folder, ignore_errors=True)
            if not folder.exists():
                collections.forget_folder(row.number)
                removed.append(folder)
    return removed


def _is_last(row: Collection, collections: Collections) -> bool:
    last = collections.complete(row.source)
    return last is not None and last.number == row.number
