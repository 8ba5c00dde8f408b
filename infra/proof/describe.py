"""A schema as the answer to Terraform's question for it, in its plugin protocol 5."""

import json

from infra.proof.schema import Attribute, Block, Nested, Schema
from infra.proof.wire import flag, message, number, text

_NESTING = {"single": 1, "list": 2, "set": 3}


def provider_schema(schema: Schema) -> bytes:
    """The answer to GetSchema."""
    return (
        message(1, _schema(schema.provider))
        + b"".join(message(2, _entry(name, _schema(it))) for name, it in schema.resources.items())
        + b"".join(message(3, _entry(name, _schema(it))) for name, it in schema.data_sources.items())
    )


def _schema(block: Block) -> bytes:
    return message(2, _block(block))


def _block(block: Block) -> bytes:
    attributes = sorted(block.attributes.items())
    blocks = sorted(block.blocks.items())
    return b"".join(message(2, _attribute(name, it)) for name, it in attributes) + b"".join(
        message(3, _nested(name, it)) for name, it in blocks
    )


def _attribute(name: str, it: Attribute) -> bytes:
    optional = not it.required and not it.computed
    flags = flag(4, it.required) + flag(5, optional) + flag(6, not it.required)
    return text(1, name) + text(2, json.dumps(it.type)) + flags


def _nested(name: str, it: Nested) -> bytes:
    limits = number(4, it.least) + number(5, it.most)
    return text(1, name) + message(2, _block(it.block)) + number(3, _NESTING[it.nesting]) + limits


def _entry(name: str, value: bytes) -> bytes:
    return text(1, name) + message(2, value)
