"""Inputs of Boltz-2 for tests, and how to sample them in seconds."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from modal_gpu.predictors.boltz2.sampling import Sampling

PROTEIN = "MKTAYIAKQRQISFVKSHFS"
ASPIRIN = "CC(=O)Oc1ccccc1C(=O)O"
QUICK = Sampling(
    recycling_steps=0,
    sampling_steps=2,
    sampling_steps_affinity=2,
    diffusion_samples_affinity=1,
)
FLAGS = frozenset({"affinity_mw_correction", "use_potentials", "subsample_msa"})
ALIGNMENT = f""">query
{PROTEIN}
>second
MKTAYIAKQRQLSFVKSHFS
>third
-KTAYLAKQkRQISFVR----
>fourth
MKSAYIAKERQISFVKSHYS
"""


@dataclass(frozen=True)
class Input:
    """One input file: its name, what it says, and how it is sampled."""

    name: str
    document: Any
    sampling: Sampling = QUICK
    seed: int = 1
    files: dict[str, str] = field(default_factory=dict)

    def write(self, folder: Path) -> Path:
        """The file, in a folder to which the paths in it lead, too."""
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in self.files.items():
            (folder / name).write_text(content)
        path = folder / f"{self.name}.yaml"
        text = self.document if isinstance(self.document, str) else yaml.safe_dump(self.document)
        path.write_text(text.replace("FOLDER", str(folder)))
        return path


def protein(
    name: str | list[str] = "A", *, msa: str | None = "empty", sequence: str = PROTEIN
) -> dict[str, Any]:
    """An entry for a protein."""
    return {"protein": {"id": name, "sequence": sequence} | ({"msa": msa} if msa else {})}


def ligand(smiles: str, name: str | list[str] = "L") -> dict[str, Any]:
    """An entry for a ligand."""
    return {"ligand": {"id": name, "smiles": smiles}}


def component(code: str, name: str = "C") -> dict[str, Any]:
    """An entry for a ligand that the dictionary knows."""
    return {"ligand": {"id": name, "ccd": code}}


def screened(smiles: str, *others: Any, affinity: bool = True, **more: Any) -> dict[str, Any]:
    """A protein with a ligand, whose affinity is asked for."""
    document = {"version": 1, "sequences": [*(others or [protein()]), ligand(smiles)], **more}
    return document | ({"properties": [{"affinity": {"binder": "L"}}]} if affinity else {})


def options(sampling: Sampling) -> list[str]:
    """The command line's words for it."""
    words: list[str] = []
    for name, value in vars(sampling).items():
        if name in FLAGS:
            words += [f"--{name}"] if value else []
        elif value is not None:
            words += [f"--{name}", str(value)]
    return words
