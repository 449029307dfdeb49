"""Vectors on disk survive crashes and are compared exactly."""

from pathlib import Path

import numpy as np
import pytest

from index.vectors import DEAD, PUBLISHED, ROW, VectorTable


def _unit(*rows: list[float]) -> np.ndarray:
    matrix = np.array(rows, np.float32)
    return matrix / np.linalg.norm(matrix, axis=1, keepdims=True)


def _rows(count: int) -> np.ndarray:
    rows = np.zeros(count, ROW)
    rows["flags"] = PUBLISHED
    return rows


@pytest.fixture
def table(tmp_path: Path) -> VectorTable:
    VectorTable(tmp_path, 2).append(_unit([1, 0], [1, 1], [0, 1], [-1, 0]), _rows(4))
    return VectorTable(tmp_path, 2)


def test_every_row_has_its_cosine(table: VectorTable) -> None:
    cosines = table.cosines(np.array([1, 0], np.float32))
    assert cosines == pytest.approx([1, 2**-0.5, 0, -1])


def test_a_text_without_known_word_is_near_nothing(table: VectorTable) -> None:
    assert not table.cosines(np.zeros(2, np.float32)).any()


def test_the_best_of_the_codes_given_to_a_row_answers(tmp_path: Path) -> None:
    rows = _rows(3)
    rows["codes"][0, :2], rows["weights"][0, :2] = (1, 2), (255, 255)
    rows["codes"][1, :2], rows["weights"][1, :2] = (1, 2), (255, 51)
    VectorTable(tmp_path, 2).append(_unit([1, 0], [1, 1], [0, 1]), rows)
    wanted = np.array([1, 0.2, 0.9], np.float32)
    assert VectorTable(tmp_path, 2).affinities(wanted) == pytest.approx([0.9, 0.2, 0])


def test_half_a_row_left_by_a_crash_is_overwritten(tmp_path: Path, table: VectorTable) -> None:
    with (tmp_path / "vectors.f32").open("ab") as file:
        file.write(b"\x00" * 11)
    again = VectorTable(tmp_path, 2)
    assert again.size == 4
    assert list(again.append(_unit([0, -1]), _rows(1))) == [4]
    assert VectorTable(tmp_path, 2).matrix[4].tolist() == [0, -1]


def test_a_buried_row_is_marked_and_the_others_are_not(tmp_path: Path, table: VectorTable) -> None:
    table.bury([1, 3])
    flags = VectorTable(tmp_path, 2).rows["flags"]
    assert (flags & DEAD).astype(bool).tolist() == [False, True, False, True]


def test_a_reader_keeps_its_view_while_rows_are_added(tmp_path: Path, table: VectorTable) -> None:
    VectorTable(tmp_path, 2).append(_unit([1, 0]), _rows(1))
    assert len(table.matrix) == 4
    assert len(VectorTable(tmp_path, 2).matrix) == 5
