"""A prediction of one ligand or several under the same name: several are a screen. Pure."""

from collections.abc import Mapping

from pydantic import JsonValue

from services.submit.predicting import Prediction
from shared.errors import FieldError, InvalidInput

SINGLE = "protein_ligand_binding"
SCREEN = "batch_protein_ligand_screening"
NAMES = ("ligands", "compounds", "smiles_list", "ligand_list")
"""Under what users know the list of ligands."""


def smart(asked: Prediction) -> Prediction:
    """
    The prediction by its number of ligands: a list of several is a screen, of one a single prediction.

    What has no list, or is about something other than a ligand, is left as it is.
    """
    named = [name for name in NAMES if name in asked.input_data]
    if asked.task_type not in (SINGLE, SCREEN) or not named:
        return asked
    if len(named) > 1:
        message = f"is the same as {named[0]}; give one of them"
        raise InvalidInput(f"{named[1]}: {message}", [FieldError(named[1], message)])
    ligands = asked.input_data[named[0]]
    rest = {name: value for name, value in asked.input_data.items() if name not in NAMES}
    if isinstance(ligands, list) and len(ligands) == 1:
        return _asking(asked, SINGLE, rest | _one(ligands[0]))
    return _asking(asked, SCREEN, rest | {"ligands": ligands})


def _one(ligand: JsonValue) -> dict[str, JsonValue]:
    if not isinstance(ligand, Mapping):
        return {"ligand_smiles": ligand}
    name = ligand.get("name")
    return {"ligand_smiles": ligand.get("smiles")} | ({"ligand_name": name} if name else {})


def _asking(asked: Prediction, task_type: str, input_data: dict[str, JsonValue]) -> Prediction:
    return asked.model_copy(update={"task_type": task_type, "input_data": input_data})
