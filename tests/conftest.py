"""What tests share: where the real notices are, and a clock that stands still."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

SHARED = Path(__file__).parents[2] / "shared" / "data"


@pytest.fixture
def now() -> datetime:
    """The moment at which tests live."""
    return datetime(2026, 6, 1, 9, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def notices() -> Path:
    """Folder of real notices; tests that need it are skipped where it is absent."""
    folder = SHARED / "notices"
    if not folder.is_dir():
        pytest.skip(f"real notices are absent: {folder}")
    return folder
