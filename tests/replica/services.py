"""Every service of the replica, by host. A service is a module of its own, with a function that
makes it from the real notices."""

from pathlib import Path

from replica import feeds
from replica.material import pieces
from replica.server import Service


def services(folder: Path) -> dict[str, Service]:
    """All services, over the real notices of a folder."""
    made: dict[str, Service] = {}
    made |= feeds.services([piece.notice for piece in pieces(folder)])
    return made
