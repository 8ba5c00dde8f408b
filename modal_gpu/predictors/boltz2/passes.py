"""The two passes over one input that has been read: its structure, then its affinity."""

from pathlib import Path
from typing import Any

import torch
from boltz.data.module.inferencev2 import Boltz2InferenceDataModule, PredictionDataset, collate
from boltz.data.types import Manifest
from boltz.data.write.writer import BoltzAffinityWriter, BoltzWriter
from pytorch_lightning import Trainer
from pytorch_lightning.strategies import SingleDeviceStrategy
from torch.utils.data import DataLoader

DEVICES = {"cpu": "cpu", "gpu": "cuda:0"}


class Unreadable(Exception):
    """The input cannot be made into what the network takes."""


class Passes:
    """One input's files, and the trainer that the command line would use for both passes."""

    def __init__(self, results: Path, molecules: Path, *, accelerator: str) -> None:
        self._results, self._molecules = results, molecules
        self._processed = results / "processed"
        self.manifest = Manifest.load(self._processed / "manifest.json")
        self._trainer = Trainer(
            default_root_dir=results,
            strategy=_Staying(device=torch.device(DEVICES[accelerator])),
            callbacks=[_structure_writer(self._processed, results)],
            accelerator=accelerator,
            devices=1,
            precision="bf16-mixed",
        )

    @property
    def wants_affinity(self) -> bool:
        """Whether the input asks for one."""
        return any(record.affinity for record in self.manifest.records)

    def structure(self, network: Any, *, method: str | None) -> bool:
        """Predict the structure; whether the memory of the GPU was enough."""
        data = self._data(self._processed / "structures", override_method=method)
        return self._pass(network, data)

    def affinity(self, network: Any) -> bool:
        """Predict the affinity from the structure that was written; see ``structure``."""
        predictions = self._results / "predictions"
        self._trainer.callbacks[0] = BoltzAffinityWriter(
            data_dir=str(self._processed / "structures"), output_dir=str(predictions)
        )
        return self._pass(network, self._data(predictions, override_method="other", affinity=True))

    def _data(self, targets: Path, **choices: Any) -> "_Data":
        folders = {name: self._processed / name for name in ("constraints", "templates", "mols")}
        found = {name: folder if folder.exists() else None for name, folder in folders.items()}
        return _Data(
            manifest=self.manifest,
            target_dir=targets,
            msa_dir=self._processed / "msa",
            mol_dir=self._molecules,
            num_workers=0,
            constraints_dir=found["constraints"],
            template_dir=found["templates"],
            extra_mols_dir=found["mols"],
            **choices,
        )

    def _pass(self, network: Any, data: "_Data") -> bool:
        self._trainer.predict(network, datamodule=data, return_predictions=False)
        return not self._trainer.callbacks[0].failed


class _Staying(SingleDeviceStrategy):  # type: ignore[misc]  # of a package without types
    """The only device, on which the network stays when a pass is over: moving it takes seconds."""

    def teardown(self) -> None:
        """See ``Strategy.teardown``."""
        self.precision_plugin.teardown()
        self.accelerator.teardown()
        self.checkpoint_io.teardown()


class _Dataset(PredictionDataset):  # type: ignore[misc]  # of a package without types
    """
    Fails where the model's own goes on with its first input.

    That is the same input again, as there is only one, without an end.
    """

    _tried = False

    def __getitem__(self, number: int) -> dict[str, Any]:
        if self._tried:
            raise Unreadable("the network's input cannot be made from the files")
        self._tried = True
        features: dict[str, Any] = super().__getitem__(number)
        self._tried = False
        return features


class _Data(Boltz2InferenceDataModule):  # type: ignore[misc]  # of a package without types
    """Loads in this process: one of its own, per ligand, would take longer than the loading."""

    def predict_dataloader(self) -> DataLoader[Any]:
        """See the base class, which differs in the class of the data set alone."""
        dataset = _Dataset(
            manifest=self.manifest,
            target_dir=self.target_dir,
            msa_dir=self.msa_dir,
            mol_dir=self.mol_dir,
            constraints_dir=self.constraints_dir,
            template_dir=self.template_dir,
            extra_mols_dir=self.extra_mols_dir,
            override_method=self.override_method,
            affinity=self.affinity,
        )
        return DataLoader(
            dataset,
            batch_size=1,
            num_workers=self.num_workers,
            pin_memory=True,
            shuffle=False,
            collate_fn=collate,
        )


def _structure_writer(processed: Path, results: Path) -> BoltzWriter:
    return BoltzWriter(
        data_dir=str(processed / "structures"),
        output_dir=str(results / "predictions"),
        output_format="mmcif",
        boltz2=True,
        write_embeddings=False,
    )
