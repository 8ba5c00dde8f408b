"""The JSON documents of a batch, field by field: pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.aggregate.summary import Figures, brief
from shared.catalogue.entry import ModelEntry
from shared.domain.lifecycle import Accounting
from shared.domain.rows import FOURTEEN
from shared.models.batch import Batch, BatchStatus

SCHEMA_VERSION = "1.0"
IN_ROW = frozenset({"affinity", "confidence", *FOURTEEN})
SEED_RULE = (
    "sha256 of (screen seed, canonical SMILES or digest of kind and item, target digest, model), "
    "see identity.py"
)


@dataclass(frozen=True)
class BatchRecord:
    """A closed batch and what describes it."""

    batch: Batch
    status: BatchStatus
    accounting: Accounting
    closed_at: datetime
    model: ModelEntry

    def identity(self) -> dict[str, Any]:
        """What every document of the batch begins with."""
        return {
            "batch_id": self.batch.batch_id,
            "batch_name": self.batch.name,
            "created_at": self.batch.created_at.isoformat(),
            "updated_at": self.closed_at.isoformat(),
            "status": self.status.value,
            "test_model": self.batch.test_model,
        }

    def ranking(self) -> dict[str, Any]:
        """What the rank means."""
        metric = self.model.metrics[self.model.ranking.key]
        return {
            "key": self.model.ranking.key,
            "order": self.model.ranking.order,
            "unit": metric.unit,
            "direction": metric.direction,
            "meaning": metric.meaning,
        }

    def sentence(self) -> dict[str, Any]:
        """The accounting, in numbers and in words."""
        return {
            "accounting": self.accounting.model_dump(exclude={"pending", "queued", "running"}),
            "accounting_sentence": self.accounting.sentence(),
        }

    def results_head(self, figures: Figures, top: list[dict[str, Any]]) -> dict[str, Any]:
        """``batch_results.json`` without its rows."""
        return {
            **self.identity(),
            "version": SCHEMA_VERSION,
            "model": self.model.id,
            "model_version": self.batch.model_version,
            "ranking": self.ranking(),
            "metrics": {key: metric.model_dump() for key, metric in self.model.metrics.items()},
            **self.sentence(),
            "summary": self.counts() | self.extremes(figures),
            "job_count": self.accounting.submitted,
            "completed_count": self.accounting.completed,
            "top_predictions": top,
        }

    def columns_head(self) -> dict[str, Any]:
        """``results.columns.json.gz`` without its columns."""
        return {
            **self.identity(),
            "version": SCHEMA_VERSION,
            "model": self.model.id,
            "model_version": self.batch.model_version,
            "protein_name": self.batch.protein_name,
            "ranking": self.ranking(),
            "metrics": {key: metric.model_dump() for key, metric in self.model.metrics.items()},
        }

    def about(self) -> dict[str, Any]:
        """What the metadata of ``results.parquet`` says of the batch."""
        head = self.columns_head()
        return {key: value for key, value in head.items() if key != "metrics"} | self.sentence()

    def own_columns(self) -> Iterator[str]:
        """The model's figures that have no column of their own in the table."""
        return (name for name in self.model.metrics if name not in IN_ROW)

    def manifest(self, figures: Figures) -> dict[str, Any]:
        """``manifest.json`` without its list of artefacts: all that a rerun needs, and its proof."""
        batch = self.batch
        return {
            **self.identity(),
            "version": SCHEMA_VERSION,
            "model": {"id": self.model.id, "version": batch.model_version, "licence": self.model.licence},
            "task_type": batch.task_type,
            "protein_name": batch.protein_name,
            "protein_sequence": batch.protein_sequence,
            "parameters": dict(batch.parameters),
            **({"molecule_filters": dict(batch.molecule_filters)} if batch.molecule_filters else {}),
            "notes": dict(batch.notes),
            "seed": batch.seed,
            "seed_rule": SEED_RULE if batch.seed is not None else "not known: the batch was imported",
            "configuration": batch.configuration.model_dump(),
            "metadata": dict(batch.metadata),
            "request_sha256": batch.fingerprint,
            "target_sha256": batch.target_digest,
            "inputs": {name: item.model_dump() for name, item in batch.inputs.items()},
            "library": {"store": batch.store, "sha256": batch.library_digest, **batch.counts.model_dump()},
            "programs": dict(sorted(figures.versions.items())),
            "timings": {
                "submitted_at": batch.created_at.isoformat(),
                "closed_at": self.closed_at.isoformat(),
                "run_seconds": figures.seconds.as_dict() | {"total": figures.seconds.total},
            },
            **self.sentence(),
        }

    def counts(self) -> dict[str, Any]:
        done = self.accounting.completed + self.accounting.failed
        return {
            "total_jobs": self.accounting.submitted,
            "completed_jobs": self.accounting.completed,
            "failed_jobs": self.accounting.failed,
            "running_jobs": 0,
            "success_rate": 100 * self.accounting.completed / done if done else None,
        }

    def extremes(self, figures: Figures) -> dict[str, Any]:
        """Means, best and worst; best is the strongest, whichever figure ranks."""
        affinity = figures.affinity
        metric = self.model.metrics.get("affinity")
        lowest_first = metric is None or metric.direction.startswith("lower")
        return {
            "mean_affinity": affinity.mean,
            "mean_confidence": figures.confidence.mean,
            "best_affinity": affinity.least if lowest_first else affinity.most,
            "worst_affinity": affinity.most if lowest_first else affinity.least,
        }


