"""The light embedder: texts that mean the same are close, in any language of the Union."""

import hashlib
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from index import light
from index.light import LightEmbedder, pieces, words

MODEL = Path(light.__file__).parent / "model"

UNRELATED = (
    "Rechtsberatung und Vertretung vor Gericht",
    "Usługi ochrony budynków",
    "Αγορά φαρμάκων",
    "Suministro de combustible diésel",
)


def cosines(embedder: LightEmbedder, query: str, *texts: str) -> list[float]:
    vectors = embedder.embed([query, *texts])
    return [float(vector @ vectors[0]) for vector in vectors[1:]]


@pytest.mark.parametrize(
    "furniture", ["Lieferung von Schulmöbeln", "Dostawa mebli szkolnych", "School furniture"]
)
def test_school_furniture_is_closer_to_school_furniture_than_to_anything_else(
    embedder: LightEmbedder, furniture: str
) -> None:
    close, *far = cosines(embedder, "mobilier scolaire", furniture, *UNRELATED)
    assert close > max(far) + 0.2


@pytest.mark.parametrize(
    ("query", "foreign"),
    [
        ("médicaments", "Αγορά φαρμάκων"),
        ("assurance", "Застрахователни услуги"),
        ("collecte des déchets", "Müllabfuhr"),
        ("logiciels", "ohjelmistojen kehittäminen"),
    ],
)
def test_greek_bulgarian_german_and_finnish_texts_answer_french_words(
    embedder: LightEmbedder, query: str, foreign: str
) -> None:
    close, far = cosines(embedder, query, foreign, "Lieferung von Schulmöbeln")
    assert close > max(far, 0) + 0.2


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Éclairage public", "ECLAIRAGE PUBLIC"),
        ("φάρμακα", "ΦΑΡΜΑΚΑ"),
        ("строителство", "СТРОИТЕЛСТВО"),
        ("Müllabfuhr, Straße", "mullabfuhr strasse"),
        ("lot 12 : mobilier", "lot 7 - mobilier"),
    ],
)
def test_case_accents_punctuation_and_numbers_change_nothing(
    embedder: LightEmbedder, one: str, other: str
) -> None:
    first, second = embedder.embed([one, other])
    assert first.any()
    assert np.array_equal(first, second)


@pytest.mark.parametrize(
    "text", ["", " \n", "2026 12/7", "?!…", "🚜🚜", "事務用品", "\x00", "\ud800"]
)
def test_a_text_of_which_nothing_is_known_is_zeros(embedder: LightEmbedder, text: str) -> None:
    assert not embedder.embed([text]).any()


def test_known_texts_have_length_one(embedder: LightEmbedder) -> None:
    vectors = embedder.embed(["mobilier scolaire", *UNRELATED])
    assert vectors.dtype == np.float32
    assert vectors.shape == (5, embedder.dimensions)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(5), abs=1e-5)


def test_no_text_gives_no_vector(embedder: LightEmbedder) -> None:
    assert embedder.embed([]).shape == (0, embedder.dimensions)


def test_a_text_has_the_same_vector_alone_in_a_batch_and_after_a_new_loading(
    embedder: LightEmbedder,
) -> None:
    batch = embedder.embed(["", *UNRELATED, "vin"])
    again = LightEmbedder.load()
    for vector, text in zip(batch[1:], [*UNRELATED, "vin"], strict=True):
        assert np.array_equal(vector, embedder.embed([text])[0])
        assert np.array_equal(vector, again.embed([text])[0])


def test_an_endless_text_or_word_is_read_up_to_a_bound(embedder: LightEmbedder) -> None:
    endless = "mobilier scolaire " * 100_000
    assert np.isfinite(embedder.embed([endless, "a" * 1_000_000, "ﷺ" * 100_000])).all()
    assert len(words(endless)) < 3_000
    assert max(map(len, words("a" * 1_000_000))) == 60


def test_a_word_is_read_by_pieces_that_know_its_ends() -> None:
    assert pieces("vin") == ["<vin>"]
    assert pieces("vins") == ["<vins", "vins>"]
    assert pieces("eau") != pieces("beau")


def test_the_model_is_the_one_its_card_describes() -> None:
    raw = (MODEL / "lsa-1.npz").read_bytes()
    assert len(raw) <= 8_000_000
    assert hashlib.sha256(raw).hexdigest() in (MODEL / "README.md").read_text("utf-8")


def test_the_name_fits_in_the_name_of_a_generation(embedder: LightEmbedder) -> None:
    assert embedder.name == "lsa-1"
    assert 0 < embedder.threshold < 1


def test_only_numpy_is_needed_to_read_texts() -> None:
    absent = ("sklearn", "scipy", "torch", "pandas")
    program = (
        f"import sys; sys.modules.update(dict.fromkeys({absent!r}))\n"
        "from index.light import LightEmbedder\n"
        "print(LightEmbedder.load().embed(['mobilier scolaire']).any())"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=MODEL.parents[1],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout.strip(), done.stderr) == ("True", "")
