"""What the site and the commands begin with: the time."""

from datetime import UTC, datetime


def utcnow() -> datetime:
    """The clock of production."""
    return datetime.now(UTC)
