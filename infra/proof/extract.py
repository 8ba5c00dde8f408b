"""
One resource's facts, read from the JavaScript that the Terraform CDK generates for it.

Such a file has, for the resource and for each block in it, a table of what can be set (with the kind of
each), and a class with a getter per name. What has a getter but stands in no table is computed. What can
be left out has a ``reset`` method. A block that may come once is held as one object, else as a list.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from pydantic import JsonValue

from infra.proof.schema import Attribute, Block, Nested

_CLASS = re.compile(r"^class (\w+) extends [\w.]+ \{\n(.*?)^\}", re.MULTILINE | re.DOTALL)
_TABLE = re.compile(r"^function (\w+)ToHclTerraform\(struct\) \{\n(.*?)^\}", re.MULTILINE | re.DOTALL)
_OWN_TABLE = re.compile(r"^    synthesizeHclAttributes\(\) \{\n(.*?)^    \}", re.MULTILINE | re.DOTALL)
_ENTRY = re.compile(
    r"^ +(\w+): \{\n"
    r" +value: (.*),\n"
    r" +isBlock: (true|false),\n"
    r' +type: "(\w+)",\n'
    r' +storageClassType: "(\w+)",\n',
    re.MULTILINE,
)
_FIELD = re.compile(r"(?:this\._|struct\.)(\w+)")
_STRUCT = re.compile(r"(?<!cdktf\.)\b(?!cdktf\.)(?:\w+\.)?(\w+)ToHclTerraform\b")
_HELD = re.compile(r'this\._\w+ = new (?:\w+\.)?(\w+)\(this, "(\w+)"(?:, (true|false))?\)')
_READ = re.compile(r"return (.*?)this\.get(\w*)Attribute\('(\w+)'\)")

_SCALARS = {"string": "string", "number": "number", "boolean": "bool"}
_READ_TYPES: dict[str, JsonValue] = {
    "String": "string",
    "Number": "number",
    "Boolean": "bool",
    "List": ["list", "string"],
    "NumberList": ["list", "number"],
    "StringMap": ["map", "string"],
    "NumberMap": ["map", "number"],
    "BooleanMap": ["map", "bool"],
}
_HELD_TYPES: dict[str, JsonValue] = {
    "StringMap": ["map", "string"],
    "NumberMap": ["map", "number"],
    "BooleanMap": ["map", "bool"],
    "StringMapList": ["list", ["map", "string"]],
}


class Unreadable(Exception):
    """The file is not of the form that is known here."""


@dataclass(frozen=True)
class _Entry:
    name: str
    field: str
    is_block: bool
    kind: str
    storage: str
    struct: str | None


@dataclass(frozen=True)
class _Text:
    """The classes and the tables of one file, by the name of the struct they belong to."""

    classes: dict[str, str]
    tables: dict[str, str]

    def block(self, struct: str) -> Block:
        table, body = self.tables.get(_lower(struct), ""), self._reader(struct)
        return self._block(list(_entries(table)), body)

    def own(self, name: str, *, blocks: bool) -> Block:
        body = self.classes[name]
        table = _OWN_TABLE.search(body)
        entries = _entries(table[1] if table else "")
        return self._block([it for it in entries if blocks or not it.is_block], body)

    def _block(self, entries: list[_Entry], body: str) -> Block:
        held = {name: (kind, wraps == "true") for kind, name, wraps in _HELD.findall(body)}
        attributes, blocks = self._computed(body, held, {it.name for it in entries}), {}
        for it in entries:
            required = f"    reset{_upper(it.field)}() {{" not in body
            if it.is_block:
                once = held.get(it.name, ("", False))[0].endswith("OutputReference")
                blocks[it.name] = self._nested(it, required=required, once=once)
            else:
                attributes[it.name] = Attribute(type=self._type(it), required=required)
        return Block(attributes=dict(sorted(attributes.items())), blocks=dict(sorted(blocks.items())))

    def _computed(
        self, body: str, held: dict[str, tuple[str, bool]], settable: set[str]
    ) -> dict[str, Attribute]:
        found: dict[str, Attribute] = {}
        for before, kind, name in _READ.findall(body):
            if name not in settable:
                found[name] = Attribute(type=_read_type(before, kind, name), computed=True)
        for name, (kind, wraps) in held.items():
            if name not in settable:
                found[name] = Attribute(type=self._held_type(kind, wraps), computed=True)
        return found

    def _nested(self, entry: _Entry, *, required: bool, once: bool) -> Nested:
        if entry.struct is None:
            raise Unreadable(f"block {entry.name} without a table")
        nesting: Literal["single", "list", "set"] = "list"
        if entry.kind in ("struct", "set"):
            nesting = "single" if entry.kind == "struct" else "set"
        least, most = (0, 0) if nesting == "single" else (int(required), int(once))
        return Nested(nesting=nesting, least=least, most=most, block=self.block(_upper(entry.struct)))

    def _type(self, entry: _Entry) -> JsonValue:
        if entry.struct is not None:
            return [entry.kind, self._object(_upper(entry.struct))]
        if entry.kind == "simple":
            return _scalar(entry.storage, entry.name)
        inner = entry.storage.removesuffix("List").removesuffix("Map")
        return [entry.kind, _scalar(inner, entry.name)]

    def _held_type(self, kind: str, wraps: bool) -> JsonValue:
        if kind in _HELD_TYPES:
            return _HELD_TYPES[kind]
        struct = kind.removesuffix("List").removesuffix("OutputReference")
        return ["set" if wraps else "list", self._object(struct)]

    def _object(self, struct: str) -> JsonValue:
        block = self.block(struct)
        fields: dict[str, JsonValue] = {name: it.type for name, it in block.attributes.items()}
        for name, nested in block.blocks.items():
            fields[name] = [nested.nesting, self._object_of(nested.block)]
        return ["object", dict(sorted(fields.items()))]

    def _object_of(self, block: Block) -> JsonValue:
        return ["object", {name: it.type for name, it in block.attributes.items()}]

    def _reader(self, struct: str) -> str:
        try:
            return self.classes[f"{struct}OutputReference"]
        except KeyError as missing:
            raise Unreadable(f"no class for {struct}") from missing


def resource(javascript: str, terraform_type: str) -> Block:
    """
    The facts of the resource or data source that the file defines.

    Raises:
        Unreadable: the file is not of the known form, or defines something else.
    """
    text = _text(javascript)
    for name, body in text.classes.items():
        if f"terraformResourceType: '{terraform_type}'" in body:
            return text.own(name, blocks=True)
    raise Unreadable(f"no class for {terraform_type}")


def provider(javascript: str) -> Block:
    """
    What can be set on the provider itself, without its blocks: their classes do not tell what they require.

    Raises:
        Unreadable: the file is not of the known form.
    """
    text = _text(javascript)
    if found := re.search(r"^class (\w+) extends cdktf\.TerraformProvider \{", javascript, re.MULTILINE):
        return text.own(found[1], blocks=False)
    raise Unreadable("no class for the provider")


def _text(javascript: str) -> _Text:
    return _Text(dict(_CLASS.findall(javascript)), dict(_TABLE.findall(javascript)))


def _entries(table: str) -> Iterator[_Entry]:
    for name, value, is_block, kind, storage in _ENTRY.findall(table):
        field, struct = _FIELD.search(value), _STRUCT.search(value)
        if field is None:
            raise Unreadable(f"{name}: {value}")
        yield _Entry(name, field[1], is_block == "true", kind, storage, struct[1] if struct else None)


def _read_type(before: str, kind: str, name: str) -> JsonValue:
    if kind not in _READ_TYPES:
        raise Unreadable(f"{name}: get{kind}Attribute")
    if kind.endswith("List") and "tolist" in before:
        return ["set", "number" if kind == "NumberList" else "string"]
    return _READ_TYPES[kind]


def _scalar(storage: str, name: str) -> str:
    if storage not in _SCALARS:
        raise Unreadable(f"{name}: {storage}")
    return _SCALARS[storage]


def _lower(name: str) -> str:
    return name[:1].lower() + name[1:]


def _upper(name: str) -> str:
    return name[:1].upper() + name[1:]
