"""Submitting a large file: uploaded, read as a stream, checked row by row, stored in chunks."""

import time
from pathlib import Path
from typing import Any

from bench.library import smiles
from bench.screens import peak_mib, server


def run(rows: int, folder: Path) -> dict[str, Any]:
    """``seconds`` from the request to its answer; ``peak_mib`` of the server; the file is a CSV."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "library.csv"
    with path.open("w") as file:
        file.write("name,smiles,supplier\n")
        file.writelines(f"molecule-{n},{smiles(n)},S{n % 7}\n" for n in range(rows))
    with server(folder / "home", workers=1) as (client, pid):
        before = peak_mib(pid)
        offer = client.post("/api/v3/libraries", json={"file_name": path.name}).json()
        with path.open("rb") as file:
            client.put(offer["upload_url"], content=file).raise_for_status()
        began = time.monotonic()
        answer = client.post("/api/v3/batches/submit", json=_order(offer["library_uri"]))
        seconds = time.monotonic() - began
        answer.raise_for_status()
        peak = peak_mib(pid)
    accounting = answer.json()["accounting"]
    return {
        "rows": rows,
        "file_mib": path.stat().st_size / 1024**2,
        "valid": rows - accounting["invalid"],
        "seconds": seconds,
        "rows_per_second": rows / seconds,
        "peak_mib": peak,
        "peak_before_mib": before,
        "goal_mib": 512,
    }


def _order(uri: str) -> dict[str, Any]:
    return {
        "job_name": "a large library",
        "protein_name": "none",
        "model_name": "noop",
        "library": {"uri": uri},
    }
