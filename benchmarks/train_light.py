"""Training and measure of the light embedder. Needs scikit-learn (extra ``dev``).

    python -m benchmarks.train_light DATA            # trains, writes index/model, measures
    python -m benchmarks.train_light DATA --choose   # on held-out parts, writes nothing
    python -m benchmarks.train_light DATA --measure  # measures the packaged model

DATA holds ``notices/index.csv`` and ``queries_dev.tsv``; nothing of it enters the model but the
weights learned from four fifths of the notices. Cross-lingual latent semantic analysis:

1. A concept is a CPV or HS code; its texts are its labels in all languages, and notices.
2. Truncated SVD of concepts × pieces of words gives each concept a vector.
3. Each concept moves towards its ancestors: close codes must be close vectors.
4. Ridge regression from the pieces of one text, in one language, to the vector of its concept:
   pieces that say nothing of what is bought (articles, procedure) get vectors near zero.
5. Concepts become the mean of what their labels now say, and 3 and 4 are done once more.
"""

import csv
import hashlib
import sys
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray
from scipy import sparse  # type: ignore[import-untyped]
from sklearn.utils.extmath import randomized_svd

from benchmarks.relevance import gain, judged, ndcg
from index.embedding import Vectors
from index.light import LightEmbedder, pieces, words
from taxonomies import cpv, hs, languages

NAME = "lsa-1"
MODEL = Path(__file__).parents[1] / "index" / "model" / f"{NAME}.npz"

DIMENSIONS, PIECES = 128, 60_000
ROUNDS, STEPS, PENALTY = 2, 25, 3.0
TOWARDS_ANCESTORS, FADING, WHITENING = 1.5, 0.7, 0.5
# A notice weighs more than a label: few of them have to teach which words do not matter.
NOTICE, HS_LABEL = 5.0, 0.02
# Half of what meaning alone brings is right above 0.7; the search ranks it with words, below them,
# and gains from a wider reach (benchmarks/relevance.py).
THRESHOLD = 0.50

# Notices are split by hash of their file's name: part 0 is never read by training; parts 1 and 2
# served to choose the values above.
TEST, CHOICE = {0}, {1, 2}
HELD_CODES = 10  # ``--choose`` keeps one CPV code in so many apart, to find its labels again

GROUPS = {
    "English": "en",
    "Germanic": "de nl da sv no",
    "Romance": "es it pt ro fr",
    "Slavic": "pl cs sk sl hr bg",
    "Greek": "el",
    "Baltic and Uralic": "fi et hu lt lv",
}


@dataclass(frozen=True)
class Notice:
    """A coded notice: part 0 to 4, is it a foreign one of TED, language (ISO 639-1), main CPV
    code, title, title and first lines."""

    part: int
    foreign: bool
    language: str
    code: str
    title: str
    text: str


@dataclass(frozen=True)
class Corpus:
    """Texts, the concept and the weight of each, and each concept's ancestors, nearest first.

    The first ``labels`` texts are official labels.
    """

    texts: list[str]
    concepts: NDArray[np.int64]
    weights: Vectors
    ancestors: list[list[int]]
    labels: int


def digest(name: str) -> int:
    """A number that splits names at random, the same everywhere."""
    return int(hashlib.sha1(name.encode()).hexdigest(), 16)


def notices(data: Path) -> list[Notice]:
    """Real notices with an official CPV code."""
    csv.field_size_limit(10**7)
    with (data / "notices" / "index.csv").open(encoding="utf-8") as file:
        return [
            Notice(
                digest(row["file"]) % 5,
                row["country"] != "FR" and row["format"] in ("TED_EXPORT", "eForms"),
                languages.normalise(row["lang"]) or "",
                row["cpv_main"][:8],
                row["title"],
                f"{row['title']}. {row['description'][:600]}",
            )
            for row in csv.DictReader(file)
            if row["real"] == "yes" and cpv.get(row["cpv_main"][:8])
        ]


