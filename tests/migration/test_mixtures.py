"""Any mixture of older documents and objects, through the real command."""

import json
import math
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from shared import wiring
from shared.steps.reading import overview
from tests.cli.program import Omtx
from tests.support.old_tree import PROTEIN, ZEROS, OldTree, figures
from tests.support.properties import examples

IDS = st.sampled_from(["a", "b", "c", "d", "e", "f", "g", "p", "q", "../x", ""])
RESULTS = st.sampled_from(
    [None, figures(), figures(3), ZEROS, {}, {"status": "failed", "error": "it died"}, {"affinity": math.nan}]
)
INPUTS = st.fixed_dictionaries(
    {"ligand_smiles": st.sampled_from(["CCO", "c1ccccc1", "CCN", "C1CC(", "", None, 7])},
    optional={
        "ligand_name": st.sampled_from(["ethanol", "=cmd()", "\ud800", None]),
        "protein_sequence": st.sampled_from([PROTEIN, PROTEIN, "MKT"]),
        "protein_name": st.sampled_from(["TRIM25", ""]),
        "parent_batch_id": IDS,
        "ligands": st.sampled_from([["CCO"], [{"name": "x", "smiles": "CCO"}], ["CCO", "CCN"], "CCO"]),
    },
)
DOCUMENT = st.fixed_dictionaries(
    {"id": IDS, "input_data": INPUTS},
    optional={
        "job_type": st.sampled_from(["BATCH_CHILD", "batch_parent", "individual", "odd", None, 3]),
        "task_type": st.sampled_from(
            ["protein_ligand_binding", "batch_protein_ligand_screening", "protein_structure", None]
        ),
        "status": st.sampled_from(
            ["completed", "Complete", "FAILED", "running", "cancelled", "odd", None, 1]
        ),
        "batch_parent_id": IDS,
        "batch_index": st.sampled_from([0, 1, "1", -1, 2**70, None]),
        "batch_child_ids": st.sampled_from([["a", "b"], ["p"], [None], "a"]),
        "created_at": st.sampled_from(["2025-06-01T10:00:00", "yesterday", 1748772000, 10**20, None]),
        "completed_at": st.sampled_from(["2025-06-01T09:00:00Z", "2025-06-01T11:00:00Z"]),
        "started_at": st.sampled_from(["2025-06-01T10:30:00Z", 0]),
        "model_name": st.sampled_from(["boltz2", "Boltz-2", "chai1", None]),
        "output_data": RESULTS,
        "error_message": st.sampled_from(["out of memory", "", None]),
    },
)
STORED = st.dictionaries(
    st.sampled_from(["a", "b", "c", "d", "e", "stray"]), st.just(figures()) | RESULTS, min_size=2, max_size=6
)


@given(jobs=st.lists(DOCUMENT, min_size=3, max_size=9), mine=st.lists(DOCUMENT, max_size=2), stored=STORED)
@examples(100)
def test_every_document_has_one_verdict_and_every_batch_adds_up_and_agrees(
    omtx: Omtx, jobs: list[dict[str, Any]], mine: list[dict[str, Any]], stored: dict[str, Any]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        tree = OldTree(Path(folder))
        tree.jobs, tree.my_results = jobs, mine
        for id, results in stored.items():
            tree.store(id, results)
        source, owner = tree.write(), Path(folder).name  # every example has an owner of its own
        told = omtx("migrate", source, "--owner", owner, "--dry-run")
        done = omtx("migrate", source, "--owner", owner)
        checked = omtx("migrate", source, "--owner", owner, "--verify")
    report = done.json
    assert told.code == done.code == checked.code == (9 if report["errors"] else 0)
    assert told.json["totals"] == report["totals"] == checked.json["totals"]
    places = [it["place"] for name in ("migrated", "skipped", "errors") for it in report[name]]
    documents = [place for place in places if " line " in place]
    assert sorted(documents) == sorted(
        [f"jobs.jsonl line {n + 1}" for n in range(len(jobs))]
        + [f"my_results.jsonl line {n + 1}" for n in range(len(mine))]
    )
    for batch_id in {it["batch_id"] for it in report["migrated"]}:
        _assert_adds_up(owner, batch_id)


def _assert_adds_up(owner: str, batch_id: str) -> None:
    view = overview(wiring.ledger(), wiring.ledger().batch(batch_id))
    assert view.batch.owner == owner
    assert view.accounting.holds
    assert view.accounting.open == 0
    assert view.status.value in ("completed", "failed", "cancelled")
    results = json.loads(wiring.blobs().get(f"batches/{batch_id}/batch_results.json"))
    assert len(results["jobs"]) == view.accounting.submitted
