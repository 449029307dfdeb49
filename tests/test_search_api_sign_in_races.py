"""Several at once at the door: on each database, codes and tries are counted one by one."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from threading import Barrier, Thread

import pyotp
from conftest import NOW

from index.settings import Settings
from index.store import LeadStore
from search_api import accounts, throttle, totp
from search_api.accounts import AccountError, Change
from search_api.seal import Seal

CROWD = 12


def at_once(gesture: Callable[[int], None], times: int = CROWD) -> None:
    """Everybody makes the gesture at the same moment."""
    start = Barrier(times)

    def go(number: int) -> None:
        start.wait(30)
        gesture(number)

    threads = [Thread(target=go, args=(number,)) for number in range(times)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()


def test_a_code_sent_by_many_opens_for_one(store: LeadStore) -> None:
    with store.writing_aside() as connection:
        who = accounts.create(Change(connection, NOW, "t"), "ana", "Ana", "", "lecteur").id
        (recovery, *_) = totp.give_recovery(connection, who)
    secret, served, spent = totp.new_secret(), list[bool](), list[bool]()
    code = pyotp.TOTP(secret).at(NOW)

    def come(_: int) -> None:
        with store.writing_aside() as connection:
            served.append(totp.serve(connection, who, secret, code, NOW))
            spent.append(totp.spend_recovery(connection, who, recovery, NOW))

    at_once(come)
    assert (served.count(True), spent.count(True)) == (1, 1)
    assert (len(served), len(spent)) == (CROWD, CROWD)


def test_tries_made_at_once_are_all_counted(store: LeadStore, tmp_path: Path) -> None:
    seal, waits = Seal(Settings(data=tmp_path)), list[timedelta]()

    def come(number: int) -> None:
        # Two logins from one address share a row, in whatever order they come.
        keys = throttle.keys(seal, f"login{number % 2}", "192.0.2.1")
        with store.writing_aside() as connection:
            waits.append(throttle.attempt(connection, keys, NOW))

    at_once(come)
    assert waits.count(timedelta(0)) == 10
    assert waits.count(timedelta(seconds=30)) == CROWD - 10


def test_two_sites_that_start_at_once_make_one_key(tmp_path: Path) -> None:
    marks: list[str] = []
    at_once(lambda _: marks.append(Seal(Settings(data=tmp_path)).mark("a")))
    assert len(set(marks)) == 1
    assert [one.name for one in tmp_path.iterdir()] == ["cle-du-site"]


def test_two_administrators_who_close_each_other_at_once_leave_one(store: LeadStore) -> None:
    now, refused = NOW, list[AccountError]()
    with store.writing_aside() as connection:
        for login in ("a1", "a2"):
            accounts.create(Change(connection, now, "t"), login, login, "", "administrateur")

    def close(login: str) -> None:
        try:
            with store.writing_aside() as connection:
                accounts.disable(Change(connection, now, "t"), login)
        except AccountError as error:
            refused.append(error)

    threads = [Thread(target=close, args=(login,)) for login in ("a1", "a2")]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    with store.reading() as connection:
        left = [one for one in accounts.every(connection) if not one.disabled]
    assert (len(left), len(refused)) == (1, 1)
