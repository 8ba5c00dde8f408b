"""The input files of one run: the complex with its ligand, restraints, alignments, templates."""

import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from modal_gpu.predictors.chai1.ligand import Ligand
from shared.catalogue.chai1_chains import LETTERS, LIGAND, Chain, padded, write_fasta
from shared.catalogue.chai1_restraints import pocket_of
from shared.catalogue.chai1_target import COMPLEX, RESTRAINTS, read_complex
from shared.catalogue.chai1_templates import HITS, STRUCTURE
from shared.catalogue.variants import ALIGNED_NOTE, misaligned

ALIGNMENT = "msa_"


class UnusableInput(Exception):
    """An input file is not what it should be."""


@dataclass(frozen=True)
class Job:
    """
    One complex to fold.

    ``chains`` are all of them, the ligand last if there is one; ``alignments`` by the names under which
    the program looks for them, ``templates`` their table and structures. ``notes`` say what was done to
    alignments.
    """

    chains: tuple[Chain, ...]
    ligand: Ligand | None
    restraints: bytes | None
    alignments: Mapping[str, bytes]
    notes: tuple[str, ...] = ()
    templates: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def tokens(self) -> int:
        """As far as they can be counted beforehand."""
        return sum(chain.tokens for chain in self.chains)

    def pocket(self) -> list[tuple[int, int]]:
        """Chain, by its place, and residue, from 1, of each restraint that puts the ligand into a pocket."""
        if self.ligand is None or self.restraints is None:
            return []
        return pocket_of(self.restraints, LETTERS[len(self.chains) - 1])


@dataclass(frozen=True)
class Layout:
    """Where the files of a job lie; ``output`` does not exist yet, as the program asks for."""

    fasta: Path
    restraints: Path | None
    alignments: Path | None
    output: Path
    templates: Path | None = None


def job(
    inputs: Mapping[str, bytes], ligand: Ligand | None, *, aligned: bool, variant: str | None = None
) -> Job:
    """
    The complex of the batch with the ligand of this run; ``aligned``: each protein needs its alignment.

    ``variant`` is the sequence of the first chain in place of the batch's; the alignment of that serves
    it, if it is as long. The program takes a missing alignment for none, and one of another protein as it
    is.

    Raises:
        ValueError: more tokens than the program takes, or a variant that the alignment does not serve.
        UnusableInput: an alignment is missing or of another sequence, or a template is missing.
    """
    chains = tuple(read_complex(inputs[COMPLEX]))
    target = chains[0].plain_sequence
    if variant is not None:
        chains = (Chain(kind="protein", name=chains[0].name, sequence=variant), *chains[1:])
    if ligand is not None:
        chains += (Chain(kind="ligand", sequence=ligand.smiles).model_copy(update={"name": LIGAND}),)
    alignments, notes = _alignments(inputs, chains, target=target) if aligned else ({}, ())
    found = Job(chains, ligand, inputs.get(RESTRAINTS), alignments, notes, _templates(inputs))
    padded(found.tokens)
    return found


def _templates(inputs: Mapping[str, bytes]) -> dict[str, bytes]:
    """The table and every structure that it names; the program would fetch one that is missing."""
    if HITS not in inputs:
        return {}
    subjects = (row.split("\t")[1] for row in inputs[HITS].decode().splitlines())
    names = sorted({f"{it.partition('_')[0]}{STRUCTURE}" for it in subjects})
    missing = [it for it in names if it not in inputs]
    if missing:
        raise UnusableInput(f"there is no template {missing[0]}")
    return {name: inputs[name] for name in (HITS, *names)}


def _alignments(
    inputs: Mapping[str, bytes], chains: tuple[Chain, ...], *, target: str
) -> tuple[dict[str, bytes], tuple[str, ...]]:
    by_sequence = {_query(name, it): it for name, it in inputs.items() if name.startswith(ALIGNMENT)}
    first, notes = chains[0].plain_sequence, tuple[str, ...]()
    if target in by_sequence and first not in by_sequence:
        problem = misaligned(first, target)
        if problem is not None:
            raise ValueError(problem)
        by_sequence[first], notes = _with_first_row(by_sequence[target], first), (ALIGNED_NOTE,)
    wanted = {it.plain_sequence for it in chains if it.kind == "protein"}
    missing = sorted(wanted - set(by_sequence))
    if missing:
        raise UnusableInput(f"there is no alignment for the sequence {missing[0][:40]}")
    return {_file_name(it): by_sequence[it] for it in wanted}, notes


def _with_first_row(content: bytes, sequence: str) -> bytes:
    table = pq.read_table(io.BytesIO(content))
    rows = [sequence, *table["sequence"].to_pylist()[1:]]
    place, form = table.schema.get_field_index("sequence"), table.schema.field("sequence")
    written = io.BytesIO()
    pq.write_table(table.set_column(place, form, pa.array(rows, form.type)), written)
    return written.getvalue()


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
    alignments = _folder(folder / "alignments", job.alignments)
    templates = _folder(folder / "templates", job.templates)
    return Layout(
        fasta=fasta,
        restraints=restraints if job.restraints is not None else None,
        alignments=alignments,
        output=folder / "output",
        templates=templates / HITS if templates else None,
    )


def _folder(folder: Path, files: Mapping[str, bytes]) -> Path | None:
    """The folder with the files; None without any."""
    for name, content in files.items():
        folder.mkdir(exist_ok=True)
        (folder / name).write_bytes(content)
    return folder if files else None
