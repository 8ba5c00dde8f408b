"""A function's own environment, of nothing but its requirements, and a process in it."""

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

BOOT = Path(__file__).with_name("boot.py")


@dataclass(frozen=True)
class Booted:
    """What a function answered in its own process, and which modules that process had imported."""

    status: int
    body: Any
    modules: frozenset[str]
    dead_letters: tuple[str, ...]


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
    """By the pip that runs the tests: to give each environment one of its own takes longer than the rest."""
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    python = folder / "bin" / "python"
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", python)
    subprocess.run([*pip, "install", "--quiet", "--no-deps", "--requirement", requirements], check=True)
    subprocess.run([*pip, "check"], check=True)
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
