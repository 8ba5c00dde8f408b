"""
Stand-ins for the three programs of RFantibody, for tests alone: they compute nothing.

Run as ``rfantibody_trio.py PROGRAM ARGUMENTS…`` they take the programs' own options and leave the files that
the programs leave, in their form and with their habits: hotspots that match nothing are passed over, a
design that fails is marked as done and the exit status is 0, a tag cannot be written twice, the working
folder is RFANTIBODY_ROOT. What goes wrong is told by ``faults.json`` beside the programs. They use the
standard library only.
"""

import argparse
import hashlib
import json
import os
import random
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

AMINO_ACIDS = (
    *("ALA", "ARG", "ASN", "ASP", "GLN", "GLU", "GLY", "HIS", "ILE", "LEU"),
    *("LYS", "MET", "PHE", "PRO", "SER", "THR", "TRP", "TYR", "VAL"),
)
BACKBONE = (("N", -1.0, 0.0), ("CA", 0.0, 0.5), ("C", 1.0, 0.0), ("O", 1.2, -1.0))
Residue = tuple[str, str, str]
"""Chain, name, and the loop that it belongs to, if any."""


def main() -> int:
    """One program, as its console script would run it."""
    name, *given = sys.argv[1:]
    source = Path(os.environ["RFANTIBODY_SCRIPTS"]).parent
    path = source / "faults.json"
    faults = json.loads(path.read_text()).get(name, {}) if path.exists() else {}
    options = {"rfdiffusion": _rfdiffusion_options, "proteinmpnn": _mpnn_options, "rf2": _rf2_options}
    arguments = options[name]().parse_args(given)
    for key, value in vars(arguments).items():
        if isinstance(value, Path):
            setattr(arguments, key, value.resolve())
    os.chdir(os.environ["RFANTIBODY_ROOT"])
    _note(source, name, given)
    _misbehave(faults)
    {"rfdiffusion": rfdiffusion, "proteinmpnn": proteinmpnn, "rf2": rf2}[name](arguments, faults)
    return 0


def _note(source: Path, name: str, given: list[str]) -> None:
    """What was called how, for tests to look at."""
    seen = {"program": name, "arguments": given, "cwd": os.getcwd(), "environment": dict(os.environ)}
    with (source / "calls.jsonl").open("a") as out:
        out.write(json.dumps(seen) + "\n")


def _misbehave(faults: dict[str, Any]) -> None:
    if "hang" in faults:
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        Path(faults["hang"]).write_text(f"{os.getpid()} {child.pid}")
        time.sleep(600)
    if "says" in faults:
        print(faults["says"], file=sys.stderr, flush=True)
    if "signal" in faults:
        os.kill(os.getpid(), faults["signal"])
    if "status" in faults and "after" not in faults:
        sys.exit(faults["status"])


# --- Quiver files


def add(quiver: Path, tag: str, lines: list[str], scores: str | None = None) -> None:
    """Append an entry, or refuse a tag that is there."""
    if tag in tags(quiver):
        raise ValueError(f"Tag {tag} already exists in this file.")
    with quiver.open("a") as out:
        out.write(f"QV_TAG {tag}\n")
        if scores is not None:
            out.write(f"QV_SCORE {tag} {scores}\n")
        out.writelines(lines)


def tags(quiver: Path) -> list[str]:
    """Every tag of a file, which need not be there yet."""
    if not quiver.exists():
        return []
    return [line.split()[1] for line in quiver.read_text().splitlines() if line.startswith("QV_TAG ")]


def entries(quiver: Path) -> Iterator[tuple[str, list[str]]]:
    """Tag and PDB lines of every entry."""
    for part in quiver.read_text().split("QV_TAG ")[1:]:
        tag, *lines = part.splitlines()
        yield tag.strip(), [line for line in lines if not line.startswith("QV_SCORE")]


# --- PDB lines


def residues_of(lines: list[str]) -> list[Residue]:
    """The residues, with the loops that remarks number from 1 over the whole file."""
    found = [(line[21], line[17:20]) for line in lines if line[:4] == "ATOM" and line[12:16].strip() == "CA"]
    labels = {}
    for line in lines:
        if line.startswith("REMARK PDBinfo-LABEL"):
            labels[int(line[21:26])] = line[27:29]
    return [(chain, name, labels.get(place, "")) for place, (chain, name) in enumerate(found, start=1)]


