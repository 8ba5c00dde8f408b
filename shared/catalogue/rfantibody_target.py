"""What every run of a campaign with RFantibody gets: target, numbering, framework, settled at submit."""

from pydantic import BaseModel

from shared.catalogue.preparing import Prepared, Target
from shared.catalogue.rfantibody_chain import Cleaned, TargetMap, clean, pdb_text, target_map
from shared.catalogue.rfantibody_framework import framework_lines, has_light_chain
from shared.catalogue.rfantibody_loops import ANTIBODY, NANOBODY, read_loops
from shared.catalogue.rfantibody_parameters import RfantibodyParameters
from shared.chemistry.structure import read_structure
from shared.errors import FieldError, InvalidInput

TARGET, NUMBERS, FRAMEWORK = "target.pdb", "target_map.json", "framework.pdb"
FEWEST_RESIDUES, MOST_RESIDUES = 20, 600
SHOWN_NUMBERS = 12


def prepare(parameters: BaseModel, target: Target) -> Prepared:
    """
    The target as one clean chain with a map of its numbering, the framework if one is given, and notes.

    Raises:
        InvalidInput: the target cannot be used, a hotspot is not on it, or the framework is not in HLT form.
    """
    assert isinstance(parameters, RfantibodyParameters)
    (structure,) = target.structures.values()
    cleaned, numbers = _target(structure, parameters.target_chain, _path(target))
    _check_hotspots(parameters, numbers)
    loops = parameters.loops or (ANTIBODY if _is_fv(parameters) else NANOBODY)
    settled = parameters.model_copy(update={"loops": loops, "framework_file": None})
    inputs = {
        TARGET: pdb_text(cleaned, numbers).encode(),
        NUMBERS: numbers.model_dump_json().encode(),
        **_framework(parameters, loops),
    }
    return Prepared(settled, inputs, _notes(cleaned, numbers, settled))


def _target(content: bytes, chain: str, path: str) -> tuple[Cleaned, TargetMap]:
    try:
        cleaned = clean(read_structure(content), chain)
        _check_size(len(cleaned.residues))
        return cleaned, target_map(cleaned)
    except ValueError as error:
        raise InvalidInput(f"target: {error}", [FieldError(path, str(error))]) from error


def _path(target: Target) -> str:
    return "protein_structures.0.content" if target.names else "protein_structure"


def _check_size(residues: int) -> None:
    if residues > MOST_RESIDUES:
        raise ValueError(
            f"it has {residues} residues, {MOST_RESIDUES} are accepted: time and memory of RFdiffusion and "
            "RF2 grow with the square of the size. Cut the target to the domain around the hotspots"
        )
    if residues < FEWEST_RESIDUES:
        raise ValueError(f"it has {residues} residues; at least {FEWEST_RESIDUES} are needed to design on")


def _check_hotspots(parameters: RfantibodyParameters, numbers: TargetMap) -> None:
    """RFdiffusion ignores a hotspot that is not there, and without any it designs anywhere."""
    there = numbers.number_of
    missing = [spot for spot in parameters.hotspots if spot.partition(":")[2] not in there]
    if missing:
        message = f"not on the target: {', '.join(missing)}; {_what_is_there(numbers)}"
        raise InvalidInput(f"hotspots {message}", [FieldError("parameters.hotspots", message)])


def _what_is_there(numbers: TargetMap) -> str:
    labels = [residue.label for residue in numbers.residues]
    named = f"{labels[0]} to {labels[-1]}"
    if len(labels) <= SHOWN_NUMBERS:
        named = ", ".join(labels)
    return f"chain {numbers.chain} has {len(labels)} residues, {named}"


def _is_fv(parameters: RfantibodyParameters) -> bool:
    if parameters.framework == "given":
        return has_light_chain(parameters.framework_file or "")
    return parameters.framework != "vhh"


def _framework(parameters: RfantibodyParameters, loops: str) -> dict[str, bytes]:
    if parameters.framework != "given":
        return {}
    try:
        if parameters.framework_file is None:
            raise ValueError("framework given needs the file")
        return {FRAMEWORK: framework_lines(parameters.framework_file, read_loops(loops)).encode()}
    except ValueError as error:
        raise InvalidInput(
            f"framework: {error}", [FieldError("parameters.framework_file", str(error))]
        ) from error


def _notes(cleaned: Cleaned, numbers: TargetMap, parameters: RfantibodyParameters) -> dict[str, str]:
    notes = {"loops": f"designed: {parameters.loops}"}
    if cleaned.notes:
        notes["target"] = "; ".join(cleaned.notes)
    moved = [it for it in numbers.residues if str(it.number) != it.label]
    if moved:
        first = moved[0]
        notes["numbering"] = (
            f"{len(moved)} residues have another number while designing, the first {first.label} as "
            f"{first.number}; results have the target's own"
        )
    if parameters.framework == "fab":
        notes["framework"] = "of a Fab the variable domains are designed; constant domains are not modelled"
    if parameters.framework == "scfv":
        notes["framework"] = "of an scFv the two domains are designed; the linker is not modelled"
    return notes
