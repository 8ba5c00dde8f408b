"""What a job says of its designs: figures of the best one, a table of all, and their structures."""

import csv
import gzip
import io
import json
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from modal_gpu.predictors.rfantibody import ranking
from modal_gpu.predictors.rfantibody.complexes import to_mmcif
from modal_gpu.predictors.rfantibody.ranking import Design
from modal_gpu.predictors.rfantibody.stages import Campaign
from shared.models.work import MetricValue

FIGURES = (
    *("interaction_pae", "pae", "pred_lddt", "target_aligned_antibody_rmsd", "target_aligned_cdr_rmsd"),
    *("framework_aligned_antibody_rmsd", "framework_aligned_cdr_rmsd", "framework_aligned_H3_rmsd"),
)
LOOPS = ("H1", "H2", "H3", "L1", "L2", "L3")
RULE = (
    f"passes: interaction_pae < {ranking.MOST_PAE:g} Å and {ranking.RMSD} < {ranking.MOST_RMSD:g} Å; ranked: "
    "those that pass first, then by interaction_pae"
)


@dataclass(frozen=True)
class Made:
    """The designs of a job, best first, and by name why others that were asked for are missing."""

    campaign: Campaign
    designs: Sequence[Design]
    missing: Mapping[str, str]


def metrics(made: Made) -> dict[str, MetricValue]:
    """The figures of the best design, and how many there are."""
    best = made.designs[0]
    sequences = best.predicted.sequences
    return {
        "ranking_pae": best.ranking_pae,
        **{name: best.scores.get(name) for name in FIGURES},
        "mindist": best.mindist,
        "best_design": best.name,
        "heavy_chain": sequences.get("H"),
        "light_chain": sequences.get("L"),
        "n_designs": len(made.designs),
        "n_passing": sum(design.passes for design in made.designs),
        "n_missing": len(made.missing),
    }


def details(made: Made) -> dict[str, JsonValue]:
    """All designs by rank, what is missing, and the rule."""
    return {"designs": [*_rows(made)], "missing": dict(made.missing), "rule": RULE}


def files(made: Made) -> dict[str, bytes]:
    """The artefacts; the same designs give the same bytes."""
    text = json.dumps(details(made), sort_keys=True, indent=1, allow_nan=False, ensure_ascii=False)
    return {
        "structure.cif": to_mmcif(made.designs[0], made.campaign.numbers).encode(),
        "designs.json": f"{text}\n".encode(),
        "designs.csv": _table(made),
        "designs.tar.gz": _archive(made.designs),
    }


def _rows(made: Made) -> list[JsonValue]:
    return [
        {
            "rank": rank,
            "name": design.name,
            "passes": design.passes,
            "framework": made.campaign.parameters.framework,
            "target_chain": made.campaign.parameters.target_chain,
            "heavy_chain": design.predicted.sequences.get("H"),
            "light_chain": design.predicted.sequences.get("L"),
            "loops": {name: design.predicted.loops.get(name) for name in LOOPS},
            "mindist": design.mindist,
            "scores": dict(design.scores),
        }
        for rank, design in enumerate(made.designs, start=1)
    ]


def _table(made: Made) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(["rank", "name", "passes", *FIGURES, "mindist", "heavy_chain", "light_chain", *LOOPS])
    for rank, design in enumerate(made.designs, start=1):
        scores, found = design.scores, design.predicted
        writer.writerow(
            [rank, design.name, str(design.passes).lower(), *(scores.get(name) for name in FIGURES)]
            + [design.mindist, found.sequences.get("H"), found.sequences.get("L")]
            + [found.loops.get(name) for name in LOOPS]
        )
    return out.getvalue().encode()


def _archive(designs: Sequence[Design]) -> bytes:
    """RF2's own files, as it wrote them, without times or owners."""
    packed = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=packed, mode="wb", mtime=0, filename="") as out,
        tarfile.open(fileobj=out, mode="w") as archive,
    ):
        for design in sorted(designs, key=lambda it: it.name):
            content = design.predicted.text.encode()
            member = tarfile.TarInfo(f"designs/{design.name}.pdb")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return packed.getvalue()
