"""Signing in with a real browser, without JavaScript too, accessible at each step."""

from collections.abc import Iterator
from typing import Any

import pyotp
import pytest
from axe_playwright_python.sync_playwright import Axe
from conftest import served
from people import CHEAP, PASSWORD, Door
from playwright.sync_api import Browser, ConsoleMessage, Page, expect

from search_api import accounts, passwords

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    patch = pytest.MonkeyPatch()
    patch.setattr(passwords, "_HASHER", CHEAP)
    patch.setattr(passwords, "_NOBODY", CHEAP.hash("nobody"))
    opened = Door(tmp_path_factory.mktemp("site"), oidc_issuer="http://127.0.0.1:1")
    yield opened
    patch.undo()
    opened.app.state.provider.client.close()
    opened.store.close()


@pytest.fixture(scope="module")
def address(door: Door) -> Iterator[str]:
    with served(door.app) as opened:
        yield opened


WIDE, NARROW = (1280, "light"), (360, "dark")


def flaws(page: Page, *looks: tuple[int, str]) -> list[Any]:
    """What axe refuses on the page in these widths and themes; and sideways scrolling."""
    found: list[Any] = []
    for width, scheme in looks:
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        page.set_viewport_size({"width": width, "height": 800})
        told = Axe().run(page).response["violations"]
        found += [(page.url, one["id"], one["nodes"][0]["html"]) for one in told]
        if page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
            found.append((page.url, "scrolls sideways", width))
    return found


def _amiss(said: ConsoleMessage) -> bool:
    return said.type in ("error", "warning") and "status of 4" not in said.text


def _sign_in(page: Page, password: str) -> None:
    page.get_by_label("Identifiant").fill("chef")
    page.get_by_label("Mot de passe").fill(password)
    page.get_by_role("button", name="Continuer").click()


def test_an_administrator_comes_in_works_and_leaves(
    browser: Browser, door: Door, address: str
) -> None:
    door.account("chef", "administrateur")
    context = browser.new_context(base_url=address)
    page, found = context.new_page(), list[Any]()
    alarms: list[str] = []
    # The browser also tells refusals (status 4…), as they deserve.
    page.on("console", lambda said: alarms.append(said.text) if _amiss(said) else None)
    page.goto("/curation/comptes")
    _sign_in(page, "pas le bon mot de passe")
    expect(page.get_by_role("alert")).to_contain_text("incorrect")
    found += flaws(page, WIDE, NARROW)
    _sign_in(page, PASSWORD)
    page.get_by_label("Code à six chiffres").fill("000000")
    page.get_by_role("button", name="Vérifier").click()
    found += flaws(page, NARROW)
    secret = "".join(page.locator(".cle").inner_text().split())
    page.get_by_label("Code à six chiffres").fill(pyotp.TOTP(secret).at(door.now))
    page.get_by_role("button", name="Vérifier").click()
    expect(page.locator(".secours li")).to_have_count(10)
    found += flaws(page, WIDE)
    page.get_by_role("link", name="Je les ai notés").click()
    expect(page).to_have_url(f"{address}/curation/comptes")
    page.get_by_label("Identifiant").fill("zoe")
    page.get_by_label("Nom", exact=True).fill("Zoé Durand")
    page.get_by_role("button", name="Ouvrir le compte").click()
    expect(page.get_by_role("status")).to_contain_text("/invitation/")
    found += flaws(page, WIDE, NARROW)
    for path in ("/curation", "/curation/compte"):
        page.goto(path)
        found += flaws(page, NARROW)
    page.get_by_role("button", name="Se déconnecter").click()
    expect(page.get_by_role("status")).to_contain_text("déconnecté")
    context.close()
    assert found == []
    assert alarms == []


def test_without_javascript_one_chooses_a_password_and_types_a_code(
    browser: Browser, door: Door, address: str
) -> None:
    ana = door.enrolled("ana")
    with door.store.writing_aside() as connection:
        token = accounts.invite(accounts.Change(connection, door.now, "test"), "ana")
    context = browser.new_context(base_url=address, java_script_enabled=False)
    page = context.new_page()
    page.goto(f"/invitation/{token}")
    page.get_by_label("Mot de passe").fill("cinq moutons verts dansent")
    page.get_by_label("Le même").fill("cinq moutons verts dansent")
    page.get_by_role("button", name="Enregistrer").click()
    page.get_by_label("Code à six chiffres").fill(ana.totp())
    page.get_by_role("button", name="Se connecter").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Bonjour Ana")
    context.close()
