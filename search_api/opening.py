"""What the site and the commands begin with: the time, and the search engine."""

from datetime import UTC, datetime

from index.embedded import EmbeddedEngine
from index.embedders import open_sense
from index.engine import SearchEngine
from index.settings import Settings


def utcnow() -> datetime:
    """The clock of production."""
    return datetime.now(UTC)


def open_engine(settings: Settings) -> SearchEngine:
    """The search engine that these settings ask for."""
    return EmbeddedEngine(settings.index_folder, open_sense(settings))
