"""One function as it is packaged: its file set, and an environment of nothing but its requirements."""

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
BOOT = Path(__file__).with_name("boot.py")


@dataclass(frozen=True)
class Booted:
    """What a function answered in its own process, and which modules that process had imported."""

    status: int
    body: Any
    modules: frozenset[str]
    dead_letters: tuple[str, ...]


def package(name: str, entry_point: str, target: Path) -> Path:
    """Lay out the archive of a function; the paths in it are those of the repository."""
    for path in _files(name):
        copy = target / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copy)
    shutil.copy(ROOT / "services" / name / "requirements.txt", target)
    (target / "main.py").write_text(f"from services.{name}.main import {entry_point}  # noqa: F401\n")
    return target


def _files(name: str) -> Iterator[Path]:
    yield from (ROOT / "shared").rglob("*.py")
    yield from (ROOT / "shared" / "catalogue").glob("*.yaml")
    yield ROOT / "services" / "__init__.py"
    yield ROOT / "services" / "topology.json"
    yield from (ROOT / "services" / name).rglob("*.py")


def interpreter(requirements: Path, cache: Path) -> Path:
    """
    Python with these requirements and nothing else, made once and kept under their hash.

    Functions with the same requirements share it; a process that finds another making it waits.
    """
    pins = [line for line in requirements.read_text().splitlines() if line and not line.startswith("#")]
    source = "\n".join([sys.version, *sorted(pins)])
    folder = cache / hashlib.sha256(source.encode()).hexdigest()[:16]
    with (cache / f"{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "complete").exists():
            _install(folder, requirements)
    return folder / "bin" / "python"


def _install(folder: Path, requirements: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    install = ("-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps")
    subprocess.run([folder / "bin" / "python", *install, "--requirement", requirements], check=True)
    subprocess.run([folder / "bin" / "python", "-m", "pip", "check"], check=True)
    (folder / "complete").touch()


def boot(python: Path, archive: Path, entry_point: str, request: Mapping[str, Any], home: Path) -> Booted:
    """Start the function in a clean process and send it one request."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    answer = subprocess.run(
        [python, "-P", BOOT, entry_point],
        input=json.dumps(request),
        cwd=archive,
        env=kept | {"OMTX_HOME": str(home), "PYTHONPATH": str(archive), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert answer.returncode == 0, answer.stderr
    said = json.loads(answer.stdout.splitlines()[-1])
    return Booted(said["status"], said["body"], frozenset(said["modules"]), tuple(said["dead_letters"]))
