"""What finding duplicates is worth, on pairs made from the real notices."""

from collections import Counter
from pathlib import Path
from random import Random

import pytest

from ingest.evaluation.duplicates import (
    PRECISION,
    RECALL,
    Count,
    Measure,
    decided,
    evaluate,
    ingested,
)
from ingest.evaluation.edits import DIFFERENT, SAME
from ingest.evaluation.pairs import Pair, pairs
from ingest.evaluation.real import Real, part_of, real_notices
from ingest.evaluation.telling import SOURCES, Telling

# Pairs a family: enough for every family to have its say, few enough for a test.
SOME = 40


@pytest.fixture(scope="module")
def reals(notices: Path) -> list[Real]:
    return list(real_notices(notices))


@pytest.fixture(scope="module")
def made(reals: list[Real]) -> list[Pair]:
    return pairs([one for one in reals if part_of(one.file) == "test"], SOME)


def telling(**fields: str) -> Telling:
    usual = dict.fromkeys(Telling.__dataclass_fields__, "")
    told = {"source": SOURCES[0], "key": "1", "stage": "open", "language": "fr"}
    words = {"title": "Fourniture de tables et de chaises pour le lycée de Sion"}
    return Telling(**usual | told | words | fields)


@pytest.mark.notices
def test_few_pairs_of_the_test_part_are_joined_wrongly_and_few_are_missed(
    made: list[Pair],
) -> None:
    for measure in (decided(made), ingested(made)):
        assert (measure.total.precision() or 0) >= PRECISION, measure.to_json()
        assert (measure.total.recall() or 0) >= RECALL, measure.to_json()


@pytest.mark.notices
def test_every_family_has_pairs_in_the_test_part(made: list[Pair]) -> None:
    families = Counter(pair.family for pair in made)
    labels = {pair.same for pair in made}
    assert set(SAME) | set(DIFFERENT) < set(families)
    assert len(families) == len(SAME) + len(DIFFERENT) + 8
    assert min(families.values()) >= 5
    assert labels == {True, False}


@pytest.mark.notices
def test_the_same_notices_give_the_same_pairs_in_whatever_order(reals: list[Real]) -> None:
    some = sorted(reals, key=lambda real: real.file)[:400]
    shuffled = list(some)
    Random(1).shuffle(shuffled)
    keys = [
        sorted((pair.family, pair.one.key, pair.other.key) for pair in pairs(group, 10_000))
        for group in (some, shuffled)
    ]
    assert keys[0] == keys[1]


def test_the_parts_share_no_file() -> None:
    parts = Counter(part_of(f"{number}-2021.xml") for number in range(1_000))
    assert 400 < parts["dev"] < 600
    assert sum(parts.values()) == 1_000


def test_a_measure_counts_what_is_joined_wrongly_and_what_is_missed() -> None:
    measure = Measure()
    one = telling()
    for same, said in ((True, True), (True, False), (False, True), (False, False)):
        measure.add(Pair("essai", same, one, one), said)
    assert measure.total == Count(1, 1, 1, 1)
    assert (measure.total.precision(), measure.total.recall()) == (0.5, 0.5)
    assert len(measure.errors) == 2
    assert measure.to_json()["familles"]["essai"]["manquees"] == 1


def test_nothing_joined_has_no_precision() -> None:
    assert (Count().precision(), Count().recall()) == (None, None)


def test_edits_that_make_another_demand_change_what_tells_it() -> None:
    one = telling(published="2021-03-01T00:00:00+00:00", deadline="2021-04-01T12:00:00+02:00")
    for edit in DIFFERENT.values():
        other = edit(one, Random(1))
        assert other is not None
        assert other.deadline[:10] != one.deadline[:10]


def test_edits_that_leave_the_demand_leave_its_day(notices: Path) -> None:
    one = telling(deadline="2021-04-01T12:00:00+02:00", body="Un. Deux. Trois. Quatre.")
    for edit in SAME.values():
        other = edit(one, Random(1))
        assert other is not None
        assert other.deadline[:10] == one.deadline[:10]


def test_pairs_are_judged_by_the_real_decision_and_the_real_ingestion() -> None:
    same = telling(
        buyer="Ville de Sion", country="CH", deadline="2021-04-01T12:00:00+02:00", cpv="39160000"
    )
    made = [
        Pair("même", True, same, telling(**_fields(same) | {"key": "2", "source": SOURCES[1]})),
        Pair("autre", False, same, telling(**_fields(same) | {"key": "3", "buyer": "Ville d'Ulm"})),
    ]
    for measure in (decided(made), ingested(made)):
        assert measure.total == Count(joined_right=1, apart_right=1)


def _fields(one: Telling) -> dict[str, str]:
    return {name: getattr(one, name) for name in Telling.__dataclass_fields__}


def test_a_folder_without_notices_has_nothing_to_measure(tmp_path: Path) -> None:
    found = evaluate(tmp_path)
    assert {measure.total.pairs() for part in found.values() for measure in part.values()} == {0}
