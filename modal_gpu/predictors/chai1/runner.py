"""
The program itself, in this process, with what it loads kept between runs.

Release 0.6.1 reads its six network parts and the reference conformers from disk in every call. It looks both
up by name in its own modules, and there they are replaced by the same functions with a memory; nothing
else of it is touched. The order in which ligands come then changes nothing: the tests compare with the
command line, byte by byte.
"""

import functools
import gc
import logging
from collections.abc import Iterator
from contextlib import contextmanager

import chai_lab.chai1 as program
import torch
from chai_lab.data.dataset import inference_dataset
from chai_lab.utils.tensor_utils import set_seed

from modal_gpu.predictors.base import PredictionFailed
from modal_gpu.predictors.chai1.files import Layout
from modal_gpu.predictors.chai1.reader import Errors
from shared.catalogue.chai1_parameters import Chai1Parameters
from shared.models.work import FailureClass

log = logging.getLogger("omtx.run")
PARTS = (
    *("feature_embedding.pt", "bond_loss_input_proj.pt", "token_embedder.pt"),
    *("trunk.pt", "diffusion_module.pt", "confidence_head.pt"),
)


class Runner:
    """The program on one device, loaded once."""

    def __init__(self) -> None:
        logging.getLogger("chai_lab").setLevel(logging.INFO)
        self.device = "cuda:0" if torch.cuda.is_available() else "cpu"
        program.load_exported = functools.cache(program.load_exported)
        inference_dataset.RefConformerGenerator = functools.cache(inference_dataset.RefConformerGenerator)

    def load(self) -> None:
        """Read the network and the conformers now, not in the first run."""
        for part in PARTS:
            program.load_exported(part, torch.device(self.device))
        inference_dataset.RefConformerGenerator()

    def fold(self, layout: Layout, parameters: Chai1Parameters, seed: int) -> Errors:
        """
        Fold one complex into ``layout.output``.

        The seed is set before the program sets it: it turns modified residues at random before that.

        Raises:
            PredictionFailed: out_of_memory, invalid_input where the program says so, infrastructure where
                the GPU is no longer usable, else model_error.
        """
        with _telling_failures(self.device):
            set_seed([seed])
            found = program.run_inference(
                fasta_file=layout.fasta,
                output_dir=layout.output,
                use_esm_embeddings=parameters.use_esm_embeddings,
                msa_directory=layout.alignments,
                constraint_path=layout.restraints,
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
def _telling_failures(device: str) -> Iterator[None]:
    try:
        yield
    except torch.OutOfMemoryError as error:
        _free()
        message = f"the GPU ran out of memory: {_first_line(error)}"
        raise PredictionFailed(FailureClass.OUT_OF_MEMORY, message) from error
    except program.UnsupportedInputError as error:
        raise PredictionFailed(FailureClass.INVALID_INPUT, _first_line(error)) from error
    except RuntimeError as error:
        if "CUDA error" in str(error):
            # No later run of this process can use the GPU; another container can.
            message = f"the GPU failed: {_first_line(error)}"
            raise PredictionFailed(FailureClass.INFRASTRUCTURE, message) from error
        raise


def _free() -> None:
    gc.collect()
    torch.cuda.empty_cache()


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
