"""The key of the site: what it seals, what happens when it changes."""

from pathlib import Path

import pytest

from index.settings import Settings
from search_api.seal import Seal, SealError

OLD, NEW = "o" * 32, "n" * 32


def seal(folder: Path, keys: str = "") -> Seal:
    return Seal(Settings(data=folder, secret_keys=keys))


def test_what_is_sealed_is_read_again_with_the_same_key_only(tmp_path: Path) -> None:
    sealed = seal(tmp_path, OLD).close("secret")
    assert "secret" not in sealed
    assert seal(tmp_path, OLD).open(sealed) == "secret"
    with pytest.raises(SealError, match="a changé"):
        seal(tmp_path, NEW).open(sealed)


def test_a_key_is_changed_without_losing_what_the_old_one_sealed(tmp_path: Path) -> None:
    sealed = seal(tmp_path, OLD).close("secret")
    both = seal(tmp_path, f"{NEW}, {OLD}")
    assert both.open(sealed) == "secret"
    assert seal(tmp_path, NEW).open(both.close("autre")) == "autre"


def test_a_key_made_by_the_site_is_kept(tmp_path: Path) -> None:
    sealed = seal(tmp_path / "neuf").close("secret")
    assert seal(tmp_path / "neuf").open(sealed) == "secret"


@pytest.mark.parametrize("sealed", ["", "abc", "é", "gAAAA" * 20])
def test_what_was_never_sealed_is_refused(tmp_path: Path, sealed: str) -> None:
    with pytest.raises(SealError):
        seal(tmp_path, OLD).open(sealed)


def test_a_short_key_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SealError, match="32 caractères au moins"):
        seal(tmp_path, "court").mark("a")


def test_a_folder_that_takes_no_key_is_told(tmp_path: Path) -> None:
    (tmp_path / "plein").write_text("")
    with pytest.raises(SealError, match="ne peut pas être"):
        seal(tmp_path / "plein").mark("a")
