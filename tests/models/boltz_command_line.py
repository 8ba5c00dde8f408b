"""The genuine ``boltz predict``, one process per input."""

import os
import subprocess
import sys
from pathlib import Path

from tests.models.boltz_inputs import Input, options

ALONE = ["--accelerator", "cpu", "--no_kernels", "--num_workers", "0", "--preprocessing-threads", "1"]


def predict(asked: Input, folder: Path, cache: Path) -> dict[str, bytes]:
    """The files of its predictions by name; none if it refused the input."""
    path = asked.write(folder)
    program = Path(sys.executable).with_name("boltz")
    command = [program, "predict", path, "--out_dir", folder, "--cache", cache, "--seed", str(asked.seed)]
    done = subprocess.run(
        [*map(str, command), *ALONE, *options(asked.sampling)],
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=600,
    )
    found = written(folder / f"boltz_results_{asked.name}" / "predictions" / asked.name)
    assert done.returncode == 0, done.stderr[-3000:]
    return found


def written(folder: Path) -> dict[str, bytes]:
    """The files of a folder by name."""
    return {it.name: it.read_bytes() for it in sorted(folder.iterdir())} if folder.is_dir() else {}
