"""Tables: tidy, whole, with empty cells for unknown values."""

import csv
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from yetbetter.errors import UserError
from yetbetter.tables import COUNTS, cell, read_table, write_table


def test_a_table_has_its_columns_in_their_order_and_a_line_for_each_row(tmp_path):
    write_table(tmp_path / "t.csv", ("b", "a"), [{"a": 1, "b": "x"}, {"b": "y", "a": 2.5}])
    assert (tmp_path / "t.csv").read_bytes() == b"b,a\nx,1\ny,2.5\n"


def test_a_table_that_a_spreadsheet_saved_is_the_same_table(tmp_path):
    (tmp_path / "t.csv").write_bytes(b'\xef\xbb\xbfa,b\r\n1,"x, y"\r\n\r\n2,z\r\n')
    assert read_table(tmp_path / "t.csv", ("a", "b")).rows == [{"a": "1", "b": "x, y"}, {"a": "2", "b": "z"}]


@pytest.mark.parametrize(
    ("content", "kind"),
    [("a,b\n".encode("utf-16"), "UTF-16 text (save it as UTF-8)"), (b"PK\x03\x04\xff", "an office document")],
)
def test_a_table_of_another_kind_is_named(tmp_path, content, kind):
    (tmp_path / "t.csv").write_bytes(content)
    with pytest.raises(UserError) as failure:
        read_table(tmp_path / "t.csv")
    assert str(failure.value).startswith(f"{tmp_path / 't.csv'}: ") and kind in str(failure.value)


def test_a_table_without_rows_has_its_header(tmp_path):
    write_table(tmp_path / "t.csv", ("a", "b"), [])
    assert (tmp_path / "t.csv").read_bytes() == b"a,b\n"
    assert read_table(tmp_path / "t.csv").rows == []


@pytest.mark.parametrize("nothing", [None, math.nan, np.nan, np.float64("nan")])
def test_what_is_not_known_is_an_empty_cell(tmp_path, nothing):
    write_table(tmp_path / "t.csv", ("a", "b", "c"), [{"a": nothing, "b": 0}])
    assert read_table(tmp_path / "t.csv").rows == [{"a": "", "b": "0", "c": ""}]


@pytest.mark.parametrize(
    ("value", "text"), [(0.1 + 0.2, "0.3"), (0.0, "0"), (1e-7, "1e-07"), (0, 0), ("x", "x"), (False, False)]
)
def test_numbers_are_written_with_six_digits(value, text):
    assert cell(value) == text


def test_numbers_of_numpy_are_written_like_those_of_python(tmp_path):
    write_table(tmp_path / "t.csv", ("a", "b"), [{"a": np.float64(1 / 3), "b": np.int64(3)}])
    assert read_table(tmp_path / "t.csv").rows == [{"a": "0.333333", "b": "3"}]


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\0")), min_size=1, max_size=3))
def test_any_text_survives_a_round_trip(tmp_path_factory, texts):
    path = tmp_path_factory.mktemp("tables") / "t.csv"
    write_table(path, ("a", "b"), [{"a": text, "b": "end"} for text in texts])
    assert [row["a"] for row in read_table(path).rows] == texts


def test_a_column_that_nobody_declared_is_an_error_and_leaves_no_file(tmp_path):
    with pytest.raises(ValueError):
        write_table(tmp_path / "t.csv", ("a",), [{"a": 1}, {"a": 2, "b": 3}])
    assert list(tmp_path.iterdir()) == []


def test_an_error_among_the_rows_keeps_the_old_table(tmp_path):
    def rows():
        yield {"a": 2}
        raise RuntimeError

    write_table(tmp_path / "t.csv", ("a",), [{"a": 1}])
    with pytest.raises(RuntimeError):
        write_table(tmp_path / "t.csv", ("a",), rows())
    with open(tmp_path / "t.csv", encoding="utf-8", newline="") as file:
        assert list(csv.reader(file)) == [["a"], ["1"]]


def test_a_missing_table_is_named(tmp_path):
    with pytest.raises(UserError, match=r"t\.csv: no such file"):
        read_table(tmp_path / "t.csv")


def test_a_name_that_looks_like_a_number_is_read_as_it_is_written(tmp_path):
    row = dict.fromkeys(("dataset", "budget", "source", "target", "model", "baseline"), "2.0")
    counts = dict.fromkeys(COUNTS, "2.0")
    write_table(tmp_path / "t.csv", [*row, *counts], [row | counts])
    assert read_table(tmp_path / "t.csv").rows == [row | dict.fromkeys(COUNTS, "2")]
