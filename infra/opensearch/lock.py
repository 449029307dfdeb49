#!/usr/bin/env python3
"""Writes again `artifacts.csv`: what a node of `node.yml` is made of, each file with its SHA-256
and the folder of the node that it goes to. To run when `node.yml` changes, on a machine whose
Maven downloads from whom you trust: what is locked here is what everyone will run."""

import csv
import hashlib
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import maven
import yaml

HERE = Path(__file__).parent


def _place(name: str, recipe: dict[str, Any]) -> str:
    """Folder of a jar, "" when the node does without it."""
    for module, told in recipe["modules"].items():
        if name.startswith(tuple(told["jars"])):
            return f"modules/{module}"
    return "" if name.startswith(tuple(recipe["left_out"])) else "lib"


def _rows(recipe: dict[str, Any], folder: Path) -> Iterator[tuple[str, str, str]]:
    for kind, wanted in (("jar", [recipe["server"]]), ("zip", recipe["plugins"])):
        into = folder / kind
        into.mkdir()
        maven.copy([f"{one}:{kind}" for one in wanted], into, transitive=kind == "jar")
        for path in sorted(into.rglob(f"*.{kind}")):
            name = maven.coordinates(path, into).split(":")[1]
            place = _place(path.name, recipe) if kind == "jar" else f"plugins/{name}"
            if place:
                digest = hashlib.sha256(path.read_bytes()).hexdigest()
                yield maven.coordinates(path, into), digest, place


def main() -> None:
    """Fetch everything and write what came."""
    recipe = yaml.safe_load((HERE / "node.yml").read_text("utf-8"))
    with TemporaryDirectory() as folder:
        rows = list(_rows(recipe, Path(folder)))
    with (HERE / "artifacts.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("artifact", "sha256", "folder"))
        writer.writerows(rows)


if __name__ == "__main__":
    main()
