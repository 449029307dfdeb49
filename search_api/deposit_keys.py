"""Who may deposit files: a bearer secret a source, of which only the SHA-256 is known here."""

import hashlib
import hmac
import logging
import re

log = logging.getLogger(__name__)

_PAIR = re.compile(r"([a-z0-9][a-z0-9-]*):([0-9a-fA-F]{64})")


class DepositKeys:
    """The keys of a setting (``Settings.deposit_keys``). A pair that is badly written opens
    nothing, and is told in the log without what it holds."""

    def __init__(self, written: str) -> None:
        self._keys: list[tuple[str, str]] = []
        for number, pair in enumerate(re.split(r"[,\s]+", written.strip(", \n\t")), 1):
            found = _PAIR.fullmatch(pair)
            if found:
                self._keys.append((found[1], found[2].lower()))
            elif pair:
                log.warning("DEBOUCHES_DEPOSIT_KEYS: pair %d is not source:sha256", number)

    def __bool__(self) -> bool:
        return bool(self._keys)

    def sources(self, secret: str) -> frozenset[str]:
        """The sources for which this secret may deposit; in a time that does not tell which."""
        given = hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
        matches = [(name, hmac.compare_digest(given, known)) for name, known in self._keys]
        return frozenset(name for name, same in matches if same)
