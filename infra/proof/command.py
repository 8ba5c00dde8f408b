"""``python -m infra.proof``: check the configuration, or read the provider's facts again."""

import argparse
import sys
import tempfile
from pathlib import Path

from infra.proof import configuration, gate, package, schema
from infra.proof.terraform import ROOT


def main() -> int:
    """Print what is wrong, a line each; exit with 1 if anything is, with 2 if it could not be checked."""
    parser = argparse.ArgumentParser(prog="python -m infra.proof", description=__doc__)
    parser.add_argument("--extract", action="store_true", help="read the provider again from its npm package")
    if parser.parse_args().extract:
        return _extract()
    with tempfile.TemporaryDirectory() as work:
        problems = gate.problems(ROOT, Path(work))
    for problem in problems:
        print(problem, file=sys.stderr)
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
