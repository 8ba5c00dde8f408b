"""How a run samples; the names, meanings and default values are those of the model's command line."""

from dataclasses import dataclass
from typing import Any

RECYCLING_FOR_AFFINITY = 5  # the command line fixes it


@dataclass(frozen=True)
class Sampling:
    """
    What of the sampling may be chosen.

    Steps, recycling and ``max_parallel_samples`` govern the structure; an affinity is predicted on a
    structure of its own, of ``sampling_steps_affinity``. ``method`` is an experiment that the structure is
    to look like the outcome of.
    """

    recycling_steps: int = 3
    sampling_steps: int = 200
    diffusion_samples: int = 1
    max_parallel_samples: int = 5
    step_scale: float = 1.5
    sampling_steps_affinity: int = 200
    diffusion_samples_affinity: int = 5
    affinity_mw_correction: bool = False
    use_potentials: bool = False
    max_msa_seqs: int = 8192
    subsample_msa: bool = False
    num_subsampled_msa: int = 1024
    method: str | None = None

    def of_structure(self) -> dict[str, Any]:
        """The arguments of the structure pass, by the names of the network."""
        return {
            "recycling_steps": self.recycling_steps,
            "sampling_steps": self.sampling_steps,
            "diffusion_samples": self.diffusion_samples,
            "max_parallel_samples": self.max_parallel_samples,
            "write_confidence_summary": True,
            "write_full_pae": False,
            "write_full_pde": False,
        }

    def of_affinity(self) -> dict[str, Any]:
        """The arguments of the affinity pass."""
        return {
            "recycling_steps": RECYCLING_FOR_AFFINITY,
            "sampling_steps": self.sampling_steps_affinity,
            "diffusion_samples": self.diffusion_samples_affinity,
            "max_parallel_samples": 1,
            "write_confidence_summary": False,
            "write_full_pae": False,
            "write_full_pde": False,
        }
