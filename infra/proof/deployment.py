"""What a configuration comes to, as Terraform's mocks filled it in: every reference resolved."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any


@dataclass(frozen=True)
class Resource:
    """One instance; ``function`` is the key of the module it stands in, ``key`` its own."""

    type: str
    label: str
    function: str | None
    key: str | None
    address: str
    values: Mapping[str, Any]

    def __getitem__(self, name: str) -> Any:
        return self.values[name]

    def inner(self, *names: str) -> Mapping[str, Any]:
        """The one block within blocks; nothing if there is none."""
        values: Mapping[str, Any] = self.values
        for name in names:
            held: Sequence[Mapping[str, Any]] = values.get(name) or ()
            values = held[0] if held else {}
        return values


class Deployment:
    """All resources of one state."""

    def __init__(self, resources: Iterable[Resource]) -> None:
        self.resources = tuple(resources)

    def all(self, kind: str, label: str | None = None) -> list[Resource]:
        """Those of the type ``google_<kind>``, in the order of their addresses."""
        return [it for it in self.resources if it.type == f"google_{kind}" and label in (None, it.label)]

    def by_function(self, kind: str) -> dict[str, Resource]:
        """Those that stand in the module of a function, by its name."""
        return {it.function: it for it in self.all(kind) if it.function is not None}

    @cached_property
    def prefix(self) -> str:
        """The beginning of every name."""
        (topic,) = self.all("pubsub_topic", "dead_letters")
        name: str = topic["name"]
        return name.removesuffix("-dead-letters")

    def plain(self, name: str) -> str:
        """A name without the prefix."""
        return name.removeprefix(f"{self.prefix}-")


def read(state: Mapping[str, Any]) -> Deployment:
    """The resources in a state, as Terraform prints it."""
    return Deployment(sorted(_resources(state["root_module"], None), key=lambda it: it.address))


def _resources(module: Mapping[str, Any], function: str | None) -> Iterator[Resource]:
    for it in module.get("resources", ()):
        if it["mode"] == "managed":
            key = it.get("index")
            own = key if isinstance(key, str) else None
            yield Resource(it["type"], it["name"], function, own, it["address"], it["values"])
    for child in module.get("child_modules", ()):
        yield from _resources(child, child["address"].split('"')[1])
