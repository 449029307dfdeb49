"""Every service of the replica, by host. A service is a module of its own, with a function that
makes it from the real notices."""

from datetime import date
from pathlib import Path

from replica import feeds, ocds, ted
from replica.days import LAST
from replica.material import pieces
from replica.server import Service


def services(folder: Path, last: date = LAST) -> dict[str, Service]:
    """All services, over the real notices of a folder; those that have days end with ``last``."""
    made: dict[str, Service] = {}
    made |= feeds.services([piece.notice for piece in pieces(folder)])
    made |= ted.services(pieces(folder), last)
    made |= ocds.services(pieces(folder), last)
    return made
