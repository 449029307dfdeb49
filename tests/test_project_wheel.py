"""What is installed holds our five rooms and all their data."""

import subprocess
import sys
import zipfile
from pathlib import Path

ROOMS = {"crawlers", "index", "ingest", "search_api", "taxonomies"}
ROOT = Path(__file__).parents[1]


def test_the_wheel_holds_the_five_rooms_and_their_data(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "build", "--wheel", "--outdir", str(tmp_path), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True)
    [wheel] = tmp_path.glob("*.whl")
    names = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert {name.split("/")[0] for name in names} == ROOMS
    committed = subprocess.run(
        ["git", "ls-files", *sorted(ROOMS)], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.splitlines()
    assert set(committed) <= names
