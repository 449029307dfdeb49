"""Passwords: argon2id, in a time that does not tell whether there is an account."""

import secrets
import unicodedata
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error

from search_api.problems import Problem

SHORTEST, LONGEST = 12, 200
# RFC 9106's second choice: 64 MiB and three passes each.
_HASHER = PasswordHasher()
# What is compared with when there is no password: as long to refuse as a wrong one.
# (Of words thrown away: making another would cost each start as much as signing in.)
_NOBODY = (
    "$argon2id$v=19$m=65536,t=3,p=4$rC3v21Ksilos0MuUiV53ow$"
    "4p2Un8w8gfnrotQ6Y8TkAEoW2Ubao/1/toQFK6ol6WI"
)
# Not more of them at once than the memory and the cores bear, nor waited for without end.
_TURNS = BoundedSemaphore(4)
_PATIENCE = 10
# Without I, O, 0, 1: it may be read aloud.
_SIGNS = "abcdefghjkmnpqrstuvwxyz23456789"


def _plain(password: str) -> str:
    """One form for letters that keyboards compose in two ways."""
    return unicodedata.normalize("NFC", password)


def fault(password: str, *known: str) -> str:
    """Why this cannot be a password, "" when it can. known: login, name: what others guess."""
    folded = password.casefold()
    if len(password) < SHORTEST:
        return f"{SHORTEST} caractères au moins : une phrase de quatre ou cinq mots convient."
    if len(password) > LONGEST:
        return f"{LONGEST} caractères au plus."
    if len(set(folded)) < 5:
        return "Ce mot de passe répète toujours les mêmes signes."
    if any(len(one) > 3 and one.casefold() in folded for one in (*known, "debouches", "débouchés")):
        return "Ce mot de passe contient votre identifiant, votre nom ou celui du site."
    return ""


def generated() -> str:
    """A password of 98 bits, in four groups of five signs."""
    return "-".join("".join(secrets.choice(_SIGNS) for _ in range(5)) for _ in range(4))


def kept(password: str) -> str:
    """The password as the record keeps it. Raises Problem (503) when too many wait."""
    with _Turn():
        return _HASHER.hash(_plain(password))


def same(record: str, password: str) -> bool:
    """Whether this is the password kept so; as long to say for "" (none). Raises Problem (503)."""
    if len(password) > LONGEST:
        password = ""
    with _Turn():
        try:
            return _HASHER.verify(record or _NOBODY, _plain(password)) and bool(record)
        except (Argon2Error, ValueError):
            return False


def outdated(record: str) -> bool:
    """Whether it was kept with less effort than today's."""
    return _HASHER.check_needs_rehash(record)


class _Turn:
    def __enter__(self) -> None:
        if not _TURNS.acquire(timeout=_PATIENCE):
            raise Problem(503, "Connexion momentanément impossible", headers={"Retry-After": "30"})

    def __exit__(self, *_: object) -> None:
        _TURNS.release()
