"""
Boltz-2: a command line per ligand against the warm body. It needs the models' own environment:

``.venv-models/boltz2/bin/python -m bench.boltz [--size full] [--accelerator gpu] [--ligands 3]``

prints JSON. Weights are random: times are real, predictions are not. At full size on a GPU everything is as
in production but for the values of the weights.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import redirect_stdout
from pathlib import Path

from modal_gpu.body import machine_name
from modal_gpu.predictors.boltz2.runner import Warm
from modal_gpu.predictors.boltz2.sampling import Sampling
from tests.models import boltz_cache
from tests.models.boltz_inputs import QUICK, Input, options, protein, screened

SMILES = (
    "CC(=O)Oc1ccccc1C(=O)O",
    "CC(C)Cc1ccc(cc1)C(C)C(=O)O",
    "CC(=O)Nc1ccc(O)cc1",
    "CN1C=NC2=C1C(=O)N(C(=O)N2C)C",
    "NC(=O)c1cccnc1",
)
RESIDUES = {"tiny": 20, "full": 300}
UNIT = "MKTAYIAKQRQISFVKSHFS"


def measure(size: str, accelerator: str, ligands: int, folder: Path) -> dict[str, object]:
    """Seconds per ligand, both ways; both compute the same."""
    cache = boltz_cache.build(folder / "cache", size)
    sampling = QUICK if size == "tiny" else Sampling()
    sequence = (UNIT * RESIDUES[size])[: RESIDUES[size]]
    inputs = [
        Input(f"ligand-{number}", screened(smiles, protein(sequence=sequence)), sampling)
        for number, smiles in enumerate(SMILES[:ligands])
    ]
    lines = [_timed_command_line(it, folder / f"line-{it.name}", cache, accelerator) for it in inputs]
    body = Warm(cache, accelerator, kernels=accelerator == "gpu")
    began = time.monotonic()
    body.load()
    loading = time.monotonic() - began
    warm = [_timed_warm(body, it, folder / f"warm-{it.name}") for it in inputs]
    body.close()
    return {
        "machine": machine_name(),
        "accelerator": accelerator,
        "size": size,
        "residues": RESIDUES[size],
        "command_line_seconds": lines,
        "warm_seconds": warm,
        "loading_seconds": loading,
        "ratio": statistics.median(lines) / statistics.median(warm),
    }


def _timed_command_line(asked: Input, folder: Path, cache: Path, accelerator: str) -> float:
    program = Path(sys.executable).with_name("boltz")
    where = ["--out_dir", folder, "--cache", cache, "--accelerator", accelerator, "--num_workers", "0"]
    kernels = [] if accelerator == "gpu" else ["--no_kernels"]
    command = [program, "predict", asked.write(folder), *where, "--seed", asked.seed, *kernels]
    began = time.monotonic()
    subprocess.run(
        [*map(str, command), *options(asked.sampling)],
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    return time.monotonic() - began


def _timed_warm(body: Warm, asked: Input, folder: Path) -> float:
    path = asked.write(folder)
    began = time.monotonic()
    body.run(path, folder, asked.sampling, seed=asked.seed)
    return time.monotonic() - began


if __name__ == "__main__":
    given = argparse.ArgumentParser(description="Boltz-2: a command line per ligand against the warm body.")
    given.add_argument("--size", choices=boltz_cache.SIZES, default="tiny")
    given.add_argument("--accelerator", choices=["cpu", "gpu"], default="cpu")
    given.add_argument("--ligands", type=int, choices=range(1, len(SMILES) + 1), default=3)
    asked = given.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    with tempfile.TemporaryDirectory() as home, redirect_stdout(sys.stderr):
        found = measure(asked.size, asked.accelerator, asked.ligands, Path(home))
    print(json.dumps(found, indent=2))