def summary_document(
    record: BatchRecord, figures: Figures, top: list[dict[str, Any]], cost: Mapping[str, Any]
) -> dict[str, Any]:
    """``summary.json``: counts, distributions, the best, and what was written."""
    best_and_worst = {k: v for k, v in record.extremes(figures).items() if k.endswith("t_affinity")}
    return {
        **record.identity(),
        "version": SCHEMA_VERSION,
        "processing_stats": record.counts(),
        **record.sentence(),
        "failures_by_class": dict(sorted(figures.failures.items())),
        "ranking": record.ranking(),
        "distribution": figures.distribution,
        "prediction_summary": {
            "affinity_stats": figures.affinity.as_dict() | best_and_worst,
            "confidence_stats": figures.confidence.as_dict()
            | {"highest_confidence": figures.confidence.most},
            "structure_quality": {
                "ptm_mean": figures.ptm.mean,
                "iptm_mean": figures.iptm.mean,
                "plddt_mean": figures.plddt.mean,
            },
        },
        "top_predictions": {"best_affinity": top[:5], "highest_confidence": figures.most_confident(5)},
        "performance": {
            "avg_execution_time": figures.seconds.mean,
            "total_execution_time": figures.seconds.total if figures.seconds.count else None,
            "structures_generated": figures.structures,
        },
        "cost": dict(cost),
        "batch_metadata": dict(record.batch.metadata),
        "files_generated": {"structure_files": figures.structures, "total_files": figures.files},
    }


def job_metadata(record: BatchRecord, row: Mapping[str, Any]) -> dict[str, Any]:
    """``jobs/{job_id}/metadata.json``: whose result this is and how it was made."""
    scores = ("affinity", "confidence", "ptm_score", "plddt_score", "iptm_score", "execution_time")
    return {
        **brief(row),
        **{key: row[key] for key in scores},
        "batch_id": record.batch.batch_id,
        "task_type": record.batch.task_type,
        "model": record.model.id,
        "model_version": record.batch.model_version,
        "protein_name": record.batch.protein_name,
        "stored_at": row["completed_at"],
        "has_structure": row["has_structure"],
        "modal_call_id": row["call_id"],
        "seed": row["seed"],
        "attempt": row["attempt"],
        "test_model": row["test_model"],
    }
