"""
What the code of a function does, read from its text: over-estimated, as whatever might be called counts.

Of a module that a function imports, only what is named somewhere on the way to it counts; a method, if its
class is named as well.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from infra.proof.terraform import ROOT

APART = ("shared.wiring", "shared.health")
"""The first makes everything for everybody; the second reads what the table says."""


@dataclass(frozen=True)
class Unit:
    """A function or method; ``owner`` is its class."""

    module: str
    owner: str | None
    name: str
    node: ast.AST

    def is_named(self, known: set[str]) -> bool:
        """Whether code in which these names stand may come here."""
        made = self.name.startswith("__") and self.owner in known
        return made or (self.name in known and (self.owner is None or self.owner in known))


class Reach:
    """All that the function of this name may run."""

    def __init__(self, function: str) -> None:
        self._function = function

    @cached_property
    def nodes(self) -> list[ast.AST]:
        """Every node of it."""
        own, rest = list[Unit](), list[Unit]()
        for module, tree in self._modules().items():
            mine = module.startswith("services.")
            (own if mine else rest).extend(_units(module, tree.body, None))
        reached, known = own, {name for it in own for name in _names(it.node)}
        while more := [it for it in rest if it.is_named(known)]:
            rest = [it for it in rest if it not in more]
            reached += more
            known |= {name for it in more for name in _names(it.node)}
        return [node for it in reached for node in ast.walk(it.node)]

    def made(self) -> set[str]:
        """Names of what is called by its name alone, such as the classes of messages."""
        calls = (it for it in self.nodes if isinstance(it, ast.Call))
        return {it.func.id for it in calls if isinstance(it.func, ast.Name)}

    def asked(self, *ports: str) -> set[str]:
        """Methods that are called on variables and fields of these names."""
        return {method for port, method, _ in self._calls() if port.lstrip("_") in ports}

    def told(self, method: str) -> set[str]:
        """Texts that calls of this method are given first."""
        given = (call.args[0] for _, name, call in self._calls() if name == method and call.args)
        return {str(it.value) for it in given if isinstance(it, ast.Constant)}

    def wired(self) -> set[str]:
        """What is taken from ``shared.wiring``, called there or handed on to be called."""
        named = (it for it in self.nodes if isinstance(it, ast.Attribute))
        return {it.attr for it in named if _name(it.value) == "wiring"}

    def _calls(self) -> Iterator[tuple[str, str, ast.Call]]:
        for it in self.nodes:
            if isinstance(it, ast.Call) and isinstance(it.func, ast.Attribute):
                yield _name(it.func.value), it.func.attr, it

    def _modules(self) -> dict[str, ast.Module]:
        found: dict[str, ast.Module] = {}
        waiting = [f"services.{self._function}.main"]
        while waiting:
            module = waiting.pop()
            path = _path(module)
            if module not in found and path is not None and not module.startswith(APART):
                found[module] = ast.parse(path.read_text())
                waiting += _imported(found[module])
        return found


def _path(module: str) -> Path | None:
    beside = ROOT.joinpath(*module.split("."))
    return next((it for it in (beside.with_suffix(".py"), beside / "__init__.py") if it.exists()), None)


def _imported(tree: ast.Module) -> Iterator[str]:
    for it in ast.walk(tree):
        if isinstance(it, ast.ImportFrom) and it.module and it.module.startswith(("shared", "services")):
            yield it.module
            yield from (f"{it.module}.{alias.name}" for alias in it.names)


def _units(module: str, body: list[ast.stmt], owner: str | None) -> Iterator[Unit]:
    for it in body:
        if isinstance(it, ast.FunctionDef | ast.AsyncFunctionDef):
            yield Unit(module, owner, it.name, it)
        elif isinstance(it, ast.ClassDef):
            yield from _units(module, it.body, it.name)
        elif not isinstance(it, ast.Import | ast.ImportFrom) and module.startswith("services."):
            yield Unit(module, owner, "", it)


def _names(node: ast.AST) -> Iterator[str]:
    for it in ast.walk(node):
        if isinstance(it, ast.Name | ast.Attribute):
            yield _name(it)


def _name(node: ast.AST) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
