"""Training really runs, gives a folder that the coder reads, and the same one each time."""

import gzip
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from conftest import LeadFactory

from index.coding import Coder, Wording
from index.labelled import LabelledText
from ingest.training import dictionaries, packaged, texts
from ingest.training.batches import Batches, Shares
from ingest.training.embedding import Plan, Trained, train
from ingest.training.make import Material, apart, make, of_the_trade
from ingest.training.tokens import tokenizer
from taxonomies import cpv, everyday, hs

SMALL = Plan(pieces=400, dimensions=16, steps=150, batch=32)
CPV = ("39160000", "33600000", "34114121", "90511000", "48000000")
HS = ("940360", "300490", "870390", "730419")


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> None:
    """So small a training only waits when threads share it."""
    import torch

    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def corpus() -> texts.Corpus:
    """A corpus of a few codes in four languages."""
    languages = ("fr", "de", "pl", "en")
    whole = sorted({one for code in CPV for one in (code, *cpv.ancestors(code))})
    names = [name for name in everyday.everyday_names() if name.code in (*whole, *HS)]
    return texts.Corpus(
        cpv={code: tuple(cpv.label(code, one) for one in languages) for code in whole},
        hs={code: tuple(texts.goods_label(code, one) for one in ("fr", "en")) for code in HS},
        goods=(("tubes sans soudure", "seamless tubes"), ("coffrets", "boxes")),
        names=tuple(names),
        notices=(texts.Coded(texts.pieces("Schulmöbel für Kita", "Tische"), (CPV[0],)),),
        products=(texts.Coded(("line pipe of steel",), (HS[3],)),),
        pairs=(("lit", "bett"), ("eau", "wasser")),
    )


def trained(corpus: texts.Corpus) -> tuple[Trained, list[float]]:
    losses: list[float] = []
    made = tokenizer(corpus.texts(), SMALL.pieces)
    return train(corpus, made, SMALL, lambda _, loss: losses.append(loss)), losses


def test_training_draws_what_means_the_same_together(corpus: texts.Corpus) -> None:
    learned, losses = trained(corpus)
    assert losses[-1] < losses[0] / 2
    assert learned.vectors.shape == (learned.tokenizer.get_vocab_size(), SMALL.dimensions)
    assert learned.layers["CPV"].codes == ("33", "34", "39", "48", "90")
    assert learned.layers["HS"].codes == ("3004", "7304", "8703", "9403")


def test_the_same_texts_give_the_same_numbers(corpus: texts.Corpus) -> None:
    (one, _), (other, _) = trained(corpus), trained(corpus)
    assert one.tokenizer.to_str() == other.tokenizer.to_str()
    assert np.array_equal(one.vectors, other.vectors)


def test_no_two_pairs_of_a_batch_share_a_code(corpus: texts.Corpus) -> None:
    batches = Batches(corpus, 32, Shares())
    for _ in range(50):
        keys = [key for key in batches.batch().keys if key]
        assert len(keys) == len(set(keys))


def test_pieces_fold_texts_and_keep_letters_only(corpus: texts.Corpus) -> None:
    made = tokenizer(corpus.texts(), SMALL.pieces)
    assert made.encode("MÖBEL 12/b").tokens == made.encode("mobel b").tokens
    assert made.encode("[UNK]").ids == [0]
    assert made.get_vocab_size() <= SMALL.pieces


