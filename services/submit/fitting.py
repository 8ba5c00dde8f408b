"""What an order asks of its model, and whether that takes it: what it refuses itself, what fits no GPU."""

from collections.abc import Callable, Mapping

from pydantic import JsonValue

from services.submit.request import Order
from shared.catalogue.entry import ModelEntry
from shared.catalogue.gpus import Memory
from shared.catalogue.preparing import Prepared
from shared.chemistry.effort import TooDemanding, bounded
from shared.domain.alignments import form_of
from shared.errors import FieldError, InvalidInput
from shared.models.batch import LibraryRow

Judge = Callable[[LibraryRow], LibraryRow | str]
BESIDE = ("use_msa", "use_potentials")
"""Fields of an order that are parameters of the models that have them."""
JUDGED = ("ligand", "variant")


def parameters_of(order: Order, model: ModelEntry) -> Mapping[str, JsonValue]:
    """The order's parameters, with those that an order may say beside them, where the model has such."""
    beside: dict[str, JsonValue] = {
        name: getattr(order, name)
        for name in BESIDE
        if name in order.model_fields_set and name in model.parameter_class().model_fields
    }
    for name, value in beside.items():
        if order.parameters.get(name, value) != value:
            message = f"is {value}, but parameters.{name} is {order.parameters[name]}; say it once"
            raise InvalidInput(f"{name}: {message}", [FieldError(name, message)])
    return {**beside, **order.parameters}


def check_fits(model: ModelEntry, prepared: Prepared, sequence: str | None) -> None:
    """Raise InvalidInput for a target that is too large for every GPU, with its size and theirs."""
    if model.memory is not None and prepared.tokens is not None:
        problem = _too_large(model, model.memory, prepared.tokens)
        if problem:
            raise InvalidInput(
                problem, [FieldError("protein_sequence" if sequence else "parameters", problem)]
            )


def check_alignments(prepared: Prepared, model: ModelEntry, *, searches: bool) -> None:
    """What can be searched nowhere is refused: a model is never run on less than it was asked for."""
    if prepared.alignments and not searches:
        message = (
            f"{model.id} needs a multiple sequence alignment of the target, and this installation has no "
            "server to search one: set OMTX_MSA_SERVER, give an alignment as a file, or use_msa: false, "
            "which predicts from the single sequence"
        )
        raise InvalidInput(message, [FieldError("use_msa", message)])
    for name in prepared.alignments:
        form_of(name)


def judge_of(model: ModelEntry, prepared: Prepared) -> Judge:
    """A valid row as the model takes it, or why not; it has its own say about ligands and variants."""

    def judged(row: LibraryRow) -> LibraryRow | str:
        judge = prepared.judge if row.kind in JUDGED else None
        found = _say(judge, row) if judge is not None else row
        if isinstance(found, str) or model.memory is None or prepared.tokens is None:
            return found
        return _too_large(model, model.memory, prepared.tokens + (row.heavy_atoms or 0)) or found

    return judged


def _say(judge: Judge, row: LibraryRow) -> LibraryRow | str:
    try:
        return bounded(row.canonical_smiles or "", judge, row)
    except TooDemanding as error:
        return str(error)


def _too_large(model: ModelEntry, memory: Memory, tokens: int) -> str | None:
    if memory.fitting(tokens):
        return None
    largest = memory.gpus[-1]
    return (
        f"The complex has {tokens:,} residues and atoms, for which {model.name} needs some "
        f"{memory.needed(tokens):.0f} GB; the largest GPU ({largest.name}) has {largest.gigabytes:.0f} GB, "
        f"enough for {memory.most_tokens():,}."
    )
