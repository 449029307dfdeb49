"""The key of the site: seals what the record must not tell, and marks what it need not know."""

import base64
import hmac
import os
import re
import secrets
from functools import cached_property
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from index.durable import sync
from index.settings import Settings

# Characters under which a key given by settings is refused.
_SHORTEST = 32
FILE = "cle-du-site"


class SealError(Exception):
    """The key is missing, too short, or not the one that sealed; the message is French."""


def _derived(key: str, purpose: bytes) -> bytes:
    return HKDF(hashes.SHA256(), 32, salt=None, info=purpose).derive(key.encode())


class Seal:
    """Keys of ``Settings.secret_keys``, the newest first; without any, one that is made once and
    kept in the folder of the data. Sealed with any of them, a text can be read again.

    A copy of the record alone (a dump, a backup, a read-only account of the database) then gives
    no second factor.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @cached_property
    def _keys(self) -> list[str]:
        given = re.split(r"[,\s]+", self._settings.secret_keys.strip(", \n\t"))
        keys = [one for one in given if one] or [_kept(self._settings.data / FILE)]
        if any(len(one) < _SHORTEST for one in keys):
            raise SealError(f"DEBOUCHES_SECRET_KEYS : {_SHORTEST} caractères au moins par clé.")
        return keys

    @cached_property
    def _fernet(self) -> MultiFernet:
        return MultiFernet(
            [Fernet(base64.urlsafe_b64encode(_derived(one, b"sceau"))) for one in self._keys]
        )

    def close(self, text: str) -> str:
        """The text, sealed."""
        return self._fernet.encrypt(text.encode()).decode()

    def open(self, sealed: str) -> str:
        """The text again. Raises SealError when none of the keys sealed it."""
        try:
            return self._fernet.decrypt(sealed.encode("utf-8", "replace")).decode()
        except InvalidToken as error:
            raise SealError("La clé du site a changé : ce secret ne peut plus être lu.") from error

    def mark(self, text: str) -> str:
        """64 hexadecimal digits, the same for the same text, from which it cannot be guessed."""
        key = _derived(self._keys[0], b"marque")
        return hmac.digest(key, text.encode("utf-8", "replace"), "sha256").hex()


def _kept(path: Path) -> str:
    """The key in this file, made when there is none. Raises SealError."""
    try:
        if not path.exists():
            _make(path)
        return path.read_text("ascii").strip()
    except OSError as error:
        told = f"La clé du site ({FILE}) ne peut pas être lue ni écrite : {error.strerror}."
        raise SealError(told) from error


def _make(path: Path) -> None:
    """A new key for its owner alone; of several who make one at once, the first is right."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{FILE}-{secrets.token_hex(8)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(secrets.token_urlsafe(48) + "\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        # A link never replaces: whoever comes second reads the key of the first.
        os.link(draft, path)
        sync(path.parent)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
