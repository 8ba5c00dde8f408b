"""The GPUs of this machine, as their driver names them."""

import shutil
import subprocess

from shared.errors import OmtxError

SECONDS = 20


class NoGpu(OmtxError):
    """This installation is to run models on its own GPU, and has none."""


class NoPython(OmtxError):
    """A model is to run under a Python that is not there."""


def gpus() -> list[str]:
    """Their ids, by which a process is kept to one of them; none without a driver."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return []
    query = [program, "--query-gpu=uuid", "--format=csv,noheader"]
    try:
        said = subprocess.run(query, capture_output=True, text=True, timeout=SECONDS, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return []
    return [line.strip() for line in said.splitlines() if line.strip()]
