"""How each model is hosted at Modal: the one table behind its app."""

from collections.abc import Mapping
from dataclasses import dataclass

MOST_RETRIES = 1
"""Attempts are ours to count; at Modal a run is tried again once at the most."""


@dataclass(frozen=True)
class WeightFile:
    """
    A file of a model's weights: where from, and what its bytes must hash to.

    ``unpacked``: the folder that an archive holds, which is laid beside it.
    """

    path: str
    url: str
    sha256: str | None
    """None: nobody has pinned it yet. Filling then refuses the file, and says what it would be pinned to."""
    unpacked: str | None = None


@dataclass(frozen=True)
class Weights:
    """
    What a model has learnt, at one revision, in a Volume of its own.

    It is filled once by a function without a GPU, and only read by runs.
    """

    revision: str
    files: tuple[WeightFile, ...]


@dataclass(frozen=True)
class Checkout:
    """
    Programs that are no package: their source at a commit, in an environment of their own.

    ``folder`` is where they lie in the image, with an environment ``.venv`` of the interpreter ``python``, as
    their own lock file pins it. Our code does not run in it: it starts them as programs.
    """

    url: str
    commit: str
    folder: str
    python: str


@dataclass(frozen=True)
class Hosting:
    """
    One app.

    ``gpus``: those that will do, the best first; none for a model that computes on processors.
    ``seconds`` limits a run and is the catalogue's limit, ``start_seconds`` the loading before the first
    one. ``most_containers`` caps what is spent at a time, and an idle container is paid for until
    ``idle_seconds`` are over. ``memory_mb``: wanted, and the most. ``cached``: whether runs share a
    Volume for what is computed once per target. ``programs``: what the image has besides our packages;
    ``debian``: and Debian's packages.
    """

    gpus: tuple[str, ...]
    cores: float
    memory_mb: tuple[int, int]
    seconds: int
    start_seconds: int
    most_containers: int
    idle_seconds: int
    retries: int = 0
    weights: Weights | None = None
    cached: bool = False
    programs: Checkout | None = None
    debian: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not 0 <= self.retries <= MOST_RETRIES:
            raise ValueError(f"at Modal a run is tried again at most {MOST_RETRIES} times")


BOLTZ2_REVISION = "6fdef46d763fee7fbb83ca5501ccceff43b85607"
BOLTZ2_SOURCE = f"https://huggingface.co/boltz-community/boltz-2/resolve/{BOLTZ2_REVISION}"
BOLTZ2 = Weights(
    revision=BOLTZ2_REVISION,
    files=(
        WeightFile(
            "boltz2_conf.ckpt",
            f"{BOLTZ2_SOURCE}/boltz2_conf.ckpt",
            "090e82ac8c92f5e943fa1b39e7410a44027bea7243c0bbb3caa67a77fc1428e1",
        ),
        WeightFile(
            "boltz2_aff.ckpt",
            f"{BOLTZ2_SOURCE}/boltz2_aff.ckpt",
            "dcc5cd3722b1c9eaa34267e4ae32f55cbbf1963f4c19319381ccfa30fdd2ca9e",
        ),
        WeightFile(
            "mols.tar",
            f"{BOLTZ2_SOURCE}/mols.tar",
            "39e076d96dbec6b4e86982bbda16f3a53a2a60c9bdc17828d88f6f9a0c7d1fd7",
            unpacked="mols",
        ),
    ),
)
"""6.2 GB, and 1.9 GB more unpacked; the digests are those that the source publishes for the revision."""

CHAI1_SOURCE = "https://chaiassets.com/chai1-inference-depencencies"
CHAI1_PARTS = (
    *("feature_embedding.pt", "bond_loss_input_proj.pt", "token_embedder.pt"),
    *("trunk.pt", "diffusion_module.pt", "confidence_head.pt"),
)
CHAI1 = Weights(
    revision="models_v2",
    files=(
        *(WeightFile(f"models_v2/{it}", f"{CHAI1_SOURCE}/models_v2/{it}", None) for it in CHAI1_PARTS),
        WeightFile("conformers_v1.apkl", f"{CHAI1_SOURCE}/conformers_v1.apkl", None),
        WeightFile(
            "esm/traced_sdpa_esm2_t36_3B_UR50D_fp16.pt",
            f"{CHAI1_SOURCE}/esm2/traced_sdpa_esm2_t36_3B_UR50D_fp16.pt",
            None,
        ),
    ),
)
"""Some 7 GB, most of it the language model; the folder's name is misspelt at the source, too. Its authors
publish no digests."""

RFANTIBODY = Checkout(
    url="https://github.com/RosettaCommons/RFantibody",
    commit="8fe311415754e0276d1a39c87c57e69c88927a2d",  # the head of its main branch in March 2026
    folder="/opt/rfantibody",
    python="3.10",
)
"""Its uv.lock pins torch 2.3 for CUDA 11.8, and DGL 2.4 by the URL of a wheel that no index carries."""

RFANTIBODY_WEIGHTS = Weights(
    revision="files.ipd.uw.edu, 2025",
    files=tuple(
        WeightFile(name, f"https://files.ipd.uw.edu/pub/RFantibody/{name}", None)
        for name in ("RFdiffusion_Ab.pt", "ProteinMPNN_v48_noise_0.2.pt", "RF2_ab.pt")
    ),
)
"""Its authors publish no digests."""

HOSTED: Mapping[str, Hosting] = {
    "boltz2": Hosting(
        gpus=("A100-40GB", "A100-80GB", "H100"),
        cores=4.0,
        memory_mb=(16384, 49152),
        seconds=1800,
        start_seconds=900,
        most_containers=20,
        idle_seconds=120,
        weights=BOLTZ2,
    ),
    "chai1": Hosting(
        gpus=("A100-80GB", "L40S", "H100"),  # 48 GB are enough for the 2048 tokens that it takes
        cores=4.0,
        memory_mb=(32768, 65536),
        seconds=3600,
        start_seconds=900,
        most_containers=20,
        idle_seconds=120,
        weights=CHAI1,
        debian=("kalign",),  # which Chai-1 starts to align templates
    ),
    "noop": Hosting(
        gpus=(),
        cores=0.25,
        memory_mb=(256, 1024),
        seconds=5,
        start_seconds=60,
        most_containers=4,
        idle_seconds=10,
    ),
    "rfantibody": Hosting(
        gpus=("A100-40GB", "A100-80GB", "L40S"),
        cores=4.0,
        memory_mb=(16384, 49152),
        seconds=7200,
        start_seconds=600,
        most_containers=20,
        idle_seconds=60,
        weights=RFANTIBODY_WEIGHTS,
        programs=RFANTIBODY,
    ),
    "vina": Hosting(
        gpus=(),
        cores=1.0,
        memory_mb=(1024, 4096),
        seconds=7200,
        start_seconds=180,
        most_containers=50,
        idle_seconds=60,
    ),
}
"""By model. What packages an app has stands in ``images/<model>.in``, pinned beside it."""
