"""The sizes that keep a module readable in one sitting."""

import ast
import statistics
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("shared", "services", "modal_gpu", "infra", "local", "migration", "cli", "client")
LONGEST_MODULE = 250
MEDIAN_FUNCTION, P90_FUNCTION = 10, 30
DRAWERS = ("utils", "util", "helpers", "helper", "common", "misc", "base_manager", "manager")


def test_functions_are_short() -> None:
    lengths = sorted(_lengths())
    p90 = lengths[int(0.9 * (len(lengths) - 1))]
    assert statistics.median(lengths) <= MEDIAN_FUNCTION
    assert p90 <= P90_FUNCTION


def test_modules_are_short() -> None:
    sizes = {path: len(path.read_text().splitlines()) for path in _modules()}
    assert {str(path): size for path, size in sizes.items() if size > LONGEST_MODULE} == {}


def test_no_module_is_named_as_a_drawer() -> None:
    assert [str(path) for path in _modules() if path.stem in DRAWERS] == []


def test_no_work_is_left_in_a_comment() -> None:
    mark = "TO" + "DO"
    assert [str(path) for path in _modules() if mark in path.read_text()] == []


def _modules() -> Iterator[Path]:
    return (path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))


def _lengths() -> Iterator[int]:
    for path in _modules():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef):
                yield (node.end_lineno or node.lineno) - node.lineno + 1
