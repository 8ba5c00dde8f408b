"""The boxes of a docking screen: one for each structure of the target, checked against it."""

from collections.abc import Mapping

import gemmi

from shared.catalogue.vina_parameters import VinaParameters
from shared.chemistry.box import Box, box_from_ligand, box_from_residues, box_touches
from shared.chemistry.frame import Overlap, overlap

# Pockets of one protein open and close by a few Å; farther apart are the frames.
SAME_FRAME = 10.0

# The sources of a single box, which serves several structures only where they are superposed.
ONE_FOR_ALL = ("box", "box_from_ligand")


def docking_boxes(parameters: VinaParameters, structures: Mapping[str, gemmi.Structure]) -> dict[str, Box]:
    """
    The box on each of the named structures, in their order.

    One box (given, or around a ligand) stands for all structures, which must then be superposed.
    Around residues it is made in the frame of each.

    Raises:
        ValueError: it cannot be made, no protein atom lies in it (Vina would give numbers anyway), or
            one box is to serve structures in different frames.
    """
    boxes = dict(zip(structures, _boxes(parameters, structures), strict=True))
    for name, structure in structures.items():
        if not box_touches(boxes[name], structure):
            raise ValueError(
                _about(structures, name, "The box does not touch the protein: no protein atom lies in it.")
            )
    if parameters.box_source in ONE_FOR_ALL:
        _refuse_other_frames(next(iter(boxes.values())), structures)
    return boxes


def overlaps(box: Box, structures: Mapping[str, gemmi.Structure]) -> dict[str, Overlap]:
    """How each further structure lies against the first one, in the box."""
    (_, first), *others = structures.items()
    return {name: overlap(first, other, box) for name, other in others}


def _boxes(parameters: VinaParameters, structures: Mapping[str, gemmi.Structure]) -> list[Box]:
    match parameters.box_source:
        case "boxes":
            return _one_each(parameters.boxes or (), len(structures))
        case "box_from_residues":
            return [_around_residues(parameters, structures, name) for name in structures]
        case "box_from_ligand":
            return [box_from_ligand(parameters.box_from_ligand or "")] * len(structures)
    assert parameters.box is not None, "the class demands exactly one source"
    return [parameters.box] * len(structures)


def _one_each(boxes: tuple[Box, ...], structures: int) -> list[Box]:
    if len(boxes) != structures:
        raise ValueError(f"There are {len(boxes)} boxes and {structures} structures; give one box for each.")
    return list(boxes)


def _around_residues(parameters: VinaParameters, structures: Mapping[str, gemmi.Structure], name: str) -> Box:
    try:
        return box_from_residues(structures[name], parameters.box_from_residues or ())
    except ValueError as error:
        raise ValueError(_about(structures, name, str(error))) from error


def _refuse_other_frames(box: Box, structures: Mapping[str, gemmi.Structure]) -> None:
    for name, found in overlaps(box, structures).items():
        if found.rmsd is not None and found.rmsd > SAME_FRAME:
            raise ValueError(
                f"Structure {name} is not superposed on the first: {found.residues} residues that both have "
                f"in the box lie {found.rmsd:.1f} Å apart. Superpose them, or give one box for each in boxes."
            )


def _about(structures: Mapping[str, gemmi.Structure], name: str, message: str) -> str:
    return message if len(structures) == 1 else f"Structure {name}: {message}"
