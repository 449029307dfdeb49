"""The compose file, where no container engine can run it: at least it holds together."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from index.settings import Settings

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "infra" / "compose"


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    told: dict[str, Any] = yaml.safe_load((FOLDER / "compose.yml").read_text("utf-8"))
    return told


def test_services_depend_on_services_that_say_when_they_are_ready(compose: dict[str, Any]) -> None:
    services = compose["services"]
    for name, service in services.items():
        for other, told in service.get("depends_on", {}).items():
            assert told == {"condition": "service_healthy"}, name
            assert "healthcheck" in services[other], other


def test_every_volume_is_declared_and_every_file_there(compose: dict[str, Any]) -> None:
    for service in compose["services"].values():
        for mount in service.get("volumes", []):
            place = mount.split(":")[0]
            assert (FOLDER / place).is_file() if "/" in place else place in compose["volumes"]
    build = compose["services"]["application"]["build"]
    assert (FOLDER / build["context"] / build["dockerfile"]).resolve().is_file()


def test_nothing_listens_beyond_this_machine_but_through_a_door_of_its_own(
    compose: dict[str, Any],
) -> None:
    open_doors = {
        name: port
        for name, service in compose["services"].items()
        for port in service.get("ports", [])
    }
    assert set(open_doors) == {"mandataire", "courrier"}
    assert all(port.startswith("127.0.0.1:") for port in open_doors.values())


def test_every_image_has_a_version(compose: dict[str, Any]) -> None:
    for service in compose["services"].values():
        if service["image"] != "debouches":
            assert re.search(r":v?\d", service["image"]), service["image"]


def test_the_settings_of_the_application_exist(
    compose: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = Settings()
    given = compose["services"]["application"]["environment"]
    for name, value in given.items():
        monkeypatch.setenv(name, str(value) if "$" not in str(value) else "https://x.test")
    known = {name.upper() for name in Settings.model_fields}
    assert {name.removeprefix("DEBOUCHES_") for name in given} <= known
    assert Settings().opensearch_url != usual.opensearch_url


def test_no_password_is_written_in_it(compose: dict[str, Any]) -> None:
    written = (FOLDER / "compose.yml").read_text("utf-8")
    assert all("${" in line for line in written.splitlines() if "PASSWORD:" in line)


def test_the_node_of_tests_and_the_image_are_the_same_version(compose: dict[str, Any]) -> None:
    recipe = yaml.safe_load((ROOT / "infra" / "opensearch" / "node.yml").read_text("utf-8"))
    assert compose["services"]["opensearch"]["image"].endswith(f":{recipe['version']}")


def test_every_artifact_of_the_node_is_locked_by_its_hash() -> None:
    lines = (ROOT / "infra" / "opensearch" / "artifacts.csv").read_text("utf-8").splitlines()
    for line in lines[1:]:
        artifact, digest, folder = line.split(",")
        assert artifact.count(":") == 3
        assert re.fullmatch(r"[0-9a-f]{64}", digest)
        assert folder == "lib" or folder.startswith(("modules/", "plugins/"))
    assert any("opensearch-knn" in line for line in lines)
