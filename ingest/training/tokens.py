"""The pieces of words that the embedding knows: a WordPiece vocabulary learned on its texts."""

from collections import Counter
from collections.abc import Iterable
from typing import Any
from unicodedata import category

from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers

UNKNOWN = "[UNK]"
# Letters that decomposition leaves whole, as in ``taxonomies.fold``.
_LETTERS = {"ß": "ss", "œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "đ": "d", "ς": "σ"}
_LONGEST_WORD, _ALPHABET = 60, 400


def tokenizer(texts: Iterable[str], size: int) -> Tokenizer:
    """Learn ``size`` pieces, the same for the same texts. Accents and case are folded; digits and
    signs say nothing of what is bought and are dropped."""
    every, learned = list(texts), _folding(models.WordPiece(unk_token=UNKNOWN))
    letters = _alphabet(learned, every)
    trainer = trainers.WordPieceTrainer(
        vocab_size=size,
        # Letters inside words come first, in order: the library would number them by chance, and
        # numbers decide between pieces of the same frequency.
        special_tokens=[UNKNOWN, *(f"##{letter}" for letter in letters)],
        min_frequency=2,
        initial_alphabet=letters,
        limit_alphabet=len(letters),
        show_progress=False,
    )
    learned.train_from_iterator(every, trainer)
    known: Any = models.WordPiece(
        vocab=learned.get_vocab(), unk_token=UNKNOWN, max_input_chars_per_word=_LONGEST_WORD
    )
    made: Tokenizer = _folding(known)
    made.add_special_tokens([UNKNOWN])
    return made


def _folding(model: Any) -> Any:
    """A tokenizer that folds texts and cuts them into words, then hands them to its model."""
    # The library's types do not know its own constructors.
    made: Any = Tokenizer(model)
    folding: list[Any] = [normalizers.NFKD(), normalizers.StripAccents(), normalizers.Lowercase()]
    folding += [normalizers.Replace(letter, plain) for letter, plain in _LETTERS.items()]
    made.normalizer = normalizers.Sequence(folding)
    made.pre_tokenizer = pre_tokenizers.Split(Regex(r"[^\p{L}]+"), "removed")
    return made


def _alphabet(folding: Any, texts: Iterable[str]) -> list[str]:
    """The most frequent letters of the texts, in order."""
    seen: Counter[str] = Counter()
    for text in texts:
        seen.update(folding.normalizer.normalize_str(text))
    letters = ((-times, sign) for sign, times in seen.items() if category(sign)[0] == "L")
    return sorted(letter for _, letter in sorted(letters)[:_ALPHABET])
