"""Files that survive a power cut, names included."""

import os
from pathlib import Path


def sync(folder: Path) -> None:
    """See that the names in a folder survive: without this, a power cut may lose a file already
    synced. Raises OSError."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_whole(path: Path, content: bytes) -> None:
    """Write a small file so that a reader or a crash sees the old content or the new one. Raises
    OSError."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    with fresh.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    sync(path.parent)
