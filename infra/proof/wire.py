"""The messages of Terraform's plugin protocol 5, as far as a provider needs them that manages nothing."""

from collections.abc import Mapping


def diagnostics(field: int, problems: Mapping[tuple[str, ...], str]) -> bytes:
    """Errors, each at the path of an attribute in the configuration."""
    return b"".join(message(field, _diagnostic(path, said)) for path, said in problems.items())


def _diagnostic(path: tuple[str, ...], said: str) -> bytes:
    steps = b"".join(message(1, _step(it)) for it in path)
    return number(1, 1) + text(2, said) + message(4, steps)


def _step(it: str) -> bytes:
    return _varint(3 << 3) + _varint(int(it)) if it.isdigit() else text(1, it)


def fields(sent: bytes) -> dict[int, bytes]:
    """The length-delimited fields of a message, the last of each number; these requests have no others."""
    found, at = {}, 0
    while at < len(sent):
        tag, at = _read_varint(sent, at)
        size, at = _read_varint(sent, at)
        found[tag >> 3] = sent[at : at + size]
        at += size
    return found


def _read_varint(sent: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = sent[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at


def _varint(value: int) -> bytes:
    out = b""
    while value > 0x7F:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def message(field: int, value: bytes) -> bytes:
    """A field that holds bytes or another message."""
    return _varint(field << 3 | 2) + _varint(len(value)) + value


def text(field: int, value: str) -> bytes:
    """A field that holds text."""
    return message(field, value.encode())


def number(field: int, value: int) -> bytes:
    """A field that holds a number, left out if it is 0."""
    return _varint(field << 3) + _varint(value) if value else b""


def flag(field: int, value: bool) -> bytes:
    """A field that holds a truth, left out if there is none."""
    return number(field, int(value))
