"""Text folded for matching: what differs only by case, accents or punctuation becomes equal."""

import re
import unicodedata

# Letters that Unicode does not decompose.
_LIGATURES = {
    "œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i", "ħ": "h",
}  # fmt: skip

_BEYOND = re.compile("[^\x00-\x7f]")
_FEW = 12

# Beyond the alphabets, characters are too many to be worth remembering one by one.
_REMEMBERED = 0x3000


class _Folding(dict[int, str]):
    """A table for ``str.translate`` that works each character out when it is first met."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        if unicodedata.combining(char):
            folded = ""
        else:
            folded = char if char.isalnum() or unicodedata.category(char)[0] == "M" else " "
        if code < _REMEMBERED:
            self[code] = folded
        return folded


_FOLDING = _Folding({ord(letter): plain for letter, plain in _LIGATURES.items()})

# The same for ASCII, which bytes do in a tenth of the time.
_ASCII = bytes(code if chr(code).isalnum() else 0x20 for code in range(128)) + bytes(128)


def fold(text: str) -> str:
    """Lower case, without accents, ß as ss, œ as oe; each run of anything else is one space.

    "Côte d'Ivoire" → "cote d ivoire". Works on any text, in any script; never raises.
    """
    if not text.isascii():
        text = _plain(unicodedata.normalize("NFKD", text).casefold())
        if not text.isascii():
            folded = " ".join(text.translate(_FOLDING).split())
            return folded if folded.isascii() else unicodedata.normalize("NFC", folded)
    return " ".join(text.lower().encode().translate(_ASCII).decode().split())


def _plain(text: str) -> str:
    """A text whose signs beyond ASCII are few, as in most European languages, without them."""
    others = set(_BEYOND.findall(text))
    if len(others) > _FEW:
        return text
    for sign in others:
        text = text.replace(sign, _FOLDING[ord(sign)])
    return text


def words(text: str) -> tuple[str, ...]:
    """The folded words of a text, in order."""
    return tuple(fold(text).split())
