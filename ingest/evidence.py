"""The words of a lead that speak for the codes that its words were guessed to mean."""

import re
from collections.abc import Sequence

import numpy as np

from index.coding import Coder, Wording
from index.concepts import concepts
from index.lead import LeadCode

# Words shown, words looked at, characters they are taken from, and the cosine with a code's
# labels from which a word speaks for it.
_SHOWN, _LOOKED, _READ, _SPEAKS = 4, 24, 200, 0.35

_WORD = re.compile(r"[^\W\d_]{3,}")


def _words(text: Wording) -> list[str]:
    return list(dict.fromkeys(_WORD.findall(f"{text.title} {text.text[:_READ]}")))[:_LOOKED]


def evidence(
    coder: Coder, drafts: Sequence[tuple[Wording, Sequence[LeadCode]]]
) -> list[list[LeadCode]]:
    """The codes of each text, in order, guessed ones with the words that speak for them: the
    loudest first, as they are written."""
    guessed = [any(not code.given for code in codes) for _, codes in drafts]
    words = [_words(text) if told else [] for (text, _), told in zip(drafts, guessed, strict=True)]
    place = {
        word: at for at, word in enumerate(dict.fromkeys(one for some in words for one in some))
    }
    vectors = coder.embedder.embed(list(place))
    return [
        [
            _heard(coder, code, some, vectors[[place[word] for word in some]])
            if some and not code.given
            else code
            for code in codes
        ]
        for (_, codes), some in zip(drafts, words, strict=True)
    ]


def _heard(coder: Coder, code: LeadCode, words: list[str], vectors: np.ndarray) -> LeadCode:
    close = vectors @ coder.labels[concepts().position[code.scheme, code.code]]
    loudest = np.argsort(-close, kind="stable")[:_SHOWN]
    spoken = tuple(words[at] for at in loudest if close[at] >= _SPEAKS)
    return code.model_copy(update={"evidence": spoken})
