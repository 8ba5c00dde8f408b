"""What one folded complex's results.json says: the catalogue's figures, and the scores of every sample."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic import JsonValue
from rdkit import Chem

from modal_gpu.predictors.chai1.files import Job
from modal_gpu.predictors.chai1.reader import Sample
from modal_gpu.predictors.chai1.structure import Structure
from modal_gpu.predictors.folded import judging
from modal_gpu.predictors.folded.identity import SOUND, UNSOUND
from shared.catalogue.chai1_chains import LETTERS, padded
from shared.models.work import MetricValue


@dataclass(frozen=True)
class Folded:
    """All that is known of one complex: ``chosen`` is the best sample, ``structure`` its structure."""

    job: Job
    samples: tuple[Sample, ...]
    chosen: Sample
    structure: Structure


def metrics(folded: Folded) -> dict[str, MetricValue]:
    """The figures of the catalogue for the best sample, null where there is none. There is no affinity."""
    chosen, structure = folded.chosen, folded.structure
    several = len(folded.job.chains) > 1
    return {
        "aggregate_score": chosen.aggregate_score,
        "confidence": chosen.aggregate_score,
        "ptm_score": chosen.ptm,
        "iptm_score": chosen.iptm if several else None,
        "ligand_iptm": ligand_iptm(chosen, folded.job),
        "plddt_score": round(structure.plddt / 100, 4),
        "ligand_plddt": round(structure.ligand.plddt / 100, 4) if structure.ligand else None,
        "has_inter_chain_clashes": chosen.clashes,
        "score_spread": score_spread(folded.samples),
        **judging.metrics(structure.ligand.judged if structure.ligand else None),
        "heavy_atoms": folded.job.ligand.heavy_atoms if folded.job.ligand else None,
    }


def ligand_iptm(sample: Sample, job: Job) -> float | None:
    """
    The highest pair ipTM of the ligand's chain and a protein, aligned on either.

    Null without a ligand or a protein.
    """
    if job.ligand is None:
        return None
    last = len(job.chains) - 1
    proteins = [index for index, chain in enumerate(job.chains) if chain.kind == "protein"]
    pairs = [value for it in proteins for value in (sample.pair_iptm[it][last], sample.pair_iptm[last][it])]
    return max(pairs, default=None)


def score_spread(samples: Sequence[Sample]) -> float | None:
    """Highest minus lowest aggregate score; null for a single sample."""
    if len(samples) < 2:
        return None
    scores = [it.aggregate_score for it in samples]
    return round(max(scores) - min(scores), 6)


def details(folded: Folded) -> dict[str, JsonValue]:
    """What stands behind the figures."""
    job = folded.job
    return {
        "chains": [
            {"chain": letter, "kind": it.kind, "name": it.name, "tokens": it.tokens}
            for letter, it in zip(LETTERS, job.chains, strict=False)
        ],
        "network_size": padded(job.tokens),
        "best_sample": folded.chosen.number,
        "samples": [_sample(it) for it in folded.samples],
        "alignments": len(job.alignments),
        "restraints": job.restraints is not None,
        "templates": len(job.templates) - 1 if job.templates else 0,
        "notes": list(job.notes),
        **_of_ligand(folded),
    }


def _of_ligand(folded: Folded) -> dict[str, JsonValue]:
    asked, found = folded.job.ligand, folded.structure.ligand
    if asked is None or found is None:
        return {}
    return {
        "folded_smiles": Chem.MolToSmiles(asked.molecule),
        "fragments_removed": list(asked.removed),
        "ligand_identity": SOUND if found.sound else UNSOUND,
        "contacts": [*found.contacts],
        **judging.details(found.judged),
    }


def _sample(it: Sample) -> JsonValue:
    return {
        "sample": it.number,
        "aggregate_score": it.aggregate_score,
        "ptm": it.ptm,
        "iptm": it.iptm,
        "chain_ptm": list(it.chain_ptm),
        "pair_iptm": [list(row) for row in it.pair_iptm],
        "has_inter_chain_clashes": it.clashes,
    }


def fields(folded: Folded) -> Mapping[str, str]:
    """What goes along with the ligand in its SDF."""
    return {
        "sample": str(folded.chosen.number),
        "aggregate_score": f"{folded.chosen.aggregate_score:.4f}",
        "coordinates": "predicted; hydrogens are not",
    }
