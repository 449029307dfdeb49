"""Where a crawl lands: one folder a run, one file a body, and a report that says how it ended.

A run without report, or whose report gives another reason than ``finished``, is partial. Its
bodies are complete nevertheless, and can be ingested.
"""

import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import orjson

REPORT = "_run.json"

REASONS = {
    "finished": "la dernière page a été lue",
    "interrupted": "la collecte a été interrompue",
    "refused": "le service refuse de répondre",
    "robots": "le fichier robots.txt du service l'interdit",
    "redirects": "le service redirige en boucle",
    "loop": "la page suivante a déjà été lue",
    "empty": "trop de pages vides à la suite",
    "endless": "trop de pages",
    "offsite": "la suite est sur un autre site",
    "oversize": "une réponse est trop volumineuse",
    "unreadable": "une réponse est illisible",
    "unavailable": "le service ne répond pas correctement",
    "short": "le service annonce davantage d'éléments",
    "disk": "l'écriture sur le disque a échoué",
}


def write(path: Path, body: bytes) -> None:
    """Writes the whole file or nothing: a reader, or a crash, never sees half of it.

    Raises OSError, and leaves nothing, when the disk refuses.
    """
    part = path.with_name(f".{path.name}.part")
    try:
        with part.open("wb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError:
        part.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    # A new name lives in its folder: without this, a power cut may lose a file already synced.
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _plain(text: str) -> str:
    # Addresses and messages come from outside: lone surrogates cannot be written in UTF-8.
    return text[:500].encode("utf-8", "backslashreplace").decode()


class Run:
    """One crawl of one source, in ``<landing>/<source>/<moment of start>/``.

    reason: a key of REASONS, "interrupted" until known better.
    items: items seen in the pages; declared: as counted by the service, None when it does not say.
    Raises OSError when the folder cannot be made.
    """

    def __init__(
        self, landing: Path, source: str, agent: str, clock: Callable[[], datetime]
    ) -> None:
        self.source, self.agent, self.clock = source, agent, clock
        self.started = clock()
        self.folder = landing / source / f"{self.started:%Y%m%d-%H%M%S-%f}"
        self.folder.mkdir(parents=True)
        for folder in (self.folder.parent, landing):
            _sync_folder(folder)
        self.reason = "interrupted"
        self.pages = self.bytes = self.items = self.retries = 0
        self.declared: int | None = None
        self.errors: list[dict[str, str]] = []

    def land(self, body: bytes) -> Path:
        """Stores one body, byte for byte; on return, it survives a power cut. Raises OSError."""
        path = self.folder / f"{self.pages + 1:06d}.json"
        write(path, body)
        self.pages += 1
        self.bytes += len(body)
        return path

    def fail(self, reason: str, address: str, detail: str = "") -> None:
        """Notes why the run ends here."""
        self.reason = reason
        self.errors.append({"reason": reason, "address": _plain(address), "detail": _plain(detail)})

    def close(self) -> None:
        """Writes the report. Raises OSError."""
        write(self.folder / REPORT, orjson.dumps(self._report(), option=orjson.OPT_INDENT_2))

    def _report(self) -> dict[str, object]:
        return {
            "source": self.source,
            "started": self.started,
            "finished": self.clock(),
            "reason": self.reason,
            "pages": self.pages,
            "bytes": self.bytes,
            "items": self.items,
            "declared": self.declared,
            "retries": self.retries,
            "errors": self.errors,
            "user_agent": self.agent,
        }