@pytest.fixture
def few_languages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Official tables in two languages: training on all of them takes a minute."""
    goods = {code: (texts.goods_label(code, "fr"), hs.label(code, "en")) for code in hs.codes()}
    named = {code: (cpv.label(code), cpv.label(code, "en")) for code in cpv.codes()}
    monkeypatch.setattr(texts, "_hs_labels", lambda: goods)
    monkeypatch.setattr(texts, "_cpv_labels", lambda: named)
    monkeypatch.setattr(texts, "cn", SimpleNamespace(LANGUAGES=(), texts=lambda _: {}))


def test_a_model_made_of_ones_own_leads_codes_texts(
    tmp_path: Path, few_languages: None, lead: LeadFactory
) -> None:
    told: list[str] = []
    labelled = [
        LabelledText("HS", "650610", "Casques de vélo", "", "fr"),
        LabelledText("CPV", "18444000", "Helme für Radfahrer", "", "de"),
    ]
    material = Material(
        [lead("Lieferung von Schulmöbeln", cpv="39160000"), lead("ohne Code")],
        [("line pipe", "730419"), ("what is no more", "999999")],
        labelled,
        [("velo", "fahrrad"), ("quark", "xyzzy")],
    )
    folder = tmp_path / "essai"
    make(folder, "essai", material, SMALL, told.append)
    made = Coder.load(folder)
    assert made.embedder.name == "essai"
    assert made.embedder.dimensions == SMALL.dimensions
    assert {scheme: len(known.codes) for scheme, known in made.learned.items()} == {
        "CPV": 2,
        "HS": 2,
    }
    shares = made.shares("CPV", [Wording("Lieferung von Schulmöbeln", "", "de")])
    assert shares.sum() == pytest.approx(1, abs=1e-4)
    assert told[0] == "Vocabulaire…"
    assert told[-1] == "Codage…"
    assert (folder / "model.safetensors").stat().st_mode & 0o044


def test_one_text_in_eight_is_kept_apart_whatever_its_case() -> None:
    names = [f"texte numéro {chr(97 + n % 26)}{n}" for n in range(2_000)]
    assert 0.09 < sum(map(apart, names)) / len(names) < 0.16
    assert all(apart(name) == apart(name.upper()) for name in names[:100])


def test_only_words_of_the_trade_are_kept_of_dictionaries() -> None:
    spoken = ["table en bois", "une table", "Bois de chauffage"]
    kept = of_the_trade([("bois", "wood"), ("table", "table"), ("quark", "curd")], spoken)
    assert kept == [("bois", "wood"), ("table", "table")]


def test_a_notice_is_read_by_its_title_and_by_pieces() -> None:
    assert texts.pieces("Titre", "court") == ("Titre", "Titre. court")
    assert len(texts.pieces("Titre", "x" * 10_000)) == 6


# Dictionaries

ENTRIES = (
    "00databaseinfo\nFreeDict",
    "pompe /pɔ̃p/ <n, fem>\npump, hand pump [techn.]\n",
    "Paris /paʁi/ <pn, masc>\nParis\n",
    'vis /vis/ <n>\n1. screw 2.\n see: {boulon}\n   Synonym: {écrou}\n"une vis" - a screw\n',
    "roue\na thing that turns around an axis, wheel\n",
    "or\nor\n",
)
DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


def number(value: int) -> str:
    return (number(value // 64) if value >= 64 else "") + DIGITS[value % 64]


def dictionary(folder: Path, name: str) -> None:
    data, lines = b"", ""
    for entry in ENTRIES:
        raw = entry.encode()
        head = entry.partition("\n")[0].partition(" /")[0]
        lines += f"{head}\t{number(len(data))}\t{number(len(raw))}\n"
        data += raw
    (folder / f"{name}.index").write_text(lines, "utf-8")
    (folder / f"{name}.dict.dz").write_bytes(gzip.compress(data))


def test_a_dictionary_gives_words_and_their_translations(tmp_path: Path) -> None:
    dictionary(tmp_path, "freedict-fra-eng")
    dictionary(tmp_path, "freedict-rom-eng")  # Romani: no text of ours is in it
    dictionary(tmp_path, "other-fra-eng")
    dictionaries.main([str(tmp_path), str(tmp_path / "out.tsv")])
    found = texts.translations(tmp_path / "out.tsv")
    assert found == (
        ("pompe", "hand pump"),
        ("pompe", "pump"),
        ("roue", "wheel"),
        ("vis", "screw"),
    )


# The packaged model


def test_the_parts_of_the_data_are_fixed_by_their_names(tmp_path: Path) -> None:
    for name in ("a.xml", "ted/b.xml", "index.csv", "ted/c.xml", "d.json"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    found = packaged.notices(tmp_path)
    assert sorted(found) == [0, 1, 2, 3, 4]
    assert sum(map(len, found.values())) == 4
    assert tmp_path / "ted" / "b.xml" in found[packaged.part("ted/b.xml")]


def test_what_repeats_a_text_left_out_is_not_learned(tmp_path: Path) -> None:
    rows = "text,hs6\nValve,848180\nVALVE,848180\nPump,841370\n"
    (tmp_path / "hs_labelled.csv").write_text(rows)
    left_out = packaged.part("valve")
    kept = packaged.products(tmp_path / "hs_labelled.csv", left_out)
    assert ("Valve", "848180") not in kept
    assert ("VALVE", "848180") not in kept
    assert len(packaged.products(tmp_path / "hs_labelled.csv", None)) == 3


@pytest.mark.notices
def test_the_titles_of_the_part_left_out_are_not_learned(tmp_path: Path, notices: Path) -> None:
    found = sorted((notices / "eforms").glob("*.xml"))[:6]
    for number_, path in enumerate(found):
        (tmp_path / "notices").mkdir(exist_ok=True)
        (tmp_path / "notices" / f"{number_}.xml").write_bytes(path.read_bytes())
    (tmp_path / "hs_labelled.csv").write_text("text,hs6\n")
    everything = packaged.material(tmp_path, None, None)
    apart_ = {lead.title for lead in packaged.leads(packaged.notices(tmp_path / "notices")[0])}
    without = packaged.material(tmp_path, 0, None)
    assert len(everything.leads) >= len(without.leads)
    assert not apart_ & {lead.title for lead in without.leads}
