"""Whether a structure is that of what was asked for; another is never scored."""

from rdkit import Chem

from modal_gpu.predictors.base import PredictionFailed
from shared.models.work import FailureClass

SUBSTITUTED = "model_substituted_record"
SOUND = "atoms, bonds and stereo in the structure are those of the input"
UNSOUND = "the program read the input, but the distances in the structure are those of no molecule"
"""What was compared, for whoever reads the result."""


def substituted(what: str) -> PredictionFailed:
    """The failure of a model that answered for something else than it was asked for."""
    return PredictionFailed(FailureClass.MODEL_ERROR, f"{SUBSTITUTED}: {what}")


def check_stereo(pose: Chem.Mol, reference: Chem.Mol) -> None:
    """
    Raise PredictionFailed unless ``pose`` has in space the stereo of ``reference``; the bonds are the same.

    What the reference leaves open may have either configuration.
    """
    seen = Chem.Mol(pose)
    Chem.AssignStereochemistryFrom3D(seen)
    if not seen.HasSubstructMatch(reference, useChirality=True):
        raise substituted(
            f"the ligand in the structure has another stereo configuration, {Chem.MolToSmiles(seen)}, "
            f"than the one that was asked for, {Chem.MolToSmiles(reference)}"
        )
