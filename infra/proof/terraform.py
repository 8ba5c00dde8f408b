"""Terraform as a program, with our provider in the place of the registry's."""

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from infra.proof import describe, schema
from infra.proof.package import PROVIDER

ROOT = Path(__file__).resolve().parents[2]
_HOST = "registry.terraform.io"
_MACHINES = {"x86_64": "amd64", "aarch64": "arm64"}


class Missing(Exception):
    """Terraform is not installed."""


@dataclass(frozen=True)
class Answer:
    """How a command ended and what it printed."""

    code: int
    out: str
    errors: str


class Terraform:
    """
    Commands in the folder of a configuration.

    Raises:
        Missing: when it is made, if there is no such program.
    """

    def __init__(self, folder: Path, *, work: Path) -> None:
        program = shutil.which("terraform")
        if program is None:
            raise Missing("terraform is not installed")
        self._program, self.folder = program, folder
        self._environment = _environment(work)

    def __call__(self, *arguments: str) -> Answer:
        """Run one command to its end."""
        answer = subprocess.run(
            [self._program, *arguments],
            cwd=self.folder,
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=300,
        )
        return Answer(answer.returncode, answer.stdout, answer.stderr)


def _environment(work: Path) -> Mapping[str, str]:
    mirror, settings = work / "mirror", work / "terraform.rc"
    _install(mirror / _HOST / "hashicorp" / "google" / PROVIDER / _platform())
    settings.write_text(f'provider_installation {{\n  filesystem_mirror {{ path = "{mirror}" }}\n}}\n')
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    return kept | {
        "CHECKPOINT_DISABLE": "1",
        "TF_CLI_CONFIG_FILE": str(settings),
        "TF_DATA_DIR": str(work / "data"),
        "TF_DISABLE_PLUGIN_TLS": "1",
        "TF_IN_AUTOMATION": "1",
    }


def _install(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "schema").write_bytes(describe.provider_schema(schema.load()))
    plugin = folder / f"terraform-provider-google_v{PROVIDER}"
    start = f'exec "{sys.executable}" -m infra.proof.provider "$(dirname "$0")/schema"'
    plugin.write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT}" {start}\n')
    plugin.chmod(0o755)


def _platform() -> str:
    """As the folders of a mirror are named."""
    machine = platform.machine().lower()
    return f"{platform.system().lower()}_{_MACHINES.get(machine, machine)}"
