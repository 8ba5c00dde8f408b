"""
Boltz-2, loaded once and asked many times, with the answers of a process per ligand.

``Warm.run`` leaves the files that ``boltz predict FILE --seed N --num_workers 0`` leaves when it is run
alone, byte for byte, whatever ran before it. What makes a difference, and how each is met:

- the state of RDKit's generator: inputs are read in a copy of a fresh process (``parse_server``);
- the generators of Python, NumPy and torch: seeded per ligand, and moved on by what loading a network
  draws (``mersenne``);
- what the networks are told when they load: set anew before each pass (``networks``);
- what a failed ligand leaves: nothing, as data sets, writers and the trainer are made per ligand.
"""

import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from pytorch_lightning import seed_everything
from rdkit import Chem

from modal_gpu.predictors.base import PredictionFailed
from modal_gpu.predictors.boltz2.alignment_check import check_alignments
from modal_gpu.predictors.boltz2.failures import Verdict, of_error, out_of_memory
from modal_gpu.predictors.boltz2.networks import AFFINITY, STRUCTURE, Deadline, Networks, OutOfTime
from modal_gpu.predictors.boltz2.parsing import Parsing
from modal_gpu.predictors.boltz2.passes import Passes, Unreadable
from modal_gpu.predictors.boltz2.sampling import Sampling
from modal_gpu.recording import stage
from shared.models.work import FailureClass

MOLECULES = "mols"
# Tuning kernels per process takes minutes, and makes numbers depend on the process.
UNTUNED = ("CUEQ_DEFAULT_CONFIG", "CUEQ_DISABLE_AOT_TUNING")


class Warm:
    """
    Both networks, in this process.

    ``cache`` holds the two checkpoints and the folder of molecules, and is only read. ``kernels`` are
    NVIDIA's, for a GPU. Once ``usable`` is false, as after a broken GPU, the process must end: it answers
    nothing any more.
    """

    def __init__(self, cache: Path, accelerator: str, *, kernels: bool = True) -> None:
        self.usable = True
        self._cache, self._accelerator, self._kernels = cache, accelerator, kernels
        self._networks: Networks | None = None
        self._parsing, self._deadline = Parsing(), Deadline()
        self._doing = ""

    def load(self) -> Networks:
        """The networks, loaded if they are not; a container calls this before its first ligand."""
        if self._networks is None:
            missing = [it for it in (STRUCTURE, AFFINITY, MOLECULES) if not (self._cache / it).exists()]
            if missing:
                message = f"the weights are not complete: {', '.join(missing)}"
                raise PredictionFailed(FailureClass.INFRASTRUCTURE, message)
            self._parsing.start()
            with stage("networks loaded"):
                self._networks = self._loaded()
        return self._networks

    def _loaded(self) -> Networks:
        try:
            return Networks.load(self._cache, kernels=self._kernels, deadline=self._deadline)
        except Exception as error:  # whatever it is, it is no ligand's fault
            message = f"the networks cannot be loaded: {type(error).__name__}: {error}"
            raise PredictionFailed(FailureClass.INFRASTRUCTURE, message) from error

    def close(self) -> None:
        """End what this has started."""
        self._parsing.close()

    def run(
        self, input_file: Path, out: Path, sampling: Sampling, *, seed: int, seconds: float | None = None
    ) -> Path:
        """
        Predict what the input asks for; the folder with the files of its predictions.

        ``seconds`` end a run that goes on, between two layers of a network; not one that hangs.

        Raises:
            PredictionFailed: with the class and the reason; the next ligand is none the worse for it.
        """
        if not self.usable:
            raise PredictionFailed(FailureClass.INFRASTRUCTURE, "the GPU of this process is broken")
        results = out / f"boltz_results_{input_file.stem}"
        if results.exists():
            message = "the output folder holds another run, whose answer the model would give again"
            raise PredictionFailed(FailureClass.INFRASTRUCTURE, message)
        self._deadline.set(seconds)
        try:
            with _as_the_command_line():
                passes = self._passed(input_file, results, sampling, seed)
        except OutOfTime as error:
            raise PredictionFailed(FailureClass.TIMEOUT, f"the time was over while {self._doing}") from error
        except Unreadable as error:
            raise PredictionFailed(FailureClass.INVALID_INPUT, f"{error}: {error.__context__}") from error
        except PredictionFailed:
            raise
        except Exception as error:  # the edge to code that is not ours
            raise self._judged(of_error(error, self._doing)) from error
        return _written(results / "predictions" / input_file.stem, input_file.stem, passes.wants_affinity)

    def _passed(self, input_file: Path, results: Path, sampling: Sampling, seed: int) -> Passes:
        """What the command line does, in its order."""
        self._doing = "loading the networks"
        networks = self.load()
        self._doing = "reading the input"
        passes = self._read(input_file, results, sampling, seed)
        self._doing = "predicting the structure"
        with stage("structure"):
            fits = passes.structure(networks.for_structure(sampling), method=sampling.method)
        if fits and passes.wants_affinity:
            self._doing = "predicting the affinity"
            with stage("affinity"):
                fits = passes.affinity(networks.for_affinity(sampling))
        if not fits:
            raise out_of_memory(self._doing).failure()
        return passes

    def _read(self, input_file: Path, results: Path, sampling: Sampling, seed: int) -> Passes:
        check_alignments(input_file)
        with stage("input read"):
            generators = self._parsing.read(
                input_file,
                results,
                molecules=self._cache / MOLECULES,
                max_msa_seqs=sampling.max_msa_seqs,
                seed=seed,
                seconds=self._deadline.left(),
            )
        passes = Passes(results, self._cache / MOLECULES, accelerator=self._accelerator)
        seed_everything(seed)  # the GPU's generators, too
        generators.restore()
        return passes

    def _judged(self, verdict: Verdict) -> PredictionFailed:
        if not verdict.usable:
            self.usable = False
            logging.getLogger("omtx.boltz2").error("this process must end: %s", verdict.message)
        return verdict.failure()


@contextmanager
def _as_the_command_line() -> Iterator[None]:
    """The settings of its process."""
    for name in UNTUNED:
        os.environ.setdefault(name, "1")
    precision, properties = torch.get_float32_matmul_precision(), Chem.GetDefaultPickleProperties()
    torch.set_float32_matmul_precision("highest")
    Chem.SetDefaultPickleProperties(Chem.PropertyPickleOptions.AllProps)
    try:
        with torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Lightning's, on things that are so on purpose
            yield
    finally:
        torch.set_float32_matmul_precision(precision)
        Chem.SetDefaultPickleProperties(properties)


def _written(folder: Path, name: str, affinity: bool) -> Path:
    """The folder, if all is in it: the model ends well without having written anything."""
    wanted = [f"{name}_model_0.cif", f"confidence_{name}_model_0.json"]
    wanted += [f"affinity_{name}.json"] if affinity else []
    missing = [it for it in wanted if not (folder / it).exists()]
    if missing:
        message = f"the model ended without an error and left out {', '.join(missing)}"
        raise PredictionFailed(FailureClass.MODEL_ERROR, message)
    return folder
