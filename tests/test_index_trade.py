"""The trade embedding: texts that mean the same are close, in any language of the Union."""

import json
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from index.coding import Coder
from index.sense import Sense
from index.trade import PACKAGED, ModelError, TradeEmbedder

UNRELATED = (
    "Rechtsberatung und Vertretung vor Gericht",
    "Usługi ochrony budynków",
    "Αγορά φαρμάκων",
    "Suministro de combustible diésel",
)


@pytest.fixture(scope="module")
def embedder(coder: Coder) -> TradeEmbedder:
    return coder.embedder


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """A copy of the packaged model, for tests to damage."""
    return Path(shutil.copytree(PACKAGED, tmp_path / "modele"))


def cosines(embedder: TradeEmbedder, query: str, *texts: str) -> list[float]:
    [vector] = embedder.embed_queries([query])
    return [float(other @ vector) for other in embedder.embed(texts)]


@pytest.mark.parametrize(
    "furniture", ["Lieferung von Schulmöbeln", "Dostawa mebli szkolnych", "School furniture"]
)
def test_school_furniture_is_closer_to_school_furniture_than_to_anything_else(
    embedder: TradeEmbedder, furniture: str
) -> None:
    close, *far = cosines(embedder, "mobilier scolaire", furniture, *UNRELATED)
    assert close > max(far) + 0.2


@pytest.mark.parametrize(
    ("query", "foreign"),
    [
        ("médicaments", "Φάρμακα"),
        ("assurance", "Застрахователни услуги"),
        ("collecte des déchets", "Müllabfuhr"),
        ("logiciels", "ohjelmistot"),
    ],
)
def test_greek_bulgarian_german_and_finnish_texts_answer_french_words(
    embedder: TradeEmbedder, query: str, foreign: str
) -> None:
    close, far = cosines(embedder, query, foreign, "Lieferung von Schulmöbeln")
    assert close > max(far, 0) + 0.1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Éclairage public", "ECLAIRAGE PUBLIC"),
        ("φάρμακα", "ΦΑΡΜΑΚΑ"),
        ("строителство", "СТРОИТЕЛСТВО"),
        ("Müllabfuhr, Straße", "mullabfuhr strasse"),
        ("cœur de bœuf", "COEUR DE BOEUF"),
        ("lot 12 : mobilier", "lot 7 - mobilier"),
        ("Łóżka", "lozka"),
    ],
)
def test_case_accents_punctuation_and_numbers_change_nothing(
    embedder: TradeEmbedder, one: str, other: str
) -> None:
    first, second = embedder.embed([one, other])
    assert first.any()
    assert np.array_equal(first, second)


@pytest.mark.parametrize(
    "text", ["", " \n", "2026 12/7", "?!…", "🚜🚜", "ใบเสนอราคา", "\x00", "\ud800", "[UNK]" * 2]
)
def test_a_text_of_which_nothing_is_known_is_zeros(embedder: TradeEmbedder, text: str) -> None:
    assert not embedder.embed([text]).any()


def test_known_texts_have_length_one(embedder: TradeEmbedder) -> None:
    vectors = embedder.embed(["mobilier scolaire", *UNRELATED])
    assert vectors.dtype == np.float32
    assert vectors.shape == (5, embedder.dimensions)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(5), abs=1e-5)


def test_no_text_gives_no_vector(embedder: TradeEmbedder) -> None:
    assert embedder.embed([]).shape == (0, embedder.dimensions)


def test_a_text_has_the_same_vector_alone_in_a_batch_and_after_a_new_loading(
    embedder: TradeEmbedder,
) -> None:
    texts = ["", *UNRELATED, "vin"] * 300  # more than one batch of the library
    batch, again = embedder.embed(texts), TradeEmbedder.load()
    for vector, text in zip(batch[1:6], texts[1:6], strict=True):
        assert np.array_equal(vector, embedder.embed([text])[0])
        assert np.array_equal(vector, again.embed([text])[0])
    assert np.array_equal(batch[:6], batch[-6:])


def test_threads_share_one_embedder(embedder: TradeEmbedder) -> None:
    texts = [f"{text} {word}" for text in UNRELATED for word in ("vin", "Stahl", "pumpe")] * 20
    alone = embedder.embed(texts)
    with ThreadPoolExecutor(4) as pool:
        for vectors in pool.map(embedder.embed, [texts] * 8):
            assert np.array_equal(vectors, alone)


def test_an_endless_text_or_word_is_read_up_to_a_bound(embedder: TradeEmbedder) -> None:
    endless = "mobilier scolaire " * 100_000
    found = embedder.embed([endless, "a" * 1_000_000, "ﷺ" * 100_000, "\ud800" * 100_000])
    assert np.isfinite(found).all()
    assert np.array_equal(found[0], embedder.embed([endless[:20_000]])[0])


def test_a_lone_surrogate_does_not_hide_the_rest(embedder: TradeEmbedder) -> None:
    [close] = cosines(embedder, "mobilier scolaire", "mobilier \ud800 scolaire")
    assert close == pytest.approx(1, abs=1e-5)


def test_the_name_fits_in_the_name_of_a_generation(embedder: TradeEmbedder) -> None:
    assert embedder.name == PACKAGED.name == "trade-1"
    assert 0 < embedder.threshold < 1


def test_the_packaged_model_stays_small() -> None:
    assert sum(path.stat().st_size for path in PACKAGED.iterdir()) <= 25_000_000


def test_a_model_of_another_name_makes_another_generation(broken: Path) -> None:
    told = json.loads((broken / "config.json").read_bytes())
    (broken / "config.json").write_text(json.dumps(told | {"name": "maison"}))
    coder = Coder.load(broken)
    assert Sense(coder.embedder, coder).name == "maison"


@pytest.mark.parametrize("damage", ["config.json", "model.safetensors", "tokenizer.json"])
@pytest.mark.parametrize("content", [None, b"", b"{}", bytes(9)])
def test_a_broken_model_is_said_in_french(broken: Path, damage: str, content: bytes | None) -> None:
    (broken / damage).unlink() if content is None else (broken / damage).write_bytes(content)
    with pytest.raises(ModelError, match="Modèle illisible dans") as caught:
        TradeEmbedder.load(broken)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [None, b"", bytes(9), b"PK\x03\x04"])
def test_a_broken_coder_is_said_in_french(broken: Path, content: bytes | None) -> None:
    file = broken / "coder.npz"
    file.unlink() if content is None else file.write_bytes(content)
    with pytest.raises(ModelError, match="Modèle illisible dans"):
        Coder.load(broken)


def test_a_folder_that_is_not_there_is_said_and_nothing_is_fetched(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="Modèle introuvable"):
        TradeEmbedder.load(tmp_path / "rien")


def test_neither_torch_nor_sentence_transformers_is_needed_to_read_texts() -> None:
    absent = ("sklearn", "scipy", "torch", "pandas", "sentence_transformers", "transformers")
    program = (
        f"import sys; sys.modules.update(dict.fromkeys({absent!r}))\n"
        "from index.trade import TradeEmbedder\n"
        "print(TradeEmbedder.load().embed(['mobilier scolaire']).any())"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=Path(__file__).parents[1],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout.strip(), done.stderr) == ("True", "")
