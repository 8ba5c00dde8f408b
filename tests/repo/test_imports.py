"""The import contracts hold, and are worth something: a planted bad import breaks them."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("shared", "services", "modal_gpu", "infra", "local", "migration", "cli", "client")


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the packages, to plant imports in."""
    copy = tmp_path_factory.mktemp("tree")
    for package in PACKAGES:
        shutil.copytree(ROOT / package, copy / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", copy)
    return copy


def test_the_contracts_hold(tree: Path) -> None:
    answer = lint(tree)
    assert answer.returncode == 0, answer.stdout


@pytest.mark.parametrize(
    ("module", "planted", "contract"),
    [
        ("services/submit/plan.py", "import services.api.pages", "Services are independent"),
        ("shared/domain/tree.py", "import shared.adapters.local.ledger", "One direction"),
        ("shared/models/batch.py", "import local.mount", "One direction"),
        ("shared/steps/reading.py", "import sqlite3", "No vendor below the adapters"),
        ("modal_gpu/body.py", "import modal", "Only the wrappers import Modal"),
        ("client/omtx/files.py", "import shared.errors", "The client stands alone"),
    ],
)
def test_a_planted_import_is_found(tree: Path, module: str, planted: str, contract: str) -> None:
    path = tree / module
    original = path.read_text()
    path.write_text(f"{original}\n{planted}  # noqa\n")
    try:
        answer = lint(tree)
    finally:
        path.write_text(original)
    assert answer.returncode != 0
    assert [line for line in answer.stdout.splitlines() if contract in line and "BROKEN" in line]


def lint(tree: Path) -> subprocess.CompletedProcess[str]:
    """Check the contracts of a tree; its packages are found before those of the checkout."""
    program = Path(sys.executable).parent / "lint-imports"
    env = os.environ | {
        "PYTHONPATH": f"{tree}{os.pathsep}{tree / 'client'}",
        "NO_COLOR": "1",
        "COLUMNS": "200",
    }
    return subprocess.run(
        [str(program), "--no-cache"], cwd=tree, env=env, capture_output=True, text=True, timeout=120
    )
