"""
Functions as they are deployed: each from its unpacked archive, in a process of its own.

A function sees its archive and its own environment, not the repository nor the user's home. That an
editable install of the repository is in the interpreter changes nothing: the archive is found first.
"""

import shutil
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import httpx

from infra.package import unpacked
from local.cloud.child import ADDRESS, Child, free_port, inherited
from shared.topology import topology

THREADS = 8


class FunctionProcess(Child):
    """
    One function, reached at ``url``; ``environment`` holds its settings and where the services are.

    ``python`` has its requirements. One that was killed can be launched again, at the same address.
    """

    def __init__(
        self,
        name: str,
        *,
        folder: Path,
        log: Path,
        environment: Mapping[str, str],
        python: Path = Path(sys.executable),
        port: int | None = None,
    ) -> None:
        port = port or free_port()
        self.url = f"http://{ADDRESS}:{port}"
        archive = unpacked(name, folder)
        # Short, as gunicorn opens a socket below it whose path may have 107 bytes.
        self._home = tempfile.mkdtemp(prefix="omtx-")
        super().__init__(
            f"function {name}",
            (
                *(python, "-P", "-m", "functions_framework"),
                *(f"--target={topology().functions[name].entry_point}", "--source=main.py"),
                *(f"--host={ADDRESS}", f"--port={port}"),
            ),
            ready=self._answers,
            log=log,
            folder=archive,
            environment={
                **inherited(),
                "HOME": self._home,
                "PYTHONPATH": str(archive.resolve()),
                "PYTHONUNBUFFERED": "1",
                "WORKERS": "1",
                "THREADS": str(THREADS),
                **environment,
            },
        )

    def _answers(self) -> bool:
        """Whether it can work, which needs whatever it opens."""
        try:
            return httpx.get(f"{self.url}/health/ready", timeout=5, trust_env=False).is_success
        except httpx.TransportError:
            return False

    def stop(self) -> None:
        """See ``Child.stop``; for good."""
        super().stop()
        shutil.rmtree(self._home, ignore_errors=True)
