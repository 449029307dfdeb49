"""Passwords: what can be one, and how it is kept."""

import pytest
from argon2 import PasswordHasher

from search_api import passwords
from search_api.problems import Problem

GOOD = "quatre chevaux bleus galopent"


def test_a_password_is_kept_by_argon2id_with_the_effort_of_rfc_9106() -> None:
    kept = passwords.kept(GOOD)
    assert kept.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert passwords.same(kept, GOOD)
    assert not passwords.same(kept, GOOD + "x")
    assert not passwords.outdated(kept)
    assert not passwords.outdated(passwords._NOBODY), "an unknown login would cost less, or more"
    assert passwords.outdated(PasswordHasher(time_cost=1, memory_cost=64).hash(GOOD))


@pytest.mark.parametrize("record", ["", "$argon2id$abîmé"])
def test_no_password_opens_a_record_without_one(record: str) -> None:
    assert not passwords.same(record, "")
    assert not passwords.same(record, GOOD)


def test_letters_are_the_same_however_a_keyboard_composes_them() -> None:
    assert passwords.same(passwords.kept("étés très longs"), "e\u0301te\u0301s tre\u0300s longs")


@pytest.mark.parametrize(
    ("password", "told"),
    [
        (GOOD, ""),
        ("court", "12 caractères au moins"),
        ("x" * 201, "200 caractères au plus"),
        ("ababababababab", "répète"),
        ("ana.martin-2026", "identifiant"),
        ("vive-DEBOUCHES-2026", "identifiant"),
    ],
    ids=["bon", "court", "long", "répété", "identifiant", "site"],
)
def test_what_is_easily_guessed_is_refused_with_the_reason(password: str, told: str) -> None:
    fault = passwords.fault(password, "ana.martin", "Ana Martin")
    assert told in fault if told else not fault


def test_generated_passwords_are_good_ones_and_never_twice_the_same() -> None:
    made = {passwords.generated() for _ in range(50)}
    assert len(made) == 50
    assert not any(passwords.fault(one) for one in made)


def test_those_who_would_wait_too_long_for_their_turn_are_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(passwords, "_PATIENCE", 0)
    for _ in range(4):
        passwords._TURNS.acquire()
    try:
        with pytest.raises(Problem) as caught:
            passwords.same("", GOOD)
    finally:
        passwords._TURNS.release(4)
    assert caught.value.headers == {"Retry-After": "30"}
