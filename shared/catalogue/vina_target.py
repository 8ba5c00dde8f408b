"""The docking target: the receptor is read and the box is settled before anything is stored."""

from collections.abc import Mapping

from pydantic import BaseModel

from shared.catalogue.vina_parameters import VinaParameters, docking_box
from shared.chemistry.structure import read_structure
from shared.errors import FieldError, InvalidInput


def prepare(parameters: BaseModel, inputs: Mapping[str, bytes]) -> tuple[VinaParameters, Mapping[str, str]]:
    """
    The parameters with the box in numbers, and a note on where the box came from.

    Raises:
        InvalidInput: the structure cannot be read, or no box on it can be made.
    """
    assert isinstance(parameters, VinaParameters)
    source = _box_source(parameters)
    try:
        structure = read_structure(inputs["structure"])
    except ValueError as error:
        raise InvalidInput(str(error), [FieldError("protein_structure", str(error))]) from error
    try:
        box = docking_box(parameters, structure)
    except ValueError as error:
        raise InvalidInput(str(error), [FieldError(f"parameters.{source}", str(error))]) from error
    settled = parameters.model_copy(update={"box": box, "box_from_ligand": None, "box_from_residues": None})
    return settled, {"box": _note(parameters, source)}


def _box_source(parameters: VinaParameters) -> str:
    sources = ("box", "box_from_ligand", "box_from_residues")
    return next(name for name in sources if getattr(parameters, name) is not None)


def _note(parameters: VinaParameters, source: str) -> str:
    if source == "box":
        return "as given"
    if source == "box_from_residues":
        return f"around the residues {', '.join(parameters.box_from_residues or ())}"
    return "around the reference ligand"