def official(held: Collection[str]) -> Iterator[tuple[str, str, float]]:
    """(concept, label, weight) in every language; the Irish labels of CPV are English ones."""
    for language in cpv.LANGUAGES:
        if language != "ga":
            for code, label in cpv.labels(language).items():
                if code not in held:
                    yield f"cpv {code}", label, 1.0
    for language in hs.LANGUAGES:
        for code in hs.codes():
            steps = hs.path(code, language)
            yield f"hs {code}", " ".join(steps[1:] or steps), HS_LABEL


def corpus(real: Sequence[Notice], held: Collection[str] = ()) -> Corpus:
    """Labels, then each notice as a whole and its title alone."""
    rows = list(official(held))
    labels = len(rows)
    names = {name: at for at, name in enumerate(dict.fromkeys(row[0] for row in rows))}
    for notice in real:
        if (name := f"cpv {notice.code}") in names:
            rows += [(name, text, NOTICE) for text in (notice.text, notice.title)]
    above: dict[str, Callable[[str], tuple[str, ...]]] = {"cpv": cpv.ancestors, "hs": hs.ancestors}
    return Corpus(
        [text for _, text, _ in rows],
        np.array([names[name] for name, _, _ in rows]),
        np.array([weight for _, _, weight in rows], np.float32),
        [
            [names[f"{kind} {one}"] for one in above[kind](code) if f"{kind} {one}" in names]
            for kind, code in (name.split() for name in names)
        ],
        labels,
    )


def vocabulary(corpus: Corpus) -> list[str]:
    """The pieces that occur in most texts, by weight; sorted."""
    seen: Counter[str] = Counter()
    for text, weight in zip(corpus.texts, corpus.weights.tolist(), strict=True):
        for piece in {piece for word in words(text) for piece in pieces(word)}:
            seen[piece] += weight
    return sorted(sorted(seen, key=lambda piece: (-seen[piece], piece))[:PIECES])


def counts(texts: Sequence[str], kept: Sequence[str]) -> sparse.csr_matrix:
    """Texts × pieces: how often, divided by the root of the number of pieces of the text."""
    rows = {piece: row for row, piece in enumerate(kept)}
    ends, columns, values = [0], [], []
    for text in texts:
        found = [rows[piece] for word in words(text) for piece in pieces(word) if piece in rows]
        columns += found
        ends.append(len(columns))
        values.append(np.full(len(found), max(len(found), 1) ** -0.5, np.float32))
    data = (np.concatenate(values), np.array(columns, np.int32), np.array(ends))
    return sparse.csr_matrix(data, (len(texts), len(kept)))


