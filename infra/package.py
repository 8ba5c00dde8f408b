"""
``python -m infra.package``: the archive of each function of the topology, for the cloud to build from.

An archive is a function of its sources alone: the same sources give the same bytes wherever and whenever
they are packed, so its hash says whether a function changed. Its paths are those of the repository; only
``main.py`` at its root is written here, as the platform looks for one there.
"""

import argparse
import hashlib
import io
import json
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

from shared import topology
from shared.topology import Topology

ROOT = topology.PATH.parents[1]
BUILD = Path("build/functions")
# A zip cannot hold an earlier time.
EPOCH = (1980, 1, 1, 0, 0, 0)
MAINS = {
    "function": "from services.{name}.main import {entry_point}  # noqa: F401\n",
    # The framework has no entry for a whole application; but what its function answers it calls as one.
    "asgi": """\
from functions_framework import aio

from services.{name}.main import {entry_point} as application


@aio.http
async def {entry_point}(request: object) -> object:
    return application
""",
}
UNIX, READABLE_FILE = 3, 0o100644 << 16


def archive(name: str, root: Path = ROOT) -> bytes:
    """
    The zip of one function of the checkout at ``root``.

    Nothing is compressed: deflated bytes depend on the library that deflates.
    """
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as packed:
        for path, content in sorted(_contents(name, root)):
            entry = zipfile.ZipInfo(path, EPOCH)
            entry.create_system, entry.external_attr = UNIX, READABLE_FILE
            packed.writestr(entry, content)
    return target.getvalue()


def unpacked(name: str, folder: Path, root: Path = ROOT) -> Path:
    """Lay the archive of a function out in ``folder``, as the platform does."""
    with zipfile.ZipFile(io.BytesIO(archive(name, root))) as packed:
        packed.extractall(folder)
    return folder


def _contents(name: str, root: Path) -> Iterator[tuple[str, bytes]]:
    """What goes in, as paths in the archive and bytes: what the function may import, and what that reads."""
    table = Topology.model_validate_json((root / "services" / "topology.json").read_bytes())
    function = table.functions[name]
    yield "main.py", MAINS[function.interface].format(name=name, entry_point=function.entry_point).encode()
    yield "requirements.txt", (root / "services" / name / "requirements.txt").read_bytes()
    for path in _sources(name, root):
        yield path.relative_to(root).as_posix(), path.read_bytes()


def _sources(name: str, root: Path) -> Iterator[Path]:
    yield from (root / "shared").rglob("*.py")
    yield from (root / "shared" / "catalogue").rglob("*.yaml")
    yield root / "services" / "__init__.py"
    yield root / "services" / "topology.json"
    yield from (root / "services" / name).rglob("*.py")
    yield from (root / "services" / name).glob("*.json")


def main() -> int:
    """Write every archive and print a JSON list of their names, paths, sizes and hashes."""
    parser = argparse.ArgumentParser(prog="python -m infra.package", description="package every function")
    parser.add_argument("--out", type=Path, default=BUILD, help=f"where to, {BUILD} if not given")
    folder: Path = parser.parse_args().out
    folder.mkdir(parents=True, exist_ok=True)
    packed = [_written(name, folder) for name in sorted(topology.topology().functions)]
    print(json.dumps(packed, indent=2))
    return 0


def _written(name: str, folder: Path) -> dict[str, object]:
    path, content = folder / f"{name}.zip", archive(name)
    path.write_bytes(content)
    return {
        "name": name,
        "path": str(path),
        "size": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }


if __name__ == "__main__":
    sys.exit(main())
