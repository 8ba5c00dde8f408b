"""Columns of Arrow hold what was given, wherever values are missing."""

import subprocess
import sys
from collections.abc import Callable, Sequence
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.aggregate.arrays import booleans, integers, numbers, texts
from tests.support.properties import examples

INT64 = st.integers(-(2**63), 2**63 - 1)
MAKERS = [
    (integers, pa.int64(), INT64),
    (numbers, pa.float64(), st.floats(allow_nan=False)),
    (booleans, pa.bool_(), st.booleans()),
    (texts, pa.string(), st.text(st.characters(codec="utf-8"))),
]


@pytest.mark.parametrize(("make", "kind", "values"), MAKERS, ids=lambda it: getattr(it, "__name__", ""))
@given(data=st.data())
@examples(100)
def test_a_column_is_what_arrow_makes_of_the_same_values(
    make: Callable[[Sequence[Any]], pa.Array],
    kind: pa.DataType,
    values: st.SearchStrategy[Any],
    data: st.DataObject,
) -> None:
    given_ones = tuple(data.draw(st.lists(st.none() | values, max_size=40)))

    made = make(given_ones)

    made.validate(full=True)
    assert made.equals(pa.array(given_ones, kind))
    assert made.to_pylist() == list(given_ones)


def test_a_number_may_be_whole() -> None:
    assert numbers([1, None, 2.5]).to_pylist() == [1.0, None, 2.5]


def test_what_64_bits_do_not_hold_is_an_error() -> None:
    with pytest.raises(OverflowError):
        integers([2**63])


def test_a_table_is_written_without_pandas() -> None:
    subprocess.run([sys.executable, "-c", WRITING], check=True)


WRITING = """
import sys
from services.aggregate.columnar import ParquetTable
from services.aggregate.columns import Column
from services.aggregate.streams import Spool

CELLS = {"integer": 1, "number": 2, "boolean": True, "text": "a", "time": "2026-11-27T00:00:00Z"}
with Spool() as spool:
    table = ParquetTable(spool, [Column(kind, kind) for kind in CELLS], {})
    table.add([(cell, None) for cell in CELLS.values()])
    table.close()
assert "pandas" not in sys.modules
"""
