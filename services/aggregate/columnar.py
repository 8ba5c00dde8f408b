"""The table by columns: Parquet for programs, JSON for the web table. Written a block of rows at a time."""

import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic_core import to_json

from services.aggregate import arrays
from services.aggregate.columns import Column, Kind
from services.aggregate.streams import Spool

BLOCK = 4096
TYPES: Mapping[Kind, pa.DataType] = {
    "integer": pa.int64(),
    "number": pa.float64(),
    "boolean": pa.bool_(),
    "text": pa.string(),
    "time": pa.timestamp("us", tz="UTC"),
}
# What does not differ between the rows of a batch stands in the head of the JSON.
IN_HEAD = frozenset({"protein_name", "test_model"})
GZIP = 16 + zlib.MAX_WBITS  # without name and time


class ParquetTable:
    """One row group a block; null is null; ``about`` goes to the metadata, units to those of the columns."""

    def __init__(self, spool: Spool, columns: Sequence[Column], about: Mapping[str, Any]) -> None:
        self._spool, self._columns = spool, columns
        fields = [
            pa.field(it.name, TYPES[it.kind], nullable=True, metadata={**it.explained}) for it in columns
        ]
        metadata = {
            key: value if isinstance(value, str) else json.dumps(value) for key, value in about.items()
        }
        self._schema = pa.schema(fields, metadata=metadata)
        self._writer = pq.ParquetWriter(spool.file, self._schema, version="2.6", compression="zstd")

    def add(self, block: Sequence[Sequence[Any]]) -> None:
        """Take the values of some rows, by column."""
        arrays = [_array(column.kind, values) for column, values in zip(self._columns, block, strict=True)]
        self._writer.write_batch(pa.record_batch(arrays, schema=self._schema), row_group_size=BLOCK)

    def close(self) -> None:
        """Write the end of the file; again is no error. Left open, it would write after the spool is gone."""
        self._writer.close()

    def document(self) -> Iterator[bytes]:
        """The file."""
        self.close()
        return self._spool.pieces()


def _array(kind: Kind, values: Sequence[Any]) -> pa.Array:
    if values.count(None) == len(values):
        return pa.nulls(len(values), TYPES[kind])
    match kind:
        case "integer":
            return arrays.integers(values)
        case "number":
            return arrays.numbers(values)
        case "boolean":
            return arrays.booleans(values)
        case "text":
            told = [it if it is None or it.__class__ is str else json.dumps(it) for it in values]
            return arrays.texts(told)
        case "time":
            return arrays.texts(values).cast(TYPES[kind])


class ColumnsJson:
    """
    One array per column, compressed with gzip.

    A column in which every value is null has no array; its name stands in ``empty``.
    """

    def __init__(self, spool: Spool, columns: Sequence[Column]) -> None:
        self._spool, self._columns = spool, columns
        self._lengths: list[list[int]] = [[] for _ in columns]
        self._filled = [False for _ in columns]
        self._count = 0

    def add(self, block: Sequence[Sequence[Any]]) -> None:
        """Take the values of some rows, by column."""
        self._count += len(block[0])
        for number, values in enumerate(block):
            self._lengths[number].append(self._spool.file.write(to_json(values)[1:-1]))
            self._filled[number] = self._filled[number] or any(value is not None for value in values)

    def document(self, head: Mapping[str, Any]) -> Iterator[bytes]:
        """The object with the fields of ``head``, then ``rows``, ``empty`` and ``columns``."""
        packer = zlib.compressobj(6, zlib.DEFLATED, GZIP)
        for piece in self._texts(head):
            if packed := packer.compress(piece):
                yield packed
        yield packer.flush()

    def _texts(self, head: Mapping[str, Any]) -> Iterator[bytes]:
        empty = [it.name for it, filled in zip(self._columns, self._filled, strict=True) if not filled]
        yield to_json({**head, "rows": self._count, "empty": empty})[:-1] + b',"columns":{'
        shown = [
            number
            for number, column in enumerate(self._columns)
            if self._filled[number] and column.name not in IN_HEAD
        ]
        for place, number in enumerate(shown):
            yield (b",\n" if place else b"\n") + to_json(self._columns[number].name) + b":["
            yield from self._values(number)
            yield b"]"
        yield b"}}\n"

    def _values(self, number: int) -> Iterator[bytes]:
        before = b""
        starts = self._starts(number)
        for start, length in zip(starts, self._lengths[number], strict=True):
            self._spool.file.seek(start)
            yield before + self._spool.file.read(length)
            before = b","

    def _starts(self, number: int) -> Iterator[int]:
        """Where the column's piece of each block begins: behind those of all columns before it."""
        start = 0
        for lengths in zip(*self._lengths, strict=True):
            yield start + sum(lengths[:number])
            start += sum(lengths)
