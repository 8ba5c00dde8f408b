"""Genuine answers of Boltz-2 (from random weights), given again to a question about the same complex."""

import pickle
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import yaml
from pydantic import JsonValue
from rdkit import Chem

from modal_gpu.predictors.base import Question
from modal_gpu.predictors.boltz2.sampling import Sampling
from shared.catalogue.boltz2_ligands import named
from shared.catalogue.boltz2_parameters import Boltz2Parameters
from shared.catalogue.boltz2_target import prepare
from shared.catalogue.preparing import Target

OUTPUTS = Path(__file__).parent / "outputs"
SEQUENCE = "MKTAYIAKQRQISFVKSHFS"
ASPIRIN, IBUPROFEN = "CC(=O)Oc1ccccc1C(=O)O", "CC(C)Cc1ccc(cc1)C(C)C(=O)O"
LIGANDS = {"aspirin": ASPIRIN, "ibuprofen": IBUPROFEN}
SCREEN = "batch_protein_ligand_screening"
Spoil = Callable[[Path, str], object]


def question(
    smiles: str = ASPIRIN,
    *,
    task: str = SCREEN,
    item: Mapping[str, JsonValue] | None = None,
    files: Mapping[str, bytes] | None = None,
    **parameters: object,
) -> Question:
    """What a run is asked, prepared as it is at submit; two samples of a complex without alignment."""
    given = {"use_msa": False, "diffusion_samples": 2, **parameters}
    prepared = prepare(Boltz2Parameters.model_validate(given), Target(task, "a target", SEQUENCE))
    return Question(
        ligand_name="a ligand",
        smiles=smiles,
        seed=7,
        parameters=prepared.parameters.model_dump(mode="json", exclude_none=True),
        inputs={**prepared.inputs, **(files or {})},
        task_type=task,
        item=item or {},
        seconds=60,
    )


class Replay:
    """
    In place of the program: leaves an answer that it once gave, under the name of the record.

    ``spoil`` then changes the files, given their folder and the name. The genuine runs called the ligand
    chain L, which is B here.
    """

    def __init__(self, answer: str = "aspirin", *, spoil: Spoil | None = None) -> None:
        self._answer, self._spoil = answer, spoil
        self.inputs: list[dict[str, object]] = []
        self.sampled: list[Sampling] = []

    def run(
        self, input_file: Path, out: Path, sampling: Sampling, *, seed: int, seconds: float | None = None
    ) -> Path:
        """See ``Program.run``."""
        self.inputs.append(yaml.safe_load(input_file.read_text()))
        self.sampled.append(sampling)
        name = input_file.stem
        folder = out / f"boltz_results_{name}" / "predictions" / name
        folder.mkdir(parents=True)
        for path in (OUTPUTS / self._answer).iterdir():
            shutil.copy(path, folder / path.name.replace(f"lig-{self._answer}", name))
        for path in folder.glob("*.cif"):
            path.write_text(renamed(path.read_text()))
        _remember(folder.parents[1] / "processed" / "mols" / f"{name}.pkl", self._answer)
        if self._spoil is not None:
            self._spoil(folder, name)
        return folder


def canonical(smiles: str) -> str:
    """The one way of writing a molecule."""
    return str(Chem.MolToSmiles(Chem.MolFromSmiles(smiles)))


def _remember(path: Path, answer: str) -> None:
    """What the program keeps of the ligand that it read."""
    path.parent.mkdir(parents=True)
    before = Chem.GetDefaultPickleProperties()
    Chem.SetDefaultPickleProperties(Chem.PropertyPickleOptions.AllProps)
    path.write_bytes(pickle.dumps({"LIG1": named(LIGANDS[answer])}))
    Chem.SetDefaultPickleProperties(before)


def renamed(cif: str) -> str:
    """The structure with its ligand as chain B."""
    lines = []
    for line in cif.splitlines():
        parts = line.split(" ")
        if "LIG1" in parts or line.startswith("L 2"):
            line = " ".join("B" if part == "L" else part for part in parts)
        lines.append(line)
    return "\n".join(lines) + "\n"
