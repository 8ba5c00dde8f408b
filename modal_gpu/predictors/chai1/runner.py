"""
The program itself, in this process, with what it loads kept between runs.

Release 0.6.1 reads its six network parts and the reference conformers from disk in every call. It looks both
up by name in its own modules, and there they are replaced by the same functions with a memory; the one that
reads templates is given their structures (``templates``). Nothing else of it is touched. TorchScript
rewrites a graph after its first run, which rounds otherwise; it is told not to, so that no answer depends on
what was folded before it.
"""

import functools
import gc
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import chai_lab.chai1 as program
import torch
from chai_lab.data.dataset import inference_dataset
from chai_lab.data.dataset.embeddings import esm
from chai_lab.utils import paths
from chai_lab.utils.tensor_utils import set_seed

from modal_gpu.hosting import CHAI1_PARTS
from modal_gpu.predictors.base import PredictionFailed
from modal_gpu.predictors.chai1.files import Layout
from modal_gpu.predictors.chai1.reader import Errors
from modal_gpu.predictors.chai1.templates import check_aligner, supplied
from modal_gpu.predictors.programs import breaks_gpu, device, fills_memory
from shared.catalogue.chai1_parameters import Chai1Parameters
from shared.models.work import FailureClass
from shared.settings.containers import ContainerSettings

log = logging.getLogger("omtx.run")
CONFORMERS = "conformers_v1.apkl"
LANGUAGE_MODEL = "esm/traced_sdpa_esm2_t36_3B_UR50D_fp16.pt"


class Runner:
    """The program on one device, loaded once."""

    def __init__(self, weights: Path) -> None:
        """``weights``: the folder that the program would fill by itself; here it has to be full."""
        logging.getLogger("chai_lab").setLevel(logging.INFO)
        paths.downloads_path = esm.downloads_path = weights
        paths.cached_conformers.path = weights / CONFORMERS
        self._weights, self.usable = weights, True
        on = device(ContainerSettings().accelerator, there=torch.cuda.is_available())
        self.device = "cuda:0" if on == "gpu" else "cpu"
        program.load_exported = functools.cache(program.load_exported)
        program.get_template_context = supplied(program.get_template_context)
        inference_dataset.RefConformerGenerator = functools.cache(inference_dataset.RefConformerGenerator)

    def load(self) -> None:
        """
        Read the network and the conformers now, not in the first run.

        Raises:
            PredictionFailed: infrastructure, if a file is missing; the program would fetch it by itself.
        """
        self._check_there(*(f"models_v2/{part}" for part in CHAI1_PARTS), CONFORMERS)
        for part in CHAI1_PARTS:
            program.load_exported(part, torch.device(self.device))
        inference_dataset.RefConformerGenerator()

    def _check_there(self, *names: str) -> None:
        missing = [name for name in names if not (self._weights / name).is_file()]
        if missing:
            message = f"the weights are not complete: {', '.join(missing)}"
            raise PredictionFailed(FailureClass.INFRASTRUCTURE, message)

    def fold(self, layout: Layout, parameters: Chai1Parameters, seed: int) -> Errors:
        """
        Fold one complex into ``layout.output``.

        The seed is set before the program sets it: it turns modified residues at random before that.

        Raises:
            PredictionFailed: out_of_memory, invalid_input where the program says so, infrastructure where
                the GPU is no longer usable, else model_error.
        """
        if parameters.use_esm_embeddings:
            self._check_there(LANGUAGE_MODEL)
        if layout.templates is not None:
            check_aligner()
        with self._telling_failures(), torch.jit.optimized_execution(False):
            set_seed([seed])
            found = program.run_inference(
                fasta_file=layout.fasta,
                output_dir=layout.output,
                use_esm_embeddings=parameters.use_esm_embeddings,
                msa_directory=layout.alignments,
                constraint_path=layout.restraints,
                template_hits_path=layout.templates,
                recycle_msa_subsample=parameters.recycle_msa_subsample,
                num_trunk_recycles=parameters.num_trunk_recycles,
                num_diffn_timesteps=parameters.num_diffn_timesteps,
                num_diffn_samples=parameters.num_samples,
                num_trunk_samples=parameters.num_trunk_samples,
                seed=seed,
                device=self.device,
                low_memory=parameters.low_memory,
            )
        return Errors(found.pae.numpy(), found.pde.numpy(), found.plddt.numpy())

    @contextmanager
    def _telling_failures(self) -> Iterator[None]:
        try:
            yield
        except program.UnsupportedInputError as error:
            raise PredictionFailed(FailureClass.INVALID_INPUT, _first_line(error)) from error
        except RuntimeError as error:
            if fills_memory(error):
                _free()
                message = f"the GPU ran out of memory: {_first_line(error)}"
                raise PredictionFailed(FailureClass.OUT_OF_MEMORY, message) from error
            if not breaks_gpu(error):
                raise
            self.usable = False  # no later run of this process can use the GPU; another container can
            message = f"the GPU failed: {_first_line(error)}"
            raise PredictionFailed(FailureClass.INFRASTRUCTURE, message) from error


def _free() -> None:
    gc.collect()
    torch.cuda.empty_cache()


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
