"""The sample screen against a loop of the plain Vina command line over the same prepared files."""

import csv
import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx

from bench.screens import finished, server
from modal_gpu.predictors.vina.dock import Search, command_line_files
from modal_gpu.predictors.vina.ligand import prepare_ligand
from modal_gpu.predictors.vina.receptor import Receptor, prepare_receptor
from shared.chemistry.box import Box
from shared.chemistry.structure import read_structure

SAMPLE = Path(__file__).resolve().parents[1] / "examples" / "t4l_l99a"
PARAMETERS = {"exhaustiveness": 8, "runs": 1}
WARM_UP = [{"smiles": smiles} for smiles in ("Cc1ccccc1", "Clc1ccccc1", "CCc1ccccc1", "Cc1ccccc1C")]


def run(folder: Path, *, cores: int = 2) -> dict[str, Any] | None:
    """
    Ligands per minute of both, on as many cores; None without the program ``vina``.

    Ours is the whole chain on workers that have loaded their programs, from the submission to the last
    outcome: preparation, maps, search, checks and files. Theirs begins with prepared files and ends with
    the poses.
    """
    program = shutil.which(os.environ.get("OMTX_VINA", "vina"))
    if program is None:
        return None
    with (SAMPLE / "ligands.csv").open(newline="") as table:
        ligands = {row["name"]: row["smiles"] for row in csv.DictReader(table)}
    results, ours = _ours(folder / "ours", cores)
    theirs = _theirs(program, folder / "theirs", ligands, results, cores)
    rates = {"ours": 60 * len(ligands) / ours, "command_line": 60 * len(ligands) / theirs}
    return {
        "ligands": len(ligands),
        "cores": cores,
        **PARAMETERS,
        "program": subprocess.run([program, "--version"], capture_output=True, text=True).stdout.strip(),
        "ligands_per_minute": rates,
        "ratio": rates["ours"] / rates["command_line"],
        "goal": 1.1,
    }


def _ours(home: Path, cores: int) -> tuple[dict[str, dict[str, Any]], float]:
    """The results by ligand, and the seconds from the submission to the last outcome."""
    with server(home, cores) as (client, _):
        _screen(client, _order() | {"ligands": WARM_UP, "library": None, "seed": 1})
        began = time.time()
        status = _screen(client, _order())
        seconds = datetime.fromisoformat(status["updated_at"]).timestamp() - began
        return dict(_results(client, status["batch_id"])), seconds


def _screen(client: httpx.Client, order: dict[str, Any]) -> dict[str, Any]:
    """The finished screen."""
    answer = client.post("/api/v3/batches/submit", json=order)
    answer.raise_for_status()
    return finished(client, answer.json()["batch_id"])


def _order() -> dict[str, Any]:
    box = json.loads((SAMPLE / "box.json").read_text())
    return {
        "job_name": "benchmark",
        "protein_name": "T4 lysozyme L99A",
        "protein_structure": (SAMPLE / "receptor.pdb").read_text(),
        "library": {"format": "csv", "content": (SAMPLE / "ligands.csv").read_text()},
        "model_name": "vina",
        "parameters": PARAMETERS | {"box": {"center": box["center"], "size": box["size"]}},
    }


def _results(client: httpx.Client, batch_id: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for row in client.get(f"/api/v3/batches/{batch_id}/results").json()["results"]:
        yield row["ligand_name"], client.get(f"/api/jobs/{row['job_id']}/download/json").json()


def _theirs(
    program: str, folder: Path, ligands: dict[str, str], results: dict[str, dict[str, Any]], cores: int
) -> float:
    """Seconds of the loop; what is prepared beforehand does not count."""
    receptor = prepare_receptor(read_structure((SAMPLE / "receptor.pdb").read_bytes()))
    box = Box.model_validate(_order()["parameters"]["box"])
    for name, smiles in ligands.items():
        _prepare(folder / name, smiles, receptor, box, results[name])
    began = time.monotonic()
    for name in ligands:
        command = [program, "--config", "vina.txt", "--cpu", str(cores)]
        subprocess.run(command, cwd=folder / name, check=True, capture_output=True)
    return time.monotonic() - began


def _prepare(folder: Path, smiles: str, receptor: Receptor, box: Box, result: dict[str, Any]) -> None:
    """The files of one ligand, prepared under the seeds with which we docked it."""
    folder.mkdir(parents=True)
    ligand = prepare_ligand(smiles, seed=result["seed"])
    search = Search(
        seed=result["details"]["runs"][0]["seed"],
        exhaustiveness=PARAMETERS["exhaustiveness"],
        n_poses=9,
        energy_range=3.0,
        min_rmsd=1.0,
    )
    for name, content in command_line_files(receptor.pdbqt, ligand.pdbqt, box, search).items():
        lines = content.splitlines(keepends=True)
        (folder / name).write_text("".join(line for line in lines if not line.startswith("cpu")))
