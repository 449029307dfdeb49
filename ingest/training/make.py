"""A whole model, from coded leads to a folder that ``DEBOUCHES_MODEL`` may name."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from index import coding_file
from index.coding import Coded, Wording
from index.labelled import LabelledText
from index.lead import Lead, LeadCode, LeadText
from index.trade import TradeEmbedder
from ingest.training import coder, texts
from ingest.training.embedding import Plan, train
from ingest.training.saving import save
from ingest.training.tokens import tokenizer
from taxonomies import hs
from taxonomies.fold import fold

# One coded text in so many is kept apart: what calibrates may not have been learned.
APART = 8

# Cosine from which notices told in two languages may speak of one demand: what it brings to the
# search for duplicates is measured by « debouches evaluer doublons ».
THRESHOLD = 0.45

# A word of the trade occurs at least so often in its texts.
_SPOKEN = 2


@dataclass(frozen=True)
class Material:
    """leads: coded by their source or by analysts. products: (English text, HS code). labelled:
    texts that people coded. pairs: words that translate each other, from dictionaries."""

    leads: Sequence[Lead]
    products: Sequence[tuple[str, str]] = ()
    labelled: Sequence[LabelledText] = ()
    pairs: Sequence[tuple[str, str]] = ()


def apart(text: str) -> bool:
    """Whether a text is kept apart from the learning; the same everywhere and for ever."""
    return int(hashlib.sha256(fold(text).encode()).hexdigest(), 16) % APART == 0


def of_the_trade(pairs: Iterable[tuple[str, str]], spoken: Iterable[str]) -> list[tuple[str, str]]:
    """The pairs of which one side at least is made of words that the trade uses."""
    seen: Counter[str] = Counter()
    for text in spoken:
        seen.update(set(fold(text).split()))
    known = {word for word, times in seen.items() if times >= _SPOKEN}
    return [pair for pair in pairs if any(known.issuperset(fold(side).split()) for side in pair)]


def make(
    folder: Path, name: str, material: Material, plan: Plan, progress: Callable[[str], None]
) -> None:
    """Train everything and write it in ``folder``. progress: told what is being done, in French.

    Raises ImportError without the extra ``semantic``, OSError when the folder cannot be written.
    """
    every = [*material.leads, *(_lead(one) for one in material.labelled if one.scheme == "CPV")]
    goods = [*_goods(material)]
    leads = [lead for lead in every if not apart(lead.title)]
    products = [(text, code) for (text, *_), (code,) in goods if not apart(text)]
    bare = texts.corpus(leads, products)
    progress("Vocabulaire…")
    pairs = of_the_trade(material.pairs, bare.texts())
    corpus = texts.corpus(leads, products, pairs)
    pieces = tokenizer(corpus.texts(), plan.pieces)
    trained = train(
        corpus,
        pieces,
        plan,
        lambda step, loss: progress(f"Pas {step}/{plan.steps}, perte {loss:.3f}"),
    )
    folder.mkdir(parents=True, exist_ok=True)
    save(folder, trained.tokenizer, trained.vectors, name, THRESHOLD)
    progress("Codage…")
    notices = [one for lead in every if (one := _notice(lead))[1]]
    known: dict[Coded, list[coder.Known]] = {"CPV": notices, "HS": goods}
    fitted = coder.fit(
        TradeEmbedder.load(folder),
        trained.layers,
        {
            scheme: [one for one in some if not apart(one[0].title)]
            for scheme, some in known.items()
        },
        {scheme: [one for one in some if apart(one[0].title)] for scheme, some in known.items()},
    )
    coding_file.write(fitted, folder)


def _lead(one: LabelledText) -> Lead:
    code = LeadCode(scheme=one.scheme, code=one.code, method="analyst")
    text = LeadText(language=one.language, title=one.title, text=one.text)
    return Lead(id=one.hash[:16], texts=(text,), codes=(code,))


def _goods(material: Material) -> Iterator[coder.Known]:
    for text, written in material.products:
        if code := hs.normalise(written):
            yield Wording(text, "", "en"), (code,)
    for one in material.labelled:
        if one.scheme == "HS":
            yield Wording(f"{one.title} {one.text}".strip(), "", one.language), (one.code,)


def _notice(lead: Lead) -> coder.Known:
    first = lead.texts[0]
    codes = tuple(code.code for code in lead.codes if code.scheme == "CPV" and code.given)
    return Wording(first.title, first.text, first.language), codes
