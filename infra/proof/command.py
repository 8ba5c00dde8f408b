"""``python -m infra.proof``: check the configuration, or read the provider's facts again."""

import argparse
import os
import sys
import tempfile
from pathlib import Path

from infra.proof import configuration, gate, package, schema
from infra.proof.terraform import ROOT, Missing


def main() -> int:
    """Print what is wrong, a line each; exit with 1 then, and with 2 if what had to be done could not be."""
    parser = argparse.ArgumentParser(prog="python -m infra.proof", description=__doc__)
    parser.add_argument("--extract", action="store_true", help="read the provider again from its npm package")
    return _extract() if parser.parse_args().extract else _check()


def _check() -> int:
    try:
        with tempfile.TemporaryDirectory() as work:
            problems = gate.problems(ROOT, Path(work))
    except Missing as why:
        print(f"the infrastructure was not checked: {why}", file=sys.stderr)
        return 2 if os.environ.get("OMTX_REQUIRE_TOOLS") == "1" else 0
    for problem in problems:
        print(problem, file=sys.stderr)
    if not problems:
        print("The infrastructure is well-formed and keeps all rules.")
    return 1 if problems else 0


def _extract() -> int:
    folder = ROOT / configuration.FOLDER
    resources, data_sources = configuration.resource_types(folder), configuration.data_source_types(folder)
    try:
        archive = package.fetch(ROOT / package.CACHE)
    except package.Unobtainable as why:
        print(why, file=sys.stderr)
        return 2
    schema.PATH.write_text(schema.dump(package.read(archive, resources, data_sources)))
    return 0
