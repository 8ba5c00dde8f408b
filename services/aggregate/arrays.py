"""
Columns of Arrow, made of their buffers.

``pyarrow.array`` first looks whether pandas knows what it is given, and loads pandas for that wherever it is
installed: 0.2 s and 50 MiB for a process that has no other use for it.
"""

from array import array
from collections.abc import Sequence
from itertools import accumulate
from typing import Any

import pyarrow as pa


def integers(values: Sequence[int | None]) -> pa.Array:
    """64 bits."""
    return _fixed(pa.int64(), values, array("q", _without_gaps(values, 0)))


def numbers(values: Sequence[float | None]) -> pa.Array:
    """Doubles; whole numbers are welcome."""
    return _fixed(pa.float64(), values, array("d", _without_gaps(values, 0.0)))


def booleans(values: Sequence[bool | None]) -> pa.Array:
    """A bit each."""
    return _fixed(pa.bool_(), values, _bits(values))


def texts(values: Sequence[str | None]) -> pa.Array:
    """UTF-8, of all values together less than 2 GiB."""
    encoded = [value.encode() for value in _without_gaps(values, "")]
    places = array("i", accumulate(map(len, encoded), initial=0))
    buffers = [_given(values), pa.py_buffer(places), pa.py_buffer(b"".join(encoded))]
    return pa.Array.from_buffers(pa.string(), len(values), buffers)


def _fixed(kind: pa.DataType, values: Sequence[Any], data: "array[Any] | bytes") -> pa.Array:
    return pa.Array.from_buffers(kind, len(values), [_given(values), pa.py_buffer(data)])


def _without_gaps(values: Sequence[Any], filling: Any) -> Sequence[Any]:
    """Something has to lie where a value is null; nobody reads it."""
    return [filling if value is None else value for value in values] if None in values else values


def _given(values: Sequence[Any]) -> pa.Buffer | None:
    """Which of the values are not null; None: all."""
    return pa.py_buffer(_bits([value is not None for value in values])) if None in values else None


def _bits(values: Sequence[object]) -> bytes:
    """One bit for each value, the first of a byte is its lowest."""
    digits = "".join(["1" if value else "0" for value in reversed(values)])
    return int(digits or "0", 2).to_bytes(-(-len(values) // 8), "little")
