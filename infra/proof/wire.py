"""Terraform's plugin protocol 5, as far as a provider needs that has a schema and manages nothing."""

import json
from collections.abc import Mapping

from infra.proof.schema import Attribute, Block, Nested, Schema

_NESTING = {"single": 1, "list": 2, "set": 3}


def provider_schema(schema: Schema) -> bytes:
    """The answer to GetSchema."""
    return (
        _message(1, _schema(schema.provider))
        + b"".join(_message(2, _entry(name, _schema(it))) for name, it in schema.resources.items())
        + b"".join(_message(3, _entry(name, _schema(it))) for name, it in schema.data_sources.items())
    )


def _schema(block: Block) -> bytes:
    return _message(2, _block(block))


def _block(block: Block) -> bytes:
    attributes = sorted(block.attributes.items())
    blocks = sorted(block.blocks.items())
    return b"".join(_message(2, _attribute(name, it)) for name, it in attributes) + b"".join(
        _message(3, _nested(name, it)) for name, it in blocks
    )


def _attribute(name: str, it: Attribute) -> bytes:
    optional = not it.required and not it.computed
    flags = _flag(4, it.required) + _flag(5, optional) + _flag(6, not it.required)
    return _text(1, name) + _text(2, json.dumps(it.type)) + flags


def _nested(name: str, it: Nested) -> bytes:
    limits = _number(4, it.least) + _number(5, it.most)
    return _text(1, name) + _message(2, _block(it.block)) + _number(3, _NESTING[it.nesting]) + limits


def _entry(name: str, value: bytes) -> bytes:
    return _text(1, name) + _message(2, value)


def diagnostics(field: int, problems: Mapping[tuple[str, ...], str]) -> bytes:
    """Errors, each at the path of an attribute in the configuration."""
    return b"".join(_message(field, _diagnostic(path, text)) for path, text in problems.items())


def _diagnostic(path: tuple[str, ...], text: str) -> bytes:
    steps = b"".join(_message(1, _step(it)) for it in path)
    return _number(1, 1) + _text(2, text) + _message(4, steps)


def _step(it: str) -> bytes:
    return _varint(3 << 3) + _varint(int(it)) if it.isdigit() else _text(1, it)


def fields(message: bytes) -> dict[int, bytes]:
    """The length-delimited fields of a message, the last of each number; these requests have no others."""
    found, at = {}, 0
    while at < len(message):
        tag, at = _read_varint(message, at)
        size, at = _read_varint(message, at)
        found[tag >> 3] = message[at : at + size]
        at += size
    return found


def _read_varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[at]
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


def _message(field: int, value: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(value)) + value


def _text(field: int, value: str) -> bytes:
    return _message(field, value.encode())


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value) if value else b""


def _flag(field: int, value: bool) -> bytes:
    return _number(field, int(value))
