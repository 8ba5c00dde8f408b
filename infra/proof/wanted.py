"""What a deployment is compared with: the topology, the indexes, and the runbook."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from shared.models.base import Frozen
from shared.topology import Topology

_SECTION = re.compile(r'^### <a id="([a-z-]+)"></a>', re.MULTILINE)
Scope = Literal["COLLECTION", "COLLECTION_GROUP"]
Order = Literal["ASCENDING", "DESCENDING"]


class IndexedField(Frozen):
    """One field of a composite index."""

    path: str
    order: Order


class Composite(Frozen):
    """An index over several fields."""

    collection: str
    scope: Scope
    fields: tuple[IndexedField, ...]


class Field(Frozen):
    """A field of a collection's documents."""

    collection: str
    field: str

    @property
    def name(self) -> str:
        """Both in one."""
        return f"{self.collection}/{self.field}"


class FieldIndex(Frozen):
    """An index over one field."""

    scope: Scope
    order: Order


class Override(Field):
    """A field with other indexes than the usual ones."""

    indexes: tuple[FieldIndex, ...]


class Indexes(Frozen):
    """``infra/firestore_indexes.json``."""

    composites: tuple[Composite, ...]
    overrides: tuple[Override, ...] = ()
    exemptions: tuple[Field, ...]
    ttl: tuple[Field, ...]

    def of_fields(self) -> dict[str, list[tuple[str, str]]]:
        """Scope and order of each index of the fields that have not the usual ones."""
        none: dict[str, list[tuple[str, str]]] = {it.name: [] for it in self.exemptions}
        return none | {it.name: sorted((one.scope, one.order) for one in it.indexes) for it in self.overrides}


class Wanted(Topology):
    """
    The topology with the rest.

    ``services`` have code, ``sections`` are the anchors of the runbook, ``molecules`` the paths of routes
    that are sent molecules in their query.
    """

    services: frozenset[str]
    indexes: Indexes
    sections: frozenset[str]
    molecules: frozenset[str]


def read(root: Path) -> Wanted:
    """What the checkout at ``root`` says."""
    table = json.loads((root / "services" / "topology.json").read_text())
    indexes = json.loads((root / "infra" / "firestore_indexes.json").read_text())
    sections = _SECTION.findall((root / "docs" / "operations.md").read_text())
    services = [path.parent.name for path in (root / "services").glob("*/main.py")]
    routes = json.loads((root / "services" / "api" / "openapi.json").read_text())["paths"]
    more = {"indexes": indexes, "services": services, "sections": sections, "molecules": _molecules(routes)}
    return Wanted.model_validate({**table, **more, "functions": Topology.model_validate(table).deployed()})


def _molecules(routes: Mapping[str, Any]) -> list[str]:
    return [
        path
        for path, methods in routes.items()
        for it in methods.get("get", {}).get("parameters", ())
        if it["in"] == "query" and it["name"] in ("smiles", "smarts")
    ]
