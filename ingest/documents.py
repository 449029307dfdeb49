"""Documents: from paths given by people to streams that may be opened again and again.

Nothing is ever extracted to a path, and no member of an archive is held whole in memory.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from ingest.archives import archive_members, is_archive
from ingest.document import Document as Document
from ingest.document import DocumentError as DocumentError
from ingest.document import DocumentTooLarge as DocumentTooLarge
from ingest.document import DocumentUnreadable as DocumentUnreadable
from ingest.document import Limits as Limits
from ingest.document import Refusal as Refusal
from ingest.document import guarded, is_hidden, shown, too_large


def documents(paths: Iterable[Path], limits: Limits) -> Iterator[Document | Refusal]:
    """The documents found at ``paths``, in order; folders are walked in alphabetical order.

    In folders and archives, hidden files are passed over, and those named "_…": a spider keeps its
    report so. Links out of a folder, archives inside archives, missing, empty, encrypted or
    damaged things are given as refusals. Never raises for what it finds.
    """
    for path in paths:
        if _is_folder(path):
            yield from _folder(path, limits)
        else:
            yield from _file(path, limits)


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:
        return False


def _folder(root: Path, limits: Limits) -> Iterator[Document | Refusal]:
    real, rest = root.resolve(), [root]
    while rest:
        path = rest.pop()
        if path != root and path.is_symlink() and _leads_away(path, real):
            yield Refusal(shown(str(path)), "Lien non suivi : il sort du dossier.")
        elif not path.is_dir():
            yield from _file(path, limits)
        elif (inside := _listed(path)) is None:
            yield Refusal(shown(str(path)), "Dossier illisible.")
        else:
            rest += inside


def _listed(folder: Path) -> list[Path] | None:
    """What is not hidden in a folder, the first by name last; None when it cannot be listed."""
    try:
        paths = [path for path in folder.iterdir() if not is_hidden(path.name)]
    except OSError:
        return None
    return sorted(paths, reverse=True)


def _leads_away(link: Path, root: Path) -> bool:
    """A link to a folder, even inside the root, may make the walk endless."""
    try:
        return link.is_dir() or not link.resolve().is_relative_to(root)
    except (OSError, RuntimeError):
        return True


def _file(path: Path, limits: Limits) -> Iterator[Document | Refusal]:
    name = shown(str(path))
    reason = _refused(path, limits)
    if reason:
        yield Refusal(name, reason)
    elif is_archive(path.name):
        yield from archive_members(path, name, limits)
    else:
        yield Document(name, lambda: _opened(path, limits))


def _refused(path: Path, limits: Limits) -> str:
    try:
        if not path.exists():
            return "Chemin introuvable."
        if not path.is_file():
            return "Ni un fichier ni un dossier."
        size = path.stat().st_size
    except OSError:
        return "Fichier illisible."
    if size == 0:
        return "Document vide."
    return too_large(limits) if size > limits.max_document and not is_archive(path.name) else ""


def _opened(path: Path, limits: Limits) -> BinaryIO:
    try:
        return guarded(path.open("rb"), limits)
    except OSError as error:
        raise DocumentUnreadable("Fichier illisible.") from error