def pdb_lines(residues: list[Residue], *, side_chains: bool = False, bfactors: bool = False) -> list[str]:
    """Atoms numbered from 1 over all chains, TER, then the labels."""
    lines: list[str] = []
    for place, (chain, name, loop) in enumerate(residues, start=1):
        atoms = [*BACKBONE, *([("CB", 0.0, 2.0), ("1HB", 0.5, 2.5)] if side_chains and name != "GLY" else [])]
        for atom, dx, dy in atoms:
            lines.append(
                _atom(len(lines) + 1, atom, name, chain, place, dx, dy, 1.0 * (bfactors and not loop))
            )
    lines.append("TER\n")
    named = [(place, loop) for place, (_, _, loop) in enumerate(residues, start=1) if loop]
    return lines + [f"REMARK PDBinfo-LABEL:{place:5d} {loop}\n" for place, loop in named]


def _atom(serial: int, atom: str, name: str, chain: str, place: int, dx: float, dy: float, b: float) -> str:
    padded = atom if len(atom) == 4 or atom[0].isdigit() else f" {atom}"
    return (
        f"ATOM  {serial:5d} {padded:<4} {name} {chain}{place:4d}    "
        f"{place * 3.0 + dx:8.3f}{dy:8.3f}{0.0:8.3f}{1.0:6.2f}{b:6.2f}\n"
    )


# --- RFdiffusion


def _rfdiffusion_options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--target", "-t", type=Path, required=True)
    parser.add_argument("--framework", "-f", type=Path, required=True)
    parser.add_argument("--output", "-o", type=Path)
    parser.add_argument("--output-quiver", "-q", type=Path)
    parser.add_argument("--num-designs", "-n", type=int, default=10)
    parser.add_argument("--design-loops", "-l", default="H1:,H2:,H3:,L1:,L2:,L3:")
    parser.add_argument("--hotspots", "-h")
    parser.add_argument("--diffuser-t", type=int, default=50)
    parser.add_argument("--final-step", type=int, default=1)
    parser.add_argument("--deterministic", action="store_true")
    parser.add_argument("--no-trajectory", action="store_true")
    parser.add_argument("--extra", "-e", action="append", default=[])
    return parser


def rfdiffusion(arguments: argparse.Namespace, faults: dict[str, Any]) -> None:
    """Backbones with loops of glycine; the loop lengths follow from the number of the design."""
    framework = residues_of(arguments.framework.read_text().splitlines())
    target = _target(arguments.target)
    overrides = dict(it.split("=", 1) for it in arguments.extra)
    start = int(overrides["inference.design_startnum"])
    near = any(
        spot in {f"{chain}{number}" for chain, number, _ in target} for spot in arguments.hotspots.split(",")
    )
    for place, number in enumerate(range(start, start + arguments.num_designs)):
        _stop_after(faults, place)
        if place in faults.get("skips", []):
            continue
        drawn = random.Random(number)
        loops = dict(_length(part, drawn) for part in arguments.design_loops.split(","))
        antibody = _with_loops(framework, loops)
        residues = [*antibody, *(("T", name, "") for _, _, name in target)]
        mindist = "nan" if place in faults.get("nan", []) else f"{drawn.uniform(3, 12):.2f}"
        scores = f"mindist={mindist}|averagemin={mindist}" if near and "no_mindist" not in faults else None
        lines = pdb_lines(residues, bfactors=True)
        add(arguments.output_quiver, f"samples_design_{number}", lines, scores)
        if place in faults.get("strangers", []):
            add(arguments.output_quiver, f"samples_design_{number + 1_000_000}", lines, scores)


def _target(path: Path) -> list[tuple[str, int, str]]:
    lines = [
        line for line in path.read_text().splitlines() if line[:4] == "ATOM" and line[12:16].strip() == "CA"
    ]
    return [(line[21], int(line[22:26]), line[17:20]) for line in lines]


def _length(part: str, drawn: random.Random) -> tuple[str, int | None]:
    name, _, lengths = part.partition(":")
    if not lengths:
        return name, None
    least, _, most = lengths.partition("-")
    return name, drawn.randint(int(least), int(most or least))


def _with_loops(framework: list[Residue], loops: dict[str, int | None]) -> list[Residue]:
    found: list[Residue] = []
    done: set[str] = set()
    for chain, name, loop in framework:
        if loop not in loops:
            found.append((chain, name, ""))
        elif loop not in done:
            done.add(loop)
            own = sum(it[2] == loop for it in framework)
            found += [(chain, "GLY", loop)] * (loops[loop] or own)
    if done != set(loops):
        sys.exit("Diffusion regions not found")
    return found


def _stop_after(faults: dict[str, Any], place: int) -> None:
    if faults.get("after") == place:
        sys.exit(faults["status"])


# --- ProteinMPNN


def _mpnn_options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser()
    parser.add_argument("--input-quiver", "-q", type=Path)
    parser.add_argument("--output-quiver", type=Path)
    parser.add_argument("--loops", "-l", default="H1,H2,H3,L1,L2,L3")
    parser.add_argument("--seqs-per-struct", "-n", type=int, default=1)
    parser.add_argument("--temperature", "-t", type=float, default=0.1)
    parser.add_argument("--omit-aas", default="CX")
    parser.add_argument("--deterministic", action="store_true")
    parser.add_argument("--debug", action="store_true")
    return parser


