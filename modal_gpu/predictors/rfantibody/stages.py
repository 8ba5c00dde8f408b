"""The three programs of RFantibody: how each is called, in order, for one job."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from shared.catalogue.rfantibody_chain import TARGET_CHAIN, TargetMap
from shared.catalogue.rfantibody_parameters import DesignShare, RfantibodyParameters

FRAMEWORKS = {"vhh": "h-NbBCII10.pdb", "scfv": "hu-4D5-8_Fv.pdb", "fab": "hu-4D5-8_Fv.pdb"}
EXAMPLES = Path("scripts/examples/example_inputs")
WEIGHTS = ("RFdiffusion_Ab.pt", "ProteinMPNN_v48_noise_0.2.pt", "RF2_ab.pt")
TAG = "samples_design_"
"""RFdiffusion calls an entry of a Quiver file by its default prefix, samples/design, and the number."""


@dataclass(frozen=True)
class Campaign:
    """
    What a job designs, as the programs are told.

    RFdiffusion seeds each design with its number, so the numbers of a campaign begin at its seed: a design
    is the same in whatever share it is made, and other seeds give other designs.
    """

    parameters: RfantibodyParameters
    share: DesignShare
    numbers: TargetMap
    search_seed: int
    seed: int

    @property
    def first_number(self) -> int:
        """The number of the first design of this job, as RFdiffusion counts."""
        return self.search_seed + self.share.first_design

    @property
    def tags(self) -> dict[str, str]:
        """The name of every design that is asked for, counted from 1, by the tag of its backbone."""
        first, count = self.share.first_design, self.share.designs
        return {f"{TAG}{self.search_seed + it}": f"design_{it + 1}" for it in range(first, first + count)}

    @property
    def loops(self) -> str:
        """The loops that get new sequences, by name."""
        return ",".join(loop.name for loop in self.parameters.designed)

    @property
    def hotspots(self) -> str:
        """The hotspots in the numbering of the target as it is designed on."""
        there = self.numbers.number_of
        labels = (spot.partition(":")[2] for spot in self.parameters.hotspots)
        return ",".join(f"{TARGET_CHAIN}{there[label]}" for label in labels)


def rfdiffusion(campaign: Campaign, *, target: Path, framework: Path, out: Path) -> list[str]:
    """Backbones: one entry of ``out`` per design."""
    parameters = campaign.parameters
    return [
        *("rfdiffusion", "-t", str(target), "-f", str(framework), "-q", str(out)),
        *("-n", str(campaign.share.designs)),
        *("-l", ",".join(str(loop) for loop in parameters.designed)),
        *("-h", campaign.hotspots),  # not its help
        *("--diffuser-t", str(parameters.diffuser_t)),
        *("--deterministic", "--no-trajectory"),
        *("-e", f"inference.design_startnum={campaign.first_number}"),
    ]


def proteinmpnn(campaign: Campaign, *, backbones: Path, out: Path, debug: bool) -> list[str]:
    """Sequences for every backbone; only with ``debug`` does it stop at a design that fails, and say why."""
    parameters = campaign.parameters
    return [
        *("proteinmpnn", "-q", str(backbones), "--output-quiver", str(out)),
        *("-n", str(parameters.sequences_per_backbone)),
        *("-l", campaign.loops),
        *("-t", str(parameters.temperature)),
        "--deterministic",
        *(["--debug"] if debug else []),
    ]


def rf2(campaign: Campaign, *, sequences: Path, out: Path) -> list[str]:
    """A prediction of every sequence with its target, as a PDB file in the folder ``out``."""
    parameters = campaign.parameters
    return [
        *("rf2", "-q", str(sequences), "-o", str(out)),
        *("-r", str(parameters.recycles)),
        *("-s", str(campaign.seed)),
        *("--hotspot-show-prop", str(parameters.hotspot_show_prop)),
    ]


def environment(
    base: Mapping[str, str], *, source: Path, weights: Path, root: Path, home: Path
) -> Mapping[str, str]:
    """
    What the programs find themselves by.

    ``root`` becomes their working directory. It must be fresh: ProteinMPNN leaves there what it has done,
    by tag, and skips that the next time. ``home`` is better kept: RFdiffusion keeps noise schedules there,
    which take it a minute or so.
    """
    return {
        **base,
        "PATH": f"{source / '.venv' / 'bin'}:{base.get('PATH', '/usr/bin:/bin')}",
        "RFANTIBODY_ROOT": str(root),
        "RFANTIBODY_SCRIPTS": str(source / "scripts"),
        "RFANTIBODY_WEIGHTS": str(weights),
        "DGLBACKEND": "pytorch",
        "HOME": str(home),
    }


def missing_weights(folder: Path) -> Sequence[str]:
    """The files of weights that are not there; RF2 reports that and goes on to fail in some other way."""
    return [name for name in WEIGHTS if not (folder / name).is_file()]
