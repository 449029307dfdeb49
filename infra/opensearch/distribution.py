"""The files that every node of this machine runs: fetched once, each of them verified."""

import csv
import hashlib
import os
import shutil
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import maven
import yaml

HERE = Path(__file__).parent
_LOCKED = ("artifacts.csv", "node.yml", "distribution.py")
# A node makes those that are missing, which it may not do here.
_EMPTY = ("bin", "extensions")
# A root's own cache cannot be read by the account that runs the node.
_SHARED = Path("/var/cache")

_DESCRIPTOR = """name={name}
description={name}
version={version}
opensearch.version={version}
java.version=11
classname={main}
extended.plugins={extends}
has.native.controller=false
custom.foldername=
"""


def _cache() -> Path:
    if os.geteuid() == 0:
        return _SHARED
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")


def home() -> Path:
    """Where the distribution of this lock is, or will be: another lock has another folder."""
    digest = hashlib.sha256(b"".join((HERE / name).read_bytes() for name in _LOCKED))
    recipe = yaml.safe_load((HERE / "node.yml").read_text("utf-8"))
    name = f"opensearch-{recipe['version']}-{digest.hexdigest()[:12]}"
    return _cache() / "debouches" / name


def _locked() -> Iterator[tuple[str, str, str]]:
    with (HERE / "artifacts.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield row["artifact"], row["sha256"], row["folder"]


def _verified(artifact: str, digest: str, fetched: Path) -> Path:
    path = maven.path(artifact, fetched)
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != digest:
        sys.exit(f"{artifact}: SHA-256 {found}, {digest} in the lock; nothing was installed.")
    return path


def _described(folder: Path, name: str, told: dict[str, Any], version: str) -> None:
    facts = {"name": name, "version": version, "main": told["main"]}
    text = _DESCRIPTOR.format(**facts, extends=told.get("extends", ""))
    (folder / "plugin-descriptor.properties").write_text(text, "utf-8")
    if permissions := told.get("permissions"):
        grants = "".join(f"  permission {one};\n" for one in permissions)
        (folder / "plugin-security.policy").write_text(f"grant {{\n{grants}}};\n", "utf-8")


def _assemble(made: Path, fetched: Path) -> None:
    recipe = yaml.safe_load((HERE / "node.yml").read_text("utf-8"))
    locked = list(_locked())
    maven.copy([artifact for artifact, _, _ in locked], fetched, transitive=False)
    for artifact, digest, place in locked:
        path = _verified(artifact, digest, fetched)
        folder = made / place
        folder.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".zip":
            with zipfile.ZipFile(path) as archive:
                archive.extractall(folder)
        else:
            shutil.copyfile(path, folder / path.name)
    for name in _EMPTY:
        (made / name).mkdir()
    for name, told in recipe["modules"].items():
        _described(made / "modules" / name, name, told, recipe["version"])


def installed() -> Path:
    """The distribution, put together at the first call. Exits when an artifact is not the one that
    was locked; raises CalledProcessError when Maven cannot bring them."""
    there = home()
    if there.is_dir():
        return there
    there.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=there.parent) as name:
        made, fetched = Path(name) / "made", Path(name) / "fetched"
        for folder in (made, fetched):
            folder.mkdir()
        _assemble(made, fetched)
        try:
            # At once: whoever finds the folder finds it whole.
            made.rename(there)
        except OSError:
            if not there.is_dir():
                raise
    return there


if __name__ == "__main__":
    print(installed())