def proteinmpnn(arguments: argparse.Namespace, faults: dict[str, Any]) -> None:
    """Loop sequences that follow from the tag; check.point in the working folder says what is done."""
    point = Path("check.point")
    done = set(point.read_text().split()) if point.exists() else set()
    for place, (tag, lines) in enumerate(entries(arguments.input_quiver)):
        if tag in done:
            print(f"{tag} has already been processed. Skipping")
            continue
        try:
            _design(arguments, faults, place, tag, lines)
        except KeyError as error:
            if arguments.debug:
                raise
            print(f"Struct with tag {tag} failed in 0 seconds with error: {type(error)}")
        with point.open("a") as out:
            out.write(f"{tag}\n")


def _design(
    arguments: argparse.Namespace, faults: dict[str, Any], place: int, tag: str, lines: list[str]
) -> None:
    temporary = Path("temp.pdb")
    if temporary.exists():
        raise RuntimeError("another run uses this folder")
    temporary.write_text("".join(f"{line}\n" for line in lines))
    temporary.unlink()
    if place in faults.get("fails", []):
        raise KeyError("XYZ")
    for number in range(arguments.seqs_per_struct):
        drawn = random.Random(f"{tag}{number}")
        designed = [
            (chain, _designed(name, loop, arguments.loops.split(","), faults, drawn), loop)
            for chain, name, loop in residues_of(lines)
        ]
        if place in faults.get("unknown", []):
            designed[0] = ("H", "UNK", "")
        add(arguments.output_quiver, f"{tag}_dldesign_{number}", pdb_lines(designed))


def _designed(name: str, loop: str, loops: list[str], faults: dict[str, Any], drawn: random.Random) -> str:
    return drawn.choice(AMINO_ACIDS) if loop in loops and "glycine" not in faults else name


# --- RF2


def _rf2_options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser()
    parser.add_argument("--input-quiver", "-q", type=Path)
    parser.add_argument("--output-dir", "-o", type=Path)
    parser.add_argument("--num-recycles", "-r", type=int, default=10)
    parser.add_argument("--seed", "-s", type=int)
    parser.add_argument("--hotspot-show-prop", type=float, default=0.1)
    return parser


def rf2(arguments: argparse.Namespace, faults: dict[str, Any]) -> None:
    """Predictions with scores that follow from tag and seed; of loops that there are not, they are nan."""
    weights = Path(os.environ["RFANTIBODY_WEIGHTS"]) / "RF2_ab.pt"
    if not weights.exists():
        print(f"ERROR: model weights {weights} not found\nERROR: failed to load model")
        return
    arguments.output_dir.mkdir(parents=True, exist_ok=True)
    for place, (tag, lines) in enumerate(entries(arguments.input_quiver)):
        _stop_after(faults, place)
        if place in faults.get("skips", []):
            continue
        residues = residues_of(lines)
        if place in faults.get("other_antibody", []):
            residues[0] = ("H", "TRP" if residues[0][1] != "TRP" else "GLY", "")
        if place in faults.get("other_target", []):
            residues = residues[:-1]
        scores = _scores(tag, arguments.seed, residues)
        scores |= {"interaction_pae": float("nan")} if place in faults.get("nan", []) else {}
        scores |= faults.get("scores", {}).get(re.sub(r".*_design_", "", tag), {})
        out = arguments.output_dir / f"{tag}_best.pdb"
        if out.exists():
            print(f"Skipping {tag} as output already exists")
            continue
        text = [f"SCORE {name}: {value:.2f}\n" for name, value in scores.items()]
        out.write_text("".join([*pdb_lines(residues, side_chains=True), *text]))


def _scores(tag: str, seed: int, residues: list[Residue]) -> dict[str, float]:
    drawn = random.Random(hashlib.sha256(f"{tag} {seed}".encode()).hexdigest())
    loops = {loop for _, _, loop in residues}
    scores = {
        "interaction_pae": drawn.uniform(4, 25),
        "pae": drawn.uniform(3, 15),
        "pred_lddt": drawn.random(),
    }
    for alignment in ("target", "framework"):
        for part in ("antibody", "cdr"):
            scores[f"{alignment}_aligned_{part}_rmsd"] = drawn.uniform(0.5, 30)
    for loop in ("H1", "H2", "H3", "L1", "L2", "L3"):
        scores[f"framework_aligned_{loop}_rmsd"] = drawn.uniform(0.3, 4) if loop in loops else float("nan")
    return scores


if __name__ == "__main__":
    sys.exit(main())
