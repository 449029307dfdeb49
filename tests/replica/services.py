"""Every service of the replica, by host. A service is a module of its own, with a function that
makes it from the real notices."""

from datetime import date
from pathlib import Path

from replica import banks, canadabuys, feeds, ocds, sam, ted, ungm, worldbank
from replica.days import LAST
from replica.material import pieces
from replica.server import Service


def services(folder: Path, last: date = LAST) -> dict[str, Service]:
    """All services, over the real notices of a folder; those that have days end with ``last``."""
    made: dict[str, Service] = {}
    made |= feeds.services([piece.notice for piece in pieces(folder)])
    made |= ted.services(pieces(folder), last)
    made |= ocds.services(pieces(folder), last)
    made[worldbank.HOST] = worldbank.service(pieces(folder), last)
    made[ungm.HOST] = ungm.service(pieces(folder), last)
    made[sam.HOST] = sam.service(pieces(folder), last)
    made[canadabuys.HOST] = canadabuys.service(pieces(folder), last)
    made |= banks.services(pieces(folder), last)
    return made
