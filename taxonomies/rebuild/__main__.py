"""``python -m taxonomies.rebuild NAME``: one table, or those that go together, from its package."""

import sys
import tempfile
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

TABLES = ("cpv", "hs", "cn", "naf", "countries", "languages", "words", "correspondences", "world")


def main(names: list[str]) -> int:
    """Rebuild the tables named, say how many rows each has. Returns the exit status."""
    if not names or not set(names) <= set(TABLES):
        print(f"Usage : python -m taxonomies.rebuild {'|'.join(TABLES)}", file=sys.stderr)
        return 2
    for name in names:
        rebuild: Callable[[Path], int] = import_module(f"taxonomies.rebuild.{name}").rebuild
        with tempfile.TemporaryDirectory() as folder:
            print(f"{name} : {rebuild(Path(folder))} lignes")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
