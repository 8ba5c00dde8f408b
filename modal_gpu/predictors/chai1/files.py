"""The input files of one run: the complex with its ligand, restraints, alignments."""

import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq

from modal_gpu.predictors.chai1.ligand import Ligand
from shared.catalogue.chai1_chains import LIGAND, Chain, padded, write_fasta
from shared.catalogue.chai1_target import COMPLEX, RESTRAINTS, read_complex

ALIGNMENT = "msa_"


class UnusableInput(Exception):
    """An input file is not what it should be."""


@dataclass(frozen=True)
class Job:
    """
    One complex to fold.

    ``chains`` are all of them, the ligand last if there is one; ``alignments`` by the names under which
    the program looks for them.
    """

    chains: tuple[Chain, ...]
    ligand: Ligand | None
    restraints: bytes | None
    alignments: Mapping[str, bytes]

    @property
    def tokens(self) -> int:
        """As far as they can be counted beforehand."""
        return sum(chain.tokens for chain in self.chains)


@dataclass(frozen=True)
class Layout:
    """Where the files of a job lie; ``output`` does not exist yet, as the program asks for."""

    fasta: Path
    restraints: Path | None
    alignments: Path | None
    output: Path


def job(
    inputs: Mapping[str, bytes], ligand: Ligand | None, *, aligned: bool, variant: str | None = None
) -> Job:
    """
    The complex of the batch with the ligand of this run; ``aligned``: each protein needs its alignment.

    ``variant`` is the sequence of the first chain in place of the batch's. The program takes a missing
    alignment for none, and one of another protein as it is.

    Raises:
        ValueError: more tokens than the program takes.
        UnusableInput: an alignment is missing or of another sequence.
    """
    chains = tuple(read_complex(inputs[COMPLEX]))
    if variant is not None:
        chains = (Chain(kind="protein", name=chains[0].name, sequence=variant), *chains[1:])
    if ligand is not None:
        chains += (Chain(kind="ligand", sequence=ligand.smiles).model_copy(update={"name": LIGAND}),)
    alignments = _alignments(inputs, chains) if aligned else {}
    found = Job(chains, ligand, inputs.get(RESTRAINTS), alignments)
    padded(found.tokens)
    return found


def _alignments(inputs: Mapping[str, bytes], chains: tuple[Chain, ...]) -> dict[str, bytes]:
    by_sequence = {_query(name, it): it for name, it in inputs.items() if name.startswith(ALIGNMENT)}
    wanted = {it.plain_sequence for it in chains if it.kind == "protein"}
    missing = sorted(wanted - set(by_sequence))
    if missing:
        raise UnusableInput(f"there is no alignment for the sequence {missing[0][:40]}")
    return {_file_name(it): by_sequence[it] for it in wanted}


def _file_name(sequence: str) -> str:
    return f"{hashlib.sha256(sequence.encode()).hexdigest()}.aligned.pqt"


def _query(name: str, content: bytes) -> str:
    """The sequence that an alignment is of: its first row, which is marked as such."""
    try:
        table = pq.read_table(io.BytesIO(content), columns=["sequence", "source_database"])
    except (OSError, ValueError, KeyError) as error:
        raise UnusableInput(f"the alignment {name} cannot be read: {error}") from error
    if table.num_rows == 0 or table["source_database"][0].as_py() != "query":
        raise UnusableInput(f"the alignment {name} does not begin with its query")
    letters = str(table["sequence"][0].as_py())
    return "".join(it for it in letters if it.isupper())


def write(job: Job, folder: Path) -> Layout:
    """Write the job into an empty folder."""
    fasta = folder / "input.fasta"
    fasta.write_text(write_fasta(job.chains))
    restraints = folder / RESTRAINTS
    if job.restraints is not None:
        restraints.write_bytes(job.restraints)
    alignments = folder / "alignments"
    for name, content in job.alignments.items():
        alignments.mkdir(exist_ok=True)
        (alignments / name).write_bytes(content)
    return Layout(
        fasta=fasta,
        restraints=restraints if job.restraints is not None else None,
        alignments=alignments if job.alignments else None,
        output=folder / "output",
    )
