"""The npm package that holds the provider's names and types, fetched once and read as a stream."""

import re
import shutil
import subprocess
import tarfile
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

from infra.proof import extract
from infra.proof.schema import Schema, Source

NAME, VERSION, PROVIDER = "@cdktf/provider-google", "16.12.1", "6.50.0"
CACHE = Path("build/proof")
_MEMBER = re.compile(r"package/lib/([\w-]+)/.*\.js")


class Unobtainable(Exception):
    """There is no npm here, or no way to the package."""


def fetch(cache: Path) -> Path:
    """
    The package's archive, 32 MB, taken from the cache if it lies there.

    Raises:
        Unobtainable: it can be had neither way.
    """
    archive = cache / f"{NAME.removeprefix('@').replace('/', '-')}-{VERSION}.tgz"
    if not archive.exists():
        npm = shutil.which("npm")
        if npm is None:
            raise Unobtainable("npm is not installed")
        cache.mkdir(parents=True, exist_ok=True)
        command = [npm, "pack", f"{NAME}@{VERSION}", "--silent", "--pack-destination", str(cache)]
        answer = subprocess.run(command, capture_output=True, text=True, timeout=300)
        if answer.returncode != 0:
            raise Unobtainable(answer.stderr.strip())
    return archive


def read(archive: Path, resources: Iterable[str], data_sources: Iterable[str]) -> Schema:
    """The facts of these types; one that the package does not have is a KeyError."""
    wanted = {it: it.removeprefix("google_").replace("_", "-") for it in resources}
    looked_up = {it: f"data-{it.replace('_', '-')}" for it in data_sources}
    files = _files(archive, {"provider", *wanted.values(), *looked_up.values()})
    return Schema(
        source=Source(package=NAME, version=VERSION, provider=PROVIDER),
        provider=extract.provider(files["provider"]),
        resources={it: extract.resource(files[folder], it) for it, folder in sorted(wanted.items())},
        data_sources={it: extract.resource(files[folder], it) for it, folder in sorted(looked_up.items())},
    )


def _files(archive: Path, folders: set[str]) -> Mapping[str, str]:
    found: dict[str, list[str]] = defaultdict(list)
    with tarfile.open(archive, "r|gz") as members:
        for member in members:
            match = _MEMBER.fullmatch(member.name)
            if match and match[1] in folders and (file := members.extractfile(member)):
                found[match[1]].append(file.read().decode())
    return {folder: "\n".join(parts) for folder, parts in found.items()}
