"""The real sentence-transformers reads the packaged model, and any model of its own, with the
prefixes that its family wants."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import NOW, LeadFactory

from index.coding import Coder
from index.embedded import EmbeddedEngine
from index.embedders import open_sense
from index.query import Query
from index.sense import Sense
from index.sentences import SentenceEmbedder, reading
from index.settings import Settings
from index.trade import PACKAGED, ModelError

TEXTS = (
    "mobilier scolaire",
    "Lieferung von Schulmöbeln",
    "Αγορά φαρμάκων",
    "Dostawa mebli szkolnych. " * 40,
    "12/2026",
)


@pytest.fixture(scope="module")
def packaged() -> SentenceEmbedder:
    return SentenceEmbedder(str(PACKAGED))


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A transformer of two layers that learned nothing, saved as the library saves its own."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from transformers import BertConfig, BertModel, BertTokenizerFast

    folder = tmp_path_factory.mktemp("tiny")
    letters = [chr(number) for number in range(ord("a"), ord("z") + 1)]
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters, *(f"##{a}" for a in letters)]
    tokenizer = BertTokenizerFast(vocab={piece: at for at, piece in enumerate([*pieces, ":"])})
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(pieces) + 1,
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=128,
    )
    BertModel(config).save_pretrained(folder / "bert")
    tokenizer.save_pretrained(folder / "bert")
    words = Transformer(str(folder / "bert"))
    model = SentenceTransformer(modules=[words, Pooling(16)], device="cpu")
    model.save(str(folder / "multilingual-e5-tiny"), create_model_card=False)
    model.save(str(folder / "plain"), create_model_card=False)
    return folder


def test_the_packaged_model_has_the_same_vectors_by_both_libraries(
    packaged: SentenceEmbedder, coder: Coder
) -> None:
    ours, theirs = coder.embedder.embed(TEXTS), packaged.embed(TEXTS)
    assert theirs.dtype == np.float32
    cosines = (ours * theirs).sum(axis=1)
    assert cosines[:4].min() > 0.9999
    assert not theirs[4].any()
    assert packaged.dimensions == coder.embedder.dimensions


def test_a_static_model_reads_queries_and_passages_alike(packaged: SentenceEmbedder) -> None:
    assert np.array_equal(packaged.embed(TEXTS[:2]), packaged.embed_queries(TEXTS[:2]))
    assert packaged.name.startswith("st-trade-1-")


def test_a_transformer_reads_queries_and_passages_as_its_family_wants(tiny: Path) -> None:
    e5 = SentenceEmbedder(str(tiny / "multilingual-e5-tiny"))
    plain = SentenceEmbedder(str(tiny / "plain"))
    assert e5.name.startswith("st-multilingual-e5-tiny-") and plain.name.startswith("st-plain-")
    assert np.allclose(e5.embed_queries(["mobilier"]), plain.embed(["query: mobilier"]), atol=1e-5)
    assert np.allclose(e5.embed(["mobilier"]), plain.embed(["passage: mobilier"]), atol=1e-5)
    assert not np.allclose(e5.embed(["mobilier"]), e5.embed_queries(["mobilier"]), atol=1e-3)
    assert np.linalg.norm(e5.embed(["mobilier"])) == pytest.approx(1, abs=1e-5)


def test_hostile_texts_and_no_text_are_read(tiny: Path) -> None:
    embedder = SentenceEmbedder(str(tiny / "plain"))
    assert embedder.embed([]).shape == (0, 16)
    assert np.isfinite(embedder.embed(["", "\ud800", "\x00", "a " * 100_000])).all()


@pytest.mark.parametrize(
    ("name", "query", "passage"),
    [
        ("intfloat/multilingual-e5-small", "query: ", "passage: "),
        ("/models/Multilingual-E5-Base", "query: ", "passage: "),
        ("BAAI/bge-m3", "", ""),
        ("nomic-ai/nomic-embed-text-v1.5", "search_query: ", "search_document: "),
        ("Snowflake/snowflake-arctic-embed-m-v2.0", "query: ", ""),
        ("index/model/trade-1", "", ""),
        ("anything", "", ""),
    ],
)
def test_each_family_has_its_prefixes(name: str, query: str, passage: str) -> None:
    found = reading(name)
    assert (found.query, found.passage) == (query, passage)
    assert 0 < found.threshold < 1


def test_instructions_come_before_the_query_only() -> None:
    found = reading("intfloat/multilingual-e5-large-instruct")
    assert found.query.startswith("Instruct: ")
    assert found.query.endswith("\nQuery: ")
    assert found.passage == ""


def test_a_missing_library_is_said_with_the_way_to_install_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    with pytest.raises(ModelError, match=r"pip install debouches\[semantic\]"):
        SentenceEmbedder("intfloat/multilingual-e5-small")


@pytest.mark.parametrize("content", [{}, {"config.json": "{"}, {"config.json": "{}"}])
def test_a_folder_that_is_no_model_is_said_in_one_line(
    tmp_path: Path, content: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    for name, text in content.items():
        (tmp_path / name).write_text(text)
    with pytest.raises(ModelError, match="introuvable ou illisible") as caught:
        SentenceEmbedder(str(tmp_path))
    assert "\n" not in str(caught.value)


def test_a_model_that_is_nowhere_is_said_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="introuvable ou illisible"):
        SentenceEmbedder(str(tmp_path / "nowhere"))


def test_an_encoder_of_another_space_searches_beside_the_codes(
    tmp_path: Path, tiny: Path, coder: Coder, lead: LeadFactory
) -> None:
    sense = Sense(SentenceEmbedder(str(tiny / "multilingual-e5-tiny")), coder)
    assert sense.dimensions == coder.embedder.dimensions + 16
    engine = EmbeddedEngine(tmp_path / "index", sense)
    engine.put([lead(cpv="39160000"), lead("Lieferung von Medikamenten", cpv="33600000")])
    found = engine.search(Query("mobilier scolaire"), NOW)
    assert found.hits[0].lead.title == "Lieferung von Schulmöbeln"


def test_the_settings_name_an_encoder(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEBOUCHES_ENCODER", str(tiny / "plain"))
    opened: Any = open_sense(Settings())
    assert opened.name.startswith("st-plain-") and opened.name.endswith("-trade-1")
