"""The complex that every run of a batch predicts, without its ligand: checked and written at submit."""

from collections.abc import Callable
from functools import partial

from pydantic import BaseModel, ValidationError
from rdkit import Chem

from shared.catalogue.chai1_chains import (
    MOST_CHAINS,
    MOST_TOKENS,
    Chain,
    numbered,
    padded,
    read_fasta,
    write_fasta,
)
from shared.catalogue.chai1_parameters import Chai1Parameters
from shared.catalogue.chai1_restraints import write_restraints
from shared.catalogue.chai1_templates import HITS, Unusable, write_template
from shared.catalogue.preparing import Prepared, Target
from shared.catalogue.variants import TASK as VARIANTS
from shared.catalogue.variants import judged
from shared.chemistry.effort import ligand_of
from shared.chemistry.fragments import by_size
from shared.errors import FieldError, InvalidInput
from shared.models.batch import LibraryRow

COMPLEX, RESTRAINTS = "complex.fasta", "restraints.csv"
"""The input files of every run."""


def prepare(parameters: BaseModel, target: Target) -> Prepared:
    """
    Complex, restraints and templates as input files, the parameters without them, the alignments to search.

    Raises:
        InvalidInput: the complex is described twice or not at all, has more chains or tokens than the
            program takes, a restraint names what is not there, or a template resembles no chain.
    """
    assert isinstance(parameters, Chai1Parameters)
    chains, field = _complex(parameters, target)
    if target.task_type == VARIANTS and chains[0].kind != "protein":
        raise _refusal(field, "the first chain must be the protein whose variants are compared")
    tokens = _tokens(chains, field)
    inputs = {COMPLEX: write_fasta(chains).encode()}
    if parameters.restraints:
        inputs[RESTRAINTS] = _restraints(parameters, chains)
    inputs |= _templates(parameters, chains)
    proteins = dict.fromkeys(it.plain_sequence for it in chains if it.kind == "protein")
    wanted = proteins if parameters.use_msa else {}
    return Prepared(
        parameters.model_copy(update={"fasta": None, "chains": (), "restraints": (), "templates": ()}),
        inputs,
        {"complex": _described(chains), "tokens": _size(tokens)},
        {f"msa_{number}.pqt": sequence for number, sequence in enumerate(wanted, start=1)},
        judge=_judge(target.task_type, chains[0], tokens, aligned=parameters.use_msa),
    )


def _judge(
    task: str, first: Chain, tokens: int, *, aligned: bool
) -> Callable[[LibraryRow], LibraryRow | str]:
    if task != VARIANTS:
        return partial(_judged, tokens=tokens)
    return partial(_judged_variant, first=first, others=tokens - first.tokens, aligned=aligned)


def _judged_variant(row: LibraryRow, *, first: Chain, others: int, aligned: bool) -> LibraryRow | str:
    residues = len(str(row.item["sequence"]))
    if residues + others > MOST_TOKENS:
        return (
            f"The variant has {residues} residues; Chai-1 takes {MOST_TOKENS} residues and atoms together, "
            f"of which the other chains have {others}."
        )
    return judged(row, first.plain_sequence) if aligned else row


def _judged(row: LibraryRow, *, tokens: int) -> LibraryRow | str:
    """The row, with what its chemist should know; or why it cannot be folded."""
    molecule = Chem.MolFromSmiles(row.canonical_smiles)
    atoms = by_size(molecule)[0].GetNumHeavyAtoms()
    if tokens + atoms > MOST_TOKENS:
        return (
            f"The ligand has {atoms} heavy atoms; Chai-1 takes {MOST_TOKENS} residues and atoms together, "
            f"of which the target has {tokens}."
        )
    if row.fragments > 1:
        return row.model_copy(update={"warnings": (*row.warnings, "Only the largest fragment is folded.")})
    return row


def _complex(parameters: Chai1Parameters, target: Target) -> tuple[list[Chain], str]:
    """All chains but the ligand, each copy by itself, and the field that describes them."""
    if parameters.fasta is not None:
        if target.sequence is not None:
            raise _refusal(
                "parameters.fasta", "give the target either as 'protein_sequence' or in 'parameters.fasta'"
            )
        return _numbered(read_fasta(parameters.fasta), "parameters.fasta")
    if target.sequence is None:
        raise _refusal("protein_sequence", "chai1 needs the target's sequence, or 'parameters.fasta'")
    first = Chain(kind="protein", sequence=target.sequence, name="target")
    field = "parameters.chains" if parameters.chains else "protein_sequence"
    return _numbered([first, *parameters.chains], field)


def _numbered(chains: list[Chain], field: str) -> tuple[list[Chain], str]:
    found = list(numbered(chains))
    if len(found) >= MOST_CHAINS:
        raise _refusal(field, f"{len(found)} chains and a ligand; at most {MOST_CHAINS} are accepted")
    names = [it.name for it in found]
    twice = sorted({str(name) for name in names if names.count(name) > 1})
    if twice:
        raise _refusal(field, f"two chains have the same name: {', '.join(twice)}")
    return found, field


def _tokens(chains: list[Chain], field: str) -> int:
    try:
        for molecule in (it.sequence for it in chains if it.kind == "ligand"):
            ligand_of(molecule)
    except ValueError as error:
        raise _refusal(field, str(error)) from error
    tokens = sum(it.tokens for it in chains)
    if tokens >= MOST_TOKENS:
        raise _refusal(field, f"the complex has {tokens} tokens; with its ligand at most {MOST_TOKENS} fit")
    return tokens


def _restraints(parameters: Chai1Parameters, chains: list[Chain]) -> bytes:
    try:
        return write_restraints(parameters.restraints, chains).encode()
    except ValueError as error:
        raise _refusal("parameters.restraints", str(error)) from error


def _templates(parameters: Chai1Parameters, chains: list[Chain]) -> dict[str, bytes]:
    """The table of hits and the structures that it names; nothing without templates."""
    rows, found = "", dict[str, bytes]()
    for place, template in enumerate(parameters.templates):
        try:
            further, files = write_template(place + 1, template, chains)
        except Unusable as error:
            raise _refusal(f"parameters.templates.{place}.{error.part}", str(error)) from error
        rows, found = rows + further, found | files
    return {HITS: rows.encode(), **found} if found else {}


def _described(chains: list[Chain]) -> str:
    return ", ".join(f"{it.name} ({it.kind}, {it.tokens} tokens)" for it in chains)


def _size(tokens: int) -> str:
    room = MOST_TOKENS - tokens
    return (
        f"{tokens} without the ligand, which may have {room} heavy atoms; with 30 of them the network is run "
        f"in the size {padded(min(tokens + 30, MOST_TOKENS))}"
    )


def read_complex(text: bytes) -> list[Chain]:
    """
    The chains of the input file that ``prepare`` wrote.

    Raises:
        ValueError: it is not such a file.
    """
    try:
        return read_fasta(text.decode())
    except (ValidationError, UnicodeDecodeError) as error:
        raise ValueError(f"the complex cannot be read: {error}") from error


def _refusal(field: str, message: str) -> InvalidInput:
    return InvalidInput(message, [FieldError(field, message)])
