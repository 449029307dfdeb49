"""One JSON text to a value: strict, numbers as written, faults in French with their place.

Standard: RFC 8259. Python's decoder accepts NaN, infinite numbers, repeated keys, NUL and lone
surrogates, which nothing downstream can store or show.
"""

import json
import math
import re
from collections.abc import Iterator
from typing import Any, NoReturn

_FAULTS = {
    "Invalid \\escape": "échappement JSON incorrect",
    "Invalid \\uXXXX escape": "échappement JSON incorrect",
    "Invalid control character at": "caractère de contrôle dans une chaîne",
    "Unterminated string starting at": "chaîne non terminée",
    "Expecting ',' delimiter": "virgule ou fin attendue",
    "Expecting ':' delimiter": "deux-points attendus",
    "Expecting property name enclosed in double quotes": "nom de champ entre guillemets attendu",
    "Expecting value": "valeur attendue",
    "Extra data": "texte en trop après la valeur",
}


class _FaultError(ValueError):
    """What a value holds and should not, in French."""


def parse(text: str, line: int = 1, column: int = 1) -> Any:
    """The value of one JSON text whose first sign is at this place; numbers stay as written.

    Raises ValueError, in French with line and column, for a fault, a NaN or a number beyond 1e308,
    a repeated key, a NUL or a lone surrogate.
    """
    try:
        value = _DECODER.decode(text)
        _check_signs(text, value)
    except json.JSONDecodeError as error:
        raise ValueError(_fault(error, line, column)) from None
    except _FaultError as error:
        raise ValueError(f"ligne {line}, colonne {column} : {error}") from None
    except RecursionError:
        raise ValueError(f"ligne {line}, colonne {column} : imbrication trop profonde") from None
    return value


def _fault(error: json.JSONDecodeError, line: int, column: int) -> str:
    at = column + error.colno - 1 if error.lineno == 1 else error.colno
    words = _FAULTS.get(error.msg, "JSON incorrect")
    return f"ligne {line + error.lineno - 1}, colonne {at} : {words}"


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for at, key in enumerate(keys) if key in keys[:at])
        raise _FaultError(f"champ répété « {twice[:80]} »")
    return found


def _number(written: str) -> str:
    if not math.isfinite(float(written)):
        raise _FaultError(f"nombre démesuré « {written[:20]} »")
    return written


def _constant(written: str) -> NoReturn:
    raise _FaultError(f"« {written} » n'est pas un nombre JSON")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_float=_number, parse_int=_number, parse_constant=_constant
)
_FORBIDDEN = re.compile("[\0\ud800-\udfff]")


def _check_signs(text: str, value: Any) -> None:
    # The raw text is searched first: walking every string of every item would cost far more.
    if not _is_unicode(text):
        raise _FaultError("octet qui n'est pas de l'UTF-8")
    strings = _strings(value) if "\\u" in text else ()
    found = (_FORBIDDEN.search(string) for string in strings)
    if sign := next(filter(None, found), None):
        raise _FaultError("caractère nul" if sign[0] == "\0" else "demi-caractère isolé")


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _strings(value: Any) -> Iterator[str]:
    rest = [value]
    while rest:
        current = rest.pop()
        if isinstance(current, str):
            yield current
        elif isinstance(current, dict):
            rest.extend((*current.keys(), *current.values()))
        elif isinstance(current, list):
            rest.extend(current)


def at(value: Any, *path: str) -> Any:
    """What lies at ``path`` through objects, None where there is nothing."""
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def text(value: Any) -> str:
    """A string or number without the blanks around it, "" for anything else."""
    return value.strip() if isinstance(value, str) else ""


def objects(value: Any) -> list[dict[str, Any]]:
    """The objects of an array; an object alone counts as an array of one."""
    values = value if isinstance(value, list) else [value]
    return [found for found in values if isinstance(found, dict)]
