"""Target and parameters of an order, as its model takes them."""

from pydantic import ValidationError

from services.submit.fitting import check_fits, parameters_of
from services.submit.request import Order, invalid
from shared.catalogue.entry import ModelEntry
from shared.catalogue.preparing import Prepared, Target
from shared.domain.naming import structure_keys
from shared.errors import FieldError, InvalidInput


def _structures_of(order: Order, model: ModelEntry) -> dict[str, bytes]:
    """The structures that the model asks for, by input key."""
    if order.task_type not in model.tasks:
        message = f"{model.id} does not do {order.task_type!r}; it does: {', '.join(model.tasks)}"
        raise InvalidInput(message, [FieldError("task_type", message)])
    structures = _structures(order)
    given = {"structure": structures, "sequence": order.protein_sequence}
    for name in ("structure", "sequence"):
        if getattr(model.inputs, name) == "required" and not given[name]:
            message = f"{model.id} needs the target's {name}"
            raise InvalidInput(message, [FieldError(f"protein_{name}", message)])
    if model.inputs.structure == "unused":
        return {}
    if len(structures) > model.inputs.structures:
        message = (
            f"{model.id} takes {model.inputs.structures} structure(s) of the target, not {len(structures)}"
        )
        raise InvalidInput(message, [FieldError("protein_structures", message)])
    return dict(zip(structure_keys(len(structures)), structures, strict=True))


def _structures(order: Order) -> list[bytes]:
    if order.protein_structure is not None:
        return [order.protein_structure.encode()]
    return [structure.content.encode() for structure in order.protein_structures or ()]


def prepare(order: Order, model: ModelEntry) -> Prepared:
    """
    Target and parameters as every run gets them.

    Raises:
        InvalidInput: the model does not do this task, misses something, or does not take what was given.
    """
    structures = _structures_of(order, model)
    try:
        given = model.parameter_class().model_validate(parameters_of(order, model))
    except ValidationError as error:
        raise invalid(error, "parameters") from error
    names = [structure.name for structure in order.protein_structures or ()] if structures else []
    target = Target(
        task_type=order.task_type,
        protein_name=order.protein_name,
        sequence=order.protein_sequence,
        structures=structures,
        names=dict(zip(structures, names, strict=False)),
    )
    prepared = model.prepare(given, target)
    check_fits(model, prepared, order.protein_sequence)
    return prepared
