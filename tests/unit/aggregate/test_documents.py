"""The documents of a batch: what they say follows from the record and the figures."""

import json
from typing import Any

import pytest

from services.aggregate.documents import BatchRecord, job_metadata, summary_document
from services.aggregate.summary import Figures
from shared.catalogue.entry import Ranking, entry
from shared.domain.lifecycle import Accounting
from shared.domain.rows import FOURTEEN, result_row
from shared.models.batch import BatchStatus, Counts, JobStatus, LibraryRow
from tests.support.facts import a_batch, at, outcome

COUNTS = {"submitted": 9, "completed": 3, "failed": 1, "invalid": 2, "filtered": 1, "cancelled": 2}


def record(direction: Any = "lower is stronger", **counts: int) -> BatchRecord:
    """A closed batch, ranked by another figure than its affinity."""
    batch = a_batch(6, model="vina", counts=Counts(submitted=9, valid=6, invalid=2, filtered=1))
    model = entry("vina")
    affinity = model.metrics["affinity"].model_copy(update={"direction": direction})
    ranking = Ranking(key="ligand_efficiency", order="descending")
    model = model.model_copy(update={"metrics": {**model.metrics, "affinity": affinity}, "ranking": ranking})
    return BatchRecord(batch, BatchStatus.COMPLETED, Accounting(**{**COUNTS, **counts}), at(60), model)


def figures(*affinities: float) -> Figures:
    """The figures of completed rows with these scores."""
    found = Figures()
    for value in affinities:
        found.affinity.add(value)
    return found


@pytest.mark.parametrize(
    ("direction", "best", "worst"), [("lower is stronger", -9.0, -3.0), ("higher is better", -3.0, -9.0)]
)
def test_the_best_affinity_is_the_strongest_whichever_figure_ranks(
    direction: str, best: float, worst: float
) -> None:
    head = record(direction).results_head(figures(-3.0, -9.0, -6.0), [])
    assert (head["summary"]["best_affinity"], head["summary"]["worst_affinity"]) == (best, worst)
    assert head["summary"]["mean_affinity"] == -6.0
    stats = summary_document(record(direction), figures(-3.0, -9.0), [], {})["prediction_summary"][
        "affinity_stats"
    ]
    assert (stats["best_affinity"], stats["worst_affinity"], stats["min"]) == (best, worst, -9.0)


def test_every_document_begins_with_whose_it_is_and_adds_up() -> None:
    documents = [
        record().results_head(figures(), []),
        summary_document(record(), figures(), [], {}),
        record().manifest(figures()),
    ]
    for document in documents:
        assert document["status"] == "completed"
        assert document["accounting"] == COUNTS
        assert document["accounting_sentence"] == (
            "submitted 9 = 3 completed + 1 failed + 2 invalid + 1 filtered + 2 cancelled"
        )
        json.dumps(document, allow_nan=False)


def test_the_rate_of_success_is_of_those_computed_and_null_without_any() -> None:
    assert record().counts()["success_rate"] == 75.0
    assert record(completed=0, failed=0).counts()["success_rate"] is None


def test_without_results_every_figure_is_null_and_not_zero() -> None:
    summary = summary_document(record(), Figures(), [], {})
    assert summary["performance"]["total_execution_time"] is None
    assert summary["prediction_summary"]["structure_quality"] == dict.fromkeys(
        ("ptm_mean", "iptm_mean", "plddt_mean")
    )
    assert summary["prediction_summary"]["affinity_stats"]["best_affinity"] is None


def test_the_ranking_states_key_order_unit_and_direction() -> None:
    ranking = record().ranking()
    assert (ranking["key"], ranking["order"]) == ("ligand_efficiency", "descending")
    assert (ranking["unit"], ranking["direction"]) == ("kcal/mol per heavy atom", "higher is better")
    assert ranking["meaning"]


def test_the_models_own_columns_are_those_the_table_does_not_have() -> None:
    own = list(record().own_columns())
    assert {"ligand_efficiency", "pose_gap", "pose_valid"} <= set(own) <= set(record().model.metrics)
    assert not set(own) & {*FOURTEEN, "affinity", "confidence"}


def test_the_manifest_holds_what_a_rerun_needs() -> None:
    manifest = record().manifest(figures())
    batch = record().batch
    assert manifest["seed"] == 42
    assert (manifest["request_sha256"], manifest["target_sha256"]) == (batch.fingerprint, batch.target_digest)
    assert manifest["library"] == {
        "store": batch.store,
        "sha256": batch.library_digest,
        "submitted": 9,
        "valid": 6,
        "invalid": 2,
        "filtered": 1,
        "duplicates": 0,
    }
    assert manifest["configuration"] == batch.configuration.model_dump()
    assert manifest["timings"]["closed_at"] == at(60).isoformat()


def test_a_jobs_metadata_say_how_it_was_made() -> None:
    batch = record().batch
    settled = outcome(batch, metrics={"affinity": -5.5}, started_at=at(-3), seed=7, call_id="call")
    library = LibraryRow(
        position=0, index=0, line=2, name="x", smiles="C", canonical_smiles="C", heavy_atoms=1
    )
    row = result_row(library, job_id="job", status=JobStatus.COMPLETED, outcome=settled, rank=1)
    said = job_metadata(record(), row)
    assert (said["job_id"], said["rank"], said["affinity"], said["seed"]) == ("job", 1, -5.5, 7)
    assert (said["model"], said["execution_time"], said["modal_call_id"]) == ("vina", 3.0, "call")
