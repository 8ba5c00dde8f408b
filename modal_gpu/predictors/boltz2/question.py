"""What one run asks Boltz-2: the complex of the batch, with this ligand or this variant of the target."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pydantic import ValidationError

from modal_gpu.predictors.base import PredictionFailed, Question
from modal_gpu.predictors.boltz2.sampling import Sampling
from shared.catalogue.boltz2_chains import ALPHABETS
from shared.catalogue.boltz2_input import NAME, Complex
from shared.catalogue.boltz2_ligands import written
from shared.catalogue.boltz2_parameters import Boltz2Parameters
from shared.catalogue.variants import ALIGNED_NOTE, misaligned
from shared.chemistry.smiles import read_ligand
from shared.models.work import FailureClass

TARGET = "A"


@dataclass(frozen=True)
class Asked:
    """
    One complex to predict.

    ``ligand`` is the SMILES that the model is given, None without a ligand; ``removed`` are the
    fragments that were left out of it. ``files`` holds alignments and templates by name. ``notes`` say
    what was done beside.
    """

    complex: Complex
    ligand: str | None
    removed: tuple[str, ...]
    affinity: bool
    files: Mapping[str, bytes]
    notes: tuple[str, ...] = ()

    @property
    def chains(self) -> tuple[str, ...]:
        """The ids of all chains, in the order in which the model counts them."""
        return tuple(self._chains())

    def is_ligand(self, smiles: str | None, ccd: str | None) -> bool:
        """Whether a cofactor is written just as the ligand, and so is the same entity to the model."""
        if self.ligand is None:
            return False
        return ccd == self.complex.ligand_ccd if self.complex.ligand_ccd else smiles == self.ligand

    def _chains(self) -> Iterator[str]:
        for polymer in self.complex.polymers:
            yield from polymer.ids
        last = self.ligand is not None
        for molecule in self.complex.molecules:
            yield from molecule.ids
            if self.is_ligand(molecule.smiles, molecule.ccd):
                yield self.complex.ligand
                last = False
        if last:
            yield self.complex.ligand


def asked(question: Question, parameters: Boltz2Parameters) -> Asked:
    """
    What the question asks.

    Raises:
        PredictionFailed: invalid_input for what cannot be asked, infrastructure for a file that is missing.
    """
    whole = _complex(question)
    ligand, removed = None, tuple[str, ...]()
    affinity = bool(parameters.affinity) and bool(question.smiles)
    if question.smiles:
        ligand, removed = _ligand(question.smiles, affinity=affinity)
    files = {name: content for name, content in question.inputs.items() if name != NAME}
    notes: tuple[str, ...] = ()
    variant = question.item.get("sequence")
    if variant is not None:
        whole, files, notes = _with_variant(whole, files, str(variant).upper())
    _check_files(whole, files)
    return Asked(whole, ligand, removed, affinity, files, notes)


def parameters_of(question: Question) -> Boltz2Parameters:
    """The parameters, as they were settled at submit."""
    try:
        return Boltz2Parameters.model_validate(dict(question.parameters))
    except ValidationError as error:
        raise _invalid(f"the parameters are invalid: {error.errors()[0]['msg']}") from error


def sampling_of(parameters: Boltz2Parameters) -> Sampling:
    """How the model is to sample."""
    return Sampling(**{name: getattr(parameters, name) for name in Sampling.__dataclass_fields__})


def _complex(question: Question) -> Complex:
    content = question.inputs.get(NAME)
    if content is None:
        raise PredictionFailed(FailureClass.INFRASTRUCTURE, f"the order has no {NAME}")
    try:
        return Complex.model_validate_json(content)
    except ValidationError as error:
        raise _invalid(f"{NAME} cannot be read: {error.errors()[0]['msg']}") from error


def _ligand(smiles: str, *, affinity: bool) -> tuple[str, tuple[str, ...]]:
    try:
        return written(read_ligand(smiles).smiles, affinity=affinity)
    except ValueError as error:
        raise _invalid(str(error)) from error


def _with_variant(
    whole: Complex, files: Mapping[str, bytes], sequence: str
) -> tuple[Complex, dict[str, bytes], tuple[str, ...]]:
    """
    The complex with another sequence in place of the target's.

    The alignment of the target serves a variant of the same length, with the variant as its first row.
    """
    target = whole.polymer(TARGET)
    assert target is not None, "every complex has its target"
    wrong = sorted(set(sequence) - ALPHABETS[target.kind])
    if wrong or not sequence:
        raise _invalid(f"the variant has letters that are no residues: {', '.join(wrong) or 'none at all'}")
    if any(it.position > len(sequence) for it in target.modifications):
        raise _invalid("the variant is too short for the modified residues of the target")
    found, notes = dict(files), tuple[str, ...]()
    if target.msa is not None and target.msa in files and sequence != target.sequence:
        problem = misaligned(sequence, target.sequence)
        if problem is not None:
            raise _invalid(problem)
        found[target.msa] = _with_first_row(files[target.msa], sequence)
        notes = (ALIGNED_NOTE,)
    other = target.model_copy(update={"sequence": sequence})
    polymers = tuple(other if it == target else it for it in whole.polymers)
    return whole.model_copy(update={"polymers": polymers}), found, notes


def _with_first_row(content: bytes, sequence: str) -> bytes:
    head, first, *rest = content.split(b"\n")
    key = first.partition(b",")[0]
    return b"\n".join([head, key + b"," + sequence.encode(), *rest])


def _check_files(whole: Complex, files: Mapping[str, bytes]) -> None:
    wanted = [it.msa for it in whole.polymers if it.msa] + [it.file for it in whole.templates]
    missing = [name for name in wanted if name not in files]
    if missing:
        raise PredictionFailed(FailureClass.INFRASTRUCTURE, f"the order lacks {', '.join(missing)}")


def _invalid(message: str) -> PredictionFailed:
    return PredictionFailed(FailureClass.INVALID_INPUT, message)
