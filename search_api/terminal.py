"""What the commands say on a terminal, and the record that they open."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import typer
from rich.console import Console
from rich.text import Text

from index import sync
from index.engine import EngineAway, SearchEngine
from index.generation import IndexBusy
from index.settings import Settings
from index.store import LeadStore
from ingest.document import shown

UNKNOWN, INCOMPLETE = 2, 3

console = Console()
errors = Console(stderr=True)


def printable(told: object) -> Text:
    """What may come from outside as it may be printed: no markup, no terminal's escapes."""
    signs = (" " if sign.isspace() else sign for sign in str(told))
    return Text(shown("".join(signs)))


def fail(message: str, code: int = 1) -> typer.Exit:
    """One line on the error output, and the exit code."""
    errors.print(printable(message), style="red", highlight=False, soft_wrap=True)
    return typer.Exit(code)


def bring_up_to_date(store: LeadStore, engine: SearchEngine) -> None:
    """What an index that is busy, or away, misses now, the next synchronisation brings."""
    try:
        sync.synchronise(store, engine)
    except (IndexBusy, EngineAway) as error:
        later = "« debouches index synchroniser » le mettra à jour."
        errors.print(printable(f"{error} {later}"), highlight=False, soft_wrap=True)


@contextmanager
def record(settings: Settings) -> Iterator[LeadStore]:
    """The record of these settings, closed at the end. Raises RecordError."""
    store = LeadStore.open(settings.record_url)
    try:
        yield store
    finally:
        store.close()


def present(path: Path) -> bool:
    """Whether there is something of this name."""
    try:
        return path.exists()
    except OSError:  # a name too long is nowhere
        return False
