"""What the jobs of an order are about: its task says which field lists them."""

from collections.abc import Mapping

from services.submit.request import Order
from shared.catalogue.tasks.task import task, tasks
from shared.errors import FieldError, InvalidInput, NotFound
from shared.models.batch import RowKind

FIELDS: Mapping[RowKind, tuple[str, ...]] = {
    "ligand": ("ligands", "library"),
    "variant": ("variants",),
    "design": ("num_designs",),
    "target": (),
}


def kind_of(order: Order) -> RowKind:
    """
    What the rows of the order are.

    Raises:
        InvalidInput: an unknown task, or a field that its task does not take, or takes and misses.
    """
    try:
        kind = task(order.task_type).rows
    except NotFound as error:
        message = f"unknown task {order.task_type!r}; there are: {', '.join(tasks())}"
        raise InvalidInput(message, [FieldError("task_type", message)]) from error
    wanted = FIELDS[kind]
    given = [name for names in FIELDS.values() for name in names if getattr(order, name) is not None]
    for name in given:
        if name not in wanted:
            takes = " or ".join(wanted) or "none of these: it has one job, about the target"
            raise _refusal(name, f"{order.task_type} takes {takes}")
    if wanted and not given:
        raise _refusal(wanted[0], f"{order.task_type} needs {' or '.join(wanted)}")
    if len(given) > 1:
        raise _refusal(given[1], f"give either {' or '.join(wanted)}")
    if order.molecule_filters is not None and kind != "ligand":
        raise _refusal("molecule_filters", f"{order.task_type} has no ligands that could be filtered")
    return kind


def _refusal(field: str, message: str) -> InvalidInput:
    return InvalidInput(f"{field}: {message}", [FieldError(field, message)])
