"""The docking target: structures are read and boxes settled before anything is stored."""

from collections.abc import Mapping
from typing import Any

import gemmi
from pydantic import BaseModel

from shared.catalogue.preparing import Prepared, Target
from shared.catalogue.vina_boxes import ONE_FOR_ALL, docking_boxes, overlaps
from shared.catalogue.vina_parameters import VinaParameters
from shared.chemistry.box import Box
from shared.chemistry.structure import read_structure
from shared.errors import FieldError, InvalidInput


def prepare(parameters: BaseModel, target: Target) -> Prepared:
    """
    The parameters with boxes in numbers and structures by name, and notes on how that was settled.

    Raises:
        InvalidInput: a structure cannot be read, or no box on it can be made.
    """
    assert isinstance(parameters, VinaParameters)
    inputs, names = target.structures, target.names
    called = _called(parameters, inputs, names)
    structures = {called[key]: _read(inputs[key], _path(place, names)) for place, key in enumerate(inputs)}
    try:
        boxes = docking_boxes(parameters, structures)
    except ValueError as error:
        raise InvalidInput(
            str(error), [FieldError(f"parameters.{parameters.box_source}", str(error))]
        ) from error
    named = names or parameters.receptors
    settled = parameters.model_copy(
        update=_placed(parameters, tuple(boxes.values()))
        | {"receptors": tuple(called.values()) if named else None}
    )
    return Prepared(settled, inputs, {"box": _note(parameters), **_ensemble_note(boxes, structures)})


def _called(
    parameters: VinaParameters, inputs: Mapping[str, bytes], names: Mapping[str, str]
) -> dict[str, str]:
    given = list(names.values()) or list(parameters.receptors or inputs)
    if len(given) != len(inputs) or len(set(given)) != len(given):
        message = f"give {len(inputs)} different names, one for each structure"
        raise InvalidInput(message, [FieldError("parameters.receptors", message)])
    return dict(zip(inputs, given, strict=True))


def _read(content: bytes, path: str) -> gemmi.Structure:
    try:
        return read_structure(content)
    except ValueError as error:
        raise InvalidInput(str(error), [FieldError(path, str(error))]) from error


def _path(place: int, names: Mapping[str, str]) -> str:
    return f"protein_structures.{place}.content" if names else "protein_structure"


def _placed(parameters: VinaParameters, boxes: tuple[Box, ...]) -> dict[str, Any]:
    """Which fields hold the settled boxes: ``box`` where one serves all, by intent and not by chance."""
    one_for_all = len(boxes) == 1 or parameters.box_source in ONE_FOR_ALL
    common, each = (boxes[0], None) if one_for_all else (None, boxes)
    return {"box": common, "boxes": each, "box_from_ligand": None, "box_from_residues": None}


def _note(parameters: VinaParameters) -> str:
    match parameters.box_source:
        case "box_from_residues":
            return f"around the residues {', '.join(parameters.box_from_residues or ())}"
        case "box_from_ligand":
            return "around the reference ligand"
        case "boxes":
            return "one for each structure, as given"
    return "as given"


def _ensemble_note(boxes: Mapping[str, Box], structures: Mapping[str, gemmi.Structure]) -> dict[str, str]:
    if len(structures) == 1:
        return {}
    first, *_ = boxes
    apart = [f"{name} {found}" for name, found in overlaps(boxes[first], structures).items()]
    said = (
        f"{len(structures)} structures, the best score counts; Cα RMSD in the box to {first}, as they lie: "
    )
    return {"receptors": said + ", ".join(apart)}
