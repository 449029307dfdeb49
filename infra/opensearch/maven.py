"""Maven, asked for nothing but the files of given coordinates (group:artifact:version[:type])."""

import subprocess
from collections.abc import Iterable
from pathlib import Path
from xml.sax.saxutils import escape

_PROJECT = """<project xmlns="http://maven.apache.org/POM/4.0.0">
<modelVersion>4.0.0</modelVersion><groupId>debouches</groupId><artifactId>node</artifactId>
<version>1</version><packaging>pom</packaging><dependencies>{}</dependencies></project>
"""
_COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies"


def _dependency(coordinates: str) -> str:
    names = ("groupId", "artifactId", "version", "type")
    given = zip(names, coordinates.split(":"), strict=False)
    told = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in given)
    return f"<dependency>{told}</dependency>"


def copy(coordinates: Iterable[str], folder: Path, transitive: bool) -> None:
    """Copy artifacts into a folder, laid out as a repository; with all that they depend on when
    ``transitive``. Raises CalledProcessError, or FileNotFoundError without Maven."""
    project = folder / "pom.xml"
    project.write_text(_PROJECT.format("".join(map(_dependency, coordinates))), "utf-8")
    options = [f"-DoutputDirectory={folder}", "-Dmdep.useRepositoryLayout=true"]
    options += [] if transitive else ["-DexcludeTransitive=true"]
    subprocess.run(["mvn", "-q", "-B", "-f", str(project), _COPY, *options], check=True)


def coordinates(path: Path, folder: Path) -> str:
    """Of a file in a folder laid out as a repository."""
    *group, artifact, version, _ = path.relative_to(folder).parts
    kind = path.suffix.removeprefix(".")
    return ":".join((".".join(group), artifact, version, kind))


def path(artifact: str, folder: Path) -> Path:
    """Where such a folder has an artifact."""
    group, name, version, kind = artifact.split(":")
    return folder.joinpath(*group.split("."), name, version, f"{name}-{version}.{kind}")
