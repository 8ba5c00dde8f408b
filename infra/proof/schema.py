"""The names and types of a provider's resources, as facts without their documentation."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, JsonValue

PATH = Path(__file__).with_name("schema.json")


class _Fact(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Attribute(_Fact):
    """
    ``type`` is Terraform's own notation: ``"string"``, ``["list", "string"]``, ``["map", "number"]``.

    One that is neither required nor computed can be set or left out; the package that the facts come
    from does not tell which of those the provider fills in, so all of them count as computed too.
    """

    type: JsonValue
    required: bool = False
    computed: bool = False


class Block(_Fact):
    """What stands between two braces."""

    attributes: Mapping[str, Attribute] = {}
    blocks: Mapping[str, "Nested"] = {}


class Nested(_Fact):
    """A block within a block; ``most`` of 0 means any number."""

    nesting: Literal["single", "list", "set"]
    least: int = 0
    most: int = 0
    block: Block


class Source(_Fact):
    """Where the facts were read."""

    package: str
    version: str
    provider: str


class Schema(_Fact):
    """One version of one provider, as far as it is used here."""

    source: Source
    provider: Block
    resources: Mapping[str, Block]
    data_sources: Mapping[str, Block]


def load(path: Path = PATH) -> Schema:
    """The facts in the repository."""
    return Schema.model_validate_json(path.read_text())


def dump(schema: Schema) -> str:
    """As it stands in the repository: sorted, without defaults, a line for each type."""
    facts = schema.model_dump(mode="json", exclude_defaults=True)
    parts = [f'"source": {_line(facts["source"])}', f'"provider": {_line(facts["provider"])}']
    for kind in ("resources", "data_sources"):
        lines = [f"  {json.dumps(name)}: {_line(it)}" for name, it in sorted(facts[kind].items())]
        parts.append(f'"{kind}": {{\n' + ",\n".join(lines) + "\n}")
    return "{" + ",\n".join(parts) + "}\n"


def _line(value: JsonValue) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))
