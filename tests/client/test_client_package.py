"""The client as a package of its own."""

import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

CLIENT = Path(__file__).resolve().parents[2] / "client"
LOADED = "import {}, sys, json; print(json.dumps([it.partition('.')[0] for it in sys.modules]))"


def loaded(packages: str) -> set[str]:
    """What a process has loaded that imports these."""
    arguments = [sys.executable, "-c", LOADED.format(packages)]
    said = subprocess.run(arguments, cwd=CLIENT, capture_output=True, text=True, check=True, timeout=60)
    return set(json.loads(said.stdout))


def test_the_client_loads_httpx_and_pydantic_and_nothing_else() -> None:
    more = loaded("omtx") - loaded("httpx, pydantic, annotated_types") - sys.stdlib_module_names
    assert {it for it in more if not it.startswith("_")} == {"omtx"}


def test_it_is_built_alone_with_its_types(tmp_path: Path) -> None:
    shutil.copytree(CLIENT, tmp_path / "client", ignore=shutil.ignore_patterns("__pycache__"))
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", "wheel"]
    options = ["--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", str(tmp_path)]
    subprocess.run([*pip, *options, str(tmp_path / "client")], check=True, capture_output=True, timeout=120)
    [wheel] = tmp_path.glob("omtx-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        about = archive.read(next(it for it in names if it.endswith("METADATA"))).decode()
    modules = {f"omtx/{it.name}" for it in (CLIENT / "omtx").iterdir() if it.is_file()}
    assert modules <= names
    assert "omtx/py.typed" in modules
    assert {
        line for line in about.splitlines() if line.startswith("Requires-Dist") and "extra" not in line
    } == {
        "Requires-Dist: httpx>=0.27",
        "Requires-Dist: pydantic>=2.7",
    }
