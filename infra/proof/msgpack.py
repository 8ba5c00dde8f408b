"""MessagePack, as much of it as Terraform writes: no values but those of its own types."""

import struct
from collections.abc import Callable
from typing import Any, Final


class _Unknown:
    def __repr__(self) -> str:
        return "(known after apply)"


UNKNOWN: Final = _Unknown()
"""Stands for a value that Terraform does not know yet."""

_NUMBERS = {
    **{0xCC: ">B", 0xCD: ">H", 0xCE: ">I", 0xCF: ">Q"},
    **{0xD0: ">b", 0xD1: ">h", 0xD2: ">i", 0xD3: ">q"},
    **{0xCA: ">f", 0xCB: ">d"},
}
_CONSTANTS = {0xC0: None, 0xC2: False, 0xC3: True}
_TEXTS = {0xC4: ">B", 0xC5: ">H", 0xC6: ">I", 0xD9: ">B", 0xDA: ">H", 0xDB: ">I"}
_LISTS = {0xDC: ">H", 0xDD: ">I"}
_MAPS = {0xDE: ">H", 0xDF: ">I"}
_EXTENSIONS = {0xC7: ">B", 0xC8: ">H", 0xC9: ">I"}
_FIXED_EXTENSIONS = {0xD4: 1, 0xD5: 2, 0xD6: 4, 0xD7: 8, 0xD8: 16}


def decode(packed: bytes) -> Any:
    """One value; numbers too large for a float arrive as text."""
    return _Reader(packed).value()


class _Reader:
    """A place in the bytes that moves on."""

    def __init__(self, packed: bytes) -> None:
        self._packed = packed
        self._at = 0

    def value(self) -> Any:
        mark = self._number(">B")
        if mark in _CONSTANTS:
            return _CONSTANTS[mark]
        if mark in _NUMBERS:
            return self._number(_NUMBERS[mark])
        for kinds, read in self._sized():
            if mark in kinds:
                return read(self._number(kinds[mark]))
        if mark in _FIXED_EXTENSIONS:
            return self._extension(_FIXED_EXTENSIONS[mark])
        return self._small(mark)

    def _sized(self) -> tuple[tuple[dict[int, str], Callable[[int], Any]], ...]:
        return (
            (_TEXTS, self._text),
            (_LISTS, self._list),
            (_MAPS, self._map),
            (_EXTENSIONS, self._extension),
        )

    def _small(self, mark: int) -> Any:
        if mark < 0x80:
            return mark
        if mark < 0x90:
            return self._map(mark & 0x0F)
        if mark < 0xA0:
            return self._list(mark & 0x0F)
        return self._text(mark & 0x1F) if mark < 0xC0 else mark - 0x100

    def _number(self, form: str) -> Any:
        return struct.unpack(form, self._bytes(struct.calcsize(form)))[0]

    def _text(self, size: int) -> str:
        return self._bytes(size).decode()

    def _list(self, size: int) -> list[Any]:
        return [self.value() for _ in range(size)]

    def _map(self, size: int) -> dict[Any, Any]:
        return {self.value(): self.value() for _ in range(size)}

    def _extension(self, size: int) -> _Unknown:
        self._bytes(1 + size)
        return UNKNOWN

    def _bytes(self, size: int) -> bytes:
        taken = self._packed[self._at : self._at + size]
        self._at += size
        return taken
