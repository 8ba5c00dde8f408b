"""
The two networks, loaded once; all that a run may choose is set anew before each pass.

What is set here is what the command line gives to a network when it loads it.
"""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from boltz.main import Boltz2DiffusionParams, BoltzSteeringParams, MSAModuleArgs, PairformerArgsV2
from boltz.model.models.boltz2 import Boltz2

from modal_gpu.predictors.boltz2.randomness import counted, skip
from modal_gpu.predictors.boltz2.sampling import Sampling

STRUCTURE, AFFINITY = "boltz2_conf.ckpt", "boltz2_aff.ckpt"
# Between two of these modules little time passes, whatever the size of the complex.
WATCHED = frozenset({"PairformerLayer", "PairformerNoSeqLayer", "MSALayer", "DiffusionModule"})


class OutOfTime(Exception):
    """The run's time is over."""


class Deadline:
    """When a run must end; looked at from inside a pass, as nothing else can end it without the process."""

    def __init__(self) -> None:
        self._end: float | None = None

    def set(self, seconds: float | None) -> None:
        """So many seconds from now, or never."""
        self._end = None if seconds is None else time.monotonic() + seconds

    def left(self) -> float | None:
        """
        The seconds that are left, or None without an end.

        Raises:
            OutOfTime: none are left.
        """
        if self._end is None:
            return None
        left = self._end - time.monotonic()
        if left <= 0:
            raise OutOfTime
        return left

    def watch(self, network: Any) -> None:
        """Raise OutOfTime from within the network."""
        for module in network.modules():
            if type(module).__name__ in WATCHED:
                module.register_forward_pre_hook(lambda module, given: _none(self.left()))


@dataclass(frozen=True)
class Networks:
    """Both networks, and how many random values a process draws to load each."""

    structure: Any
    affinity: Any
    draws_for_structure: int
    draws_for_affinity: int

    @classmethod
    def load(cls, cache: Path, *, kernels: bool, deadline: Deadline) -> "Networks":
        """From the files of the cache."""
        structure, first = counted(_loading(cache / STRUCTURE, use_kernels=kernels))
        affinity, second = counted(_loading(cache / AFFINITY, affinity_mw_correction=False))
        for network in (structure, affinity):
            network.eval()
            deadline.watch(network)
        return cls(structure, affinity, first, second)

    def for_structure(self, sampling: Sampling) -> Any:
        """The network as a process has it that has just loaded it, the random generator included."""
        skip(self.draws_for_structure)
        steering = BoltzSteeringParams()
        steering.fk_steering = steering.physical_guidance_update = sampling.use_potentials
        _set(self.structure, sampling, steering)
        self.structure.predict_args = sampling.of_structure()
        return self.structure

    def for_affinity(self, sampling: Sampling) -> Any:
        """See ``for_structure``."""
        skip(self.draws_for_affinity)
        steering = BoltzSteeringParams()
        steering.fk_steering = steering.physical_guidance_update = False
        steering.contact_guidance_update = False
        _set(self.affinity, sampling, steering)
        self.affinity.predict_args = sampling.of_affinity()
        self.affinity.affinity_mw_correction = sampling.affinity_mw_correction
        return self.affinity


def _loading(path: Path, **choices: bool) -> Callable[[], Any]:
    return lambda: Boltz2.load_from_checkpoint(
        path,
        strict=True,
        predict_args=Sampling().of_structure(),
        map_location="cpu",
        diffusion_process_args=asdict(Boltz2DiffusionParams()),
        ema=False,
        pairformer_args=asdict(PairformerArgsV2()),
        msa_args=asdict(MSAModuleArgs(use_paired_feature=True)),
        steering_args=asdict(BoltzSteeringParams()),
        **choices,
    )


def _set(network: Any, sampling: Sampling, steering: BoltzSteeringParams) -> None:
    network.steering_args = asdict(steering)
    network.structure_module.step_scale = sampling.step_scale
    network.msa_module.subsample_msa = sampling.subsample_msa
    network.msa_module.num_subsampled_msa = sampling.num_subsampled_msa


def _none(left: float | None) -> None:
    """A hook that answers anything else would change what the module is given."""