def unit(vectors: Vectors) -> Vectors:
    """Rows of length one; zeros stay zeros."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    scaled: Vectors = (vectors / np.maximum(lengths, 1e-9)).astype(np.float32)
    return scaled


def first_concepts(texts: sparse.csr_matrix, corpus: Corpus) -> Vectors:
    """Concepts as their coordinates in the SVD of concepts × pieces (log counts × idf)."""
    table = _by_concept(corpus, corpus.weights, len(corpus.texts)) @ texts
    table.data = np.log1p(table.data)
    used = np.asarray((table > 0).sum(0)).ravel()
    table = table @ sparse.diags(np.log((table.shape[0] + 1) / (used + 1)))
    lengths = np.sqrt(np.asarray(table.multiply(table).sum(1)).ravel())
    table = sparse.diags(1 / np.maximum(lengths, 1e-9)) @ table
    left, strength, _ = randomized_svd(table.tocsr(), DIMENSIONS, n_iter=3, random_state=0)
    found: Vectors = left * np.sqrt(strength)
    return found


def _by_concept(corpus: Corpus, weights: Vectors, size: int) -> sparse.csr_matrix:
    place = (corpus.concepts[:size], np.arange(size))
    return sparse.csr_matrix((weights[:size], place), (len(corpus.ancestors), size))


def towards_ancestors(concepts: Vectors, ancestors: Sequence[Sequence[int]]) -> Vectors:
    """Concepts nearer to their ancestors, centred, no direction prevailing too much."""
    own = unit(concepts)
    moved = own.copy()
    for concept, above in enumerate(ancestors):
        for steps, one in enumerate(above):
            moved[concept] += TOWARDS_ANCESTORS * FADING**steps * own[one]
    moved = unit(moved)
    moved -= moved.mean(0)
    values, axes = np.linalg.eigh(moved.T @ moved / len(moved))
    return unit(moved @ (axes * np.maximum(values, 1e-6) ** (-WHITENING / 2)) @ axes.T)


def ridge(texts: sparse.csr_matrix, wanted: Vectors, weights: Vectors) -> Vectors:
    """Pieces' vectors whose sums over a text come closest to what is wanted of it.

    Conjugate gradient on the normal equations, all dimensions at once; stopping early is one more
    penalty.
    """
    back = texts.T.tocsr()
    solution = np.zeros((texts.shape[1], wanted.shape[1]), np.float32)
    rest = back @ (weights[:, None] * wanted)
    direction, size = rest.copy(), (rest * rest).sum(0)
    for _ in range(STEPS):
        image = back @ (weights[:, None] * (texts @ direction)) + PENALTY * direction
        step = size / np.maximum((direction * image).sum(0), 1e-12)
        solution += step * direction
        rest -= step * image
        size, before = (rest * rest).sum(0), size
        direction = rest + size / np.maximum(before, 1e-12) * direction
    return solution


def train(corpus: Corpus, path: Path) -> LightEmbedder:
    """Write the model of a corpus, its rows rounded to eight bits, and read it back."""
    kept = vocabulary(corpus)
    texts = counts(corpus.texts, kept)
    labels = _by_concept(corpus, np.ones(corpus.labels, np.float32), corpus.labels)
    concepts = first_concepts(texts, corpus)
    for _ in range(ROUNDS):
        concepts = towards_ancestors(concepts, corpus.ancestors)
        vectors = ridge(texts, concepts[corpus.concepts], corpus.weights)
        concepts = labels @ unit(texts[: corpus.labels] @ vectors)
    scales = (np.abs(vectors).max(1) / 127).astype(np.float32)
    np.savez_compressed(
        path,
        name=np.array(NAME),
        threshold=np.array(THRESHOLD),
        pieces=np.frombuffer("\n".join(kept).encode(), np.uint8),
        table=np.round(vectors / np.maximum(scales, 1e-12)[:, None]).astype(np.int8),
        scales=scales,
    )
    return LightEmbedder.load(path)


@dataclass(frozen=True)
class Trial:
    """Cosine and gain of each query (rows) with each notice (columns)."""

    cosines: Vectors
    gains: NDArray[np.int64]

    def among(self, rows: NDArray[np.bool_], columns: NDArray[np.bool_]) -> "Trial":
        """Some queries over some notices; queries that nothing answers there are left out."""
        rows = rows & self.gains[:, columns].any(1)
        return Trial(self.cosines[rows][:, columns], self.gains[rows][:, columns])

    def figures(self) -> str:
        """Means over queries; recall counts any gain."""
        order = np.argsort(-self.cosines, kind="stable")
        ranked = np.take_along_axis(self.gains, order, 1)
        scores = [ndcg(row, row) for row in ranked.tolist()]
        found = [((ranked[:, :depth] > 0).sum(1) / (ranked > 0).sum(1)) for depth in (50, 100)]
        return (
            f"nDCG@10 {np.mean(scores):.3f}, recall@50 {found[0].mean():.3f}, "
            f"recall@100 {found[1].mean():.3f} ({len(ranked)} queries, {ranked.shape[1]} notices)"
        )

    def above(self, threshold: float) -> str:
        """What a threshold lets through, all queries together."""
        near = self.cosines >= threshold
        right = (self.gains[near] > 0).mean() if near.any() else 0.0
        return (
            f"{threshold:.2f}: precision {right:.2f}, recall {near[self.gains > 0].mean():.2f}, "
            f"{near.sum(1).mean():.1f} notices a query (median {np.median(near.sum(1)):.0f}), "
            f"{(near.sum(1) == 0).mean():.0%} of queries without"
        )

    def half_right(self) -> float:
        """The lowest cosine above which half of the answers are right, all queries together."""
        order = np.argsort(-self.cosines, axis=None, kind="stable")
        precision = np.cumsum(self.gains.ravel()[order] > 0) / np.arange(1, order.size + 1)
        last = np.flatnonzero(precision >= 0.5).max(initial=0)
        return float(self.cosines.ravel()[order[last]])


def measure(model: LightEmbedder, data: Path, real: Sequence[Notice]) -> None:
    """Print relevance over these notices, and what thresholds let through."""
    queries = judged(data)
    gains = [[gain([one.code], exact, near) for one in real] for _, exact, near in queries]
    asked, read = model.embed([text for text, _, _ in queries]), [one.text for one in real]
    trial = Trial(asked @ model.embed(read).T, np.array(gains))
    first = np.array([digest(text) % 2 == 0 for text, _, _ in queries])
    every, everywhere = np.ones(len(queries), bool), np.ones(len(real), bool)
    for name, rows in (("first half", first), ("second half", ~first), ("all queries", every)):
        chosen = trial.among(rows, everywhere)
        print(f"{name}: {chosen.figures()}; half right from {chosen.half_right():.2f}")
        for threshold in (THRESHOLD, 0.6, 0.65, 0.7, 0.75):
            print("   ", chosen.above(threshold))
    for group, tags in GROUPS.items():
        columns = np.array([one.language in tags.split() for one in real])
        print(f"{group}: {trial.among(every, columns).figures()}")


def measure_labels(model: LightEmbedder, codes: Sequence[str]) -> None:
    """Print how often the nearest of these CPV labels in a language is that of the same code."""
    french = model.embed([cpv.label(code, "fr") for code in codes])
    for language in ("en", "de", "es", "pl", "ro", "el", "sv", "cs", "it", "pt", "fi", "hu", "bg"):
        others = model.embed([cpv.label(code, language) for code in codes])
        right = (french @ others.T).argmax(1) == np.arange(len(codes))
        print(f"fr → {language}: {right.mean():.2f} of {len(codes)} labels")


def learnable(real: Sequence[Notice], apart: Collection[int]) -> list[Notice]:
    """Notices outside these parts that repeat no text and no title of them."""
    known = {text for one in real if one.part in apart for text in (one.text, one.title)}
    return [
        one
        for one in real
        if one.part not in apart and one.text not in known and one.title not in known
    ]


def choose(data: Path) -> None:
    """Learn from parts 3 and 4, measure on 1 and 2; then on labels of codes never learned."""
    real = notices(data)
    learned = learnable(real, TEST | CHOICE)
    held = [code for code in cpv.codes() if digest(code) % HELD_CODES == 0]
    with TemporaryDirectory() as folder:
        model = train(corpus(learned), Path(folder) / "model.npz")
        measure(model, data, [one for one in real if one.foreign and one.part in CHOICE])
        measure_labels(train(corpus(learned, held), Path(folder) / "model.npz"), held)


def main(data: Path, *options: str) -> None:
    """See the module's docstring."""
    if "--choose" in options:
        choose(data)
        return
    real = notices(data)
    if "--measure" not in options:
        train(corpus(learnable(real, TEST)), MODEL)
    raw = MODEL.read_bytes()
    print(f"{MODEL.name}: {len(raw):,} bytes, SHA-256 {hashlib.sha256(raw).hexdigest()}")
    tested = [one for one in real if one.foreign and one.part in TEST]
    measure(LightEmbedder.load(MODEL), data, tested)


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
