"""``aggregate``: the artefacts tell the facts, the same bytes each time, and a broken sum is never hidden."""

import csv
import gzip
import hashlib
import io
import json
from datetime import timedelta
from typing import Any

import pytest

from shared import wiring
from shared.events.messages import BatchFinished
from tests.support.boundaries import Fault
from tests.support.chain import Chain
from tests.support.orders import noop_order
from tests.support.screens import answers, deliver_all, finished, letters, opened, status, tell, waiting

MIXED: dict[str, Any] = {"parameters": {"failure_rate": 0.4, "payload_bytes": 64}, "seed": 3}


def artefacts(chain: Chain, batch_id: str) -> dict[str, bytes]:
    """The batch's own artefacts, which its closing lists, and the pages of its rows."""
    listed = chain.api(f"/api/v3/batches/{batch_id}/artefacts").body["artefacts"]
    files = {file["name"]: wiring.local_blobs().get(file["key"]) for file in listed}
    if not files:
        return {}
    pages = [key for key in wiring.local_blobs().list(f"batches/{batch_id}/results/") if "/rows-" in key]
    return files | {key.split("/", 2)[2]: wiring.local_blobs().get(key) for key in pages}


def full(chain: Chain, ligands: int = 6, **changes: Any) -> str:
    """A batch that is full and announced, and not yet aggregated."""
    batch_id = opened(chain, ligands, **changes)
    deliver_all(chain)
    tell(chain, *answers(chain))
    assert set(waiting()) == {"aggregate-batch-finished"}
    return batch_id


def tamper(sql: str, *values: object) -> None:
    """Change the state behind everyone's back."""
    wiring.local_database().write(lambda connection: connection.execute(sql, values).rowcount)


def test_every_document_tells_the_same_story(chain: Chain) -> None:
    batch_id = finished(chain, 9, invalid=2, **MIXED)
    files = artefacts(chain, batch_id)
    results, summary = json.loads(files["batch_results.json"]), json.loads(files["summary.json"])
    table = list(csv.DictReader(io.StringIO(files["results/batch_results.csv"].decode())))
    paged = [json.loads(line) for line in gzip.decompress(files["results/rows-00000.jsonl.gz"]).splitlines()]
    accounting = status(chain, batch_id)["accounting"]
    assert results["accounting"] == summary["accounting"]
    assert results["accounting"].items() <= accounting.items()
    assert results["jobs"] == paged
    assert [row["job_id"] or "" for row in paged] == [row["job_id"] for row in table]
    assert [row["status"] for row in table].count("completed") == accounting["completed"] > 0
    assert [row["status"] for row in table].count("failed") == accounting["failed"] > 0
    assert [row["status"] for row in table].count("invalid") == accounting["invalid"] == 2
    assert summary["failures_by_class"] == {"model_error": accounting["failed"], "invalid_row": 2}


def test_rows_come_best_first_then_failed_then_invalid(chain: Chain) -> None:
    batch_id = finished(chain, 9, invalid=2, **MIXED)
    rows = json.loads(artefacts(chain, batch_id)["batch_results.json"])["jobs"]
    ranked = [row for row in rows if row["rank"] is not None]
    assert [row["rank"] for row in ranked] == list(range(1, len(ranked) + 1))
    assert [row["affinity"] for row in ranked] == sorted(row["affinity"] for row in ranked)
    rest = rows[len(ranked) :]
    assert [row["status"] for row in rest] == sorted(row["status"] for row in rest)
    assert all(row["affinity"] is None and row["error"]["message"] for row in rest)


def test_the_manifest_lists_every_other_artefact_with_its_digest(chain: Chain) -> None:
    batch_id = finished(chain, 4, **MIXED)
    files = artefacts(chain, batch_id)
    manifest = json.loads(files["manifest.json"])
    listed = {file["key"]: (file["size"], file["sha256"]) for file in manifest["artefacts"]}
    stored = set(wiring.local_blobs().list(f"batches/{batch_id}/"))
    stored |= set(wiring.local_blobs().list(f"archive/{batch_id}/"))
    submitted = set(wiring.local_blobs().list(f"batches/{batch_id}/submitted/"))
    signed = {f"batches/{batch_id}/{name}" for name in ("manifest.json", "manifest.dsse.json")}
    assert set(listed) == stored - submitted - signed
    for key, (size, sha256) in listed.items():
        content = wiring.local_blobs().get(key)
        assert (size, sha256) == (len(content), hashlib.sha256(content).hexdigest())


def everything(batch_id: str) -> dict[str, bytes]:
    """All objects of a batch."""
    folders = (f"batches/{batch_id}/", f"archive/{batch_id}/")
    keys = [key for folder in folders for key in wiring.local_blobs().list(folder)]
    return {key: wiring.local_blobs().get(key) for key in keys}


def test_a_second_run_writes_the_same_bytes(chain: Chain) -> None:
    batch_id = full(chain, **MIXED)
    chain.boundaries.plan = lambda number, name: Fault.FAIL_BEFORE if name == "ledger.finish" else None
    deliver_all(chain)
    first = everything(batch_id)
    names = {key.rpartition("/")[2] for key in first}
    assert {"manifest.json", "results.parquet", "results.columns.json.gz", "metadata.json"} <= names
    assert status(chain, batch_id)["status"] == "aggregating"
    chain.boundaries.plan = lambda number, name: None
    chain.clock.advance(timedelta(hours=1))
    chain.drain()
    assert status(chain, batch_id)["status"] == "completed"
    assert everything(batch_id) == first


def test_while_one_aggregates_a_second_one_does_nothing(chain: Chain) -> None:
    batch_id, seen = full(chain), list[int]()

    def between() -> None:
        if chain.boundaries.met[-1][1] == "blobs.put" and not seen:
            before = chain.ledger.closing(batch_id, 0).fence
            wiring.local_bus().publish([BatchFinished(batch_id=batch_id)])
            deliver_all(chain)
            seen.append(chain.ledger.closing(batch_id, 0).fence - before)

    chain.boundaries.between = between
    deliver_all(chain)
    assert seen == [0]
    assert chain.ledger.closing(batch_id, 0).finished_at is not None


def test_an_aggregator_that_lost_its_lease_cannot_finish(chain: Chain) -> None:
    batch_id, overtaken = full(chain), list[int]()

    def between() -> None:
        if chain.boundaries.met[-1][1] == "ledger.finish" and not overtaken:
            overtaken.append(1)
            chain.clock.advance(timedelta(hours=1))
            wiring.local_bus().publish([BatchFinished(batch_id=batch_id)])
            deliver_all(chain)

    chain.boundaries.between = between
    deliver_all(chain)
    closing = chain.ledger.closing(batch_id, 0)
    assert (overtaken, closing.fence, closing.status) == ([1], 2, "completed")
    assert chain.api(f"/api/v3/batches/{batch_id}/verify").body["ok"]


TAMPERINGS = {
    "one too many completed": "UPDATE nodes SET completed = completed + 1 WHERE batch_id = ? AND level = 0",
    "completed for failed": "UPDATE nodes SET completed = 0, failed = n WHERE batch_id = ? AND level = 0",
    "a counter that fell": "UPDATE nodes SET n = n - 1 WHERE batch_id = ? AND level = 0",
}


@pytest.mark.parametrize("case", TAMPERINGS)
def test_a_sum_that_does_not_add_up_is_parked_and_the_batch_stays_open(chain: Chain, case: str) -> None:
    batch_id = full(chain, 3)
    tamper(TAMPERINGS[case], batch_id)
    deliver_all(chain)
    [letter] = letters()
    assert letter.reason.startswith(f"InvariantBroken: batch {batch_id}: counters say")
    assert chain.ledger.closing(batch_id, 0).finished_at is None
    assert artefacts(chain, batch_id) == {}


def test_a_batch_with_a_missing_outcome_is_never_finished(chain: Chain) -> None:
    batch_id = full(chain, 3)
    tamper("DELETE FROM outcomes WHERE batch_id = ? AND position = 1", batch_id)
    for _ in range(6):
        deliver_all(chain)
        chain.clock.advance(timedelta(hours=1))
    assert chain.ledger.closing(batch_id, 0).finished_at is None
    assert letters()


@pytest.mark.parametrize(("rate", "expected"), [(0.0, "completed"), (0.4, "completed"), (1.0, "failed")])
def test_a_batch_ends_as_its_ligands_did(chain: Chain, rate: float, expected: str) -> None:
    batch_id = finished(chain, 6, parameters={"failure_rate": rate}, seed=3)
    assert status(chain, batch_id)["status"] == expected
    assert json.loads(artefacts(chain, batch_id)["summary.json"])["status"] == expected


def test_a_batch_without_any_result_has_null_figures(chain: Chain) -> None:
    batch_id = finished(chain, 2, parameters={"failure_rate": 1.0})
    summary = json.loads(artefacts(chain, batch_id)["summary.json"])
    assert summary["prediction_summary"]["affinity_stats"]["mean"] is None
    assert summary["top_predictions"] == {"best_affinity": [], "highest_confidence": []}
    assert summary["processing_stats"]["success_rate"] == 0.0


def test_no_cell_of_the_table_is_a_formula_and_the_library_s_columns_are_kept(chain: Chain) -> None:
    rows = [
        "name,smiles,note,measured",
        '"=HYPERLINK(""http://x"")",CCO,@cmd,-5.1',
        "+1+1,CCN,,",
        "-x,C1CC(,,",
    ]
    library = {"ligands": None, "library": {"format": "csv", "content": "\n".join(rows)}}
    reply = chain.submit(noop_order() | library | {"protein_name": "=1+1"})
    chain.drain()
    text = artefacts(chain, reply.body["batch_id"])["results/batch_results.csv"].decode()
    table = list(csv.DictReader(io.StringIO(text)))
    assert {row["ligand_name"] for row in table[:2]} == {'\'=HYPERLINK("http://x")', "'+1+1"}
    assert {row["protein_name"] for row in table} == {"'=1+1"}
    [noted] = [row for row in table if row["library_note"]]
    assert (noted["library_note"], noted["library_measured"]) == ("'@cmd", "-5.1")
    assert table[2]["status"] == "invalid"
    assert table[2]["error"].startswith("Not a valid SMILES")


def test_more_rows_than_a_page_are_written_in_pages_and_read_across_them(chain: Chain) -> None:
    reply = chain.submit(noop_order(620))
    batch_id = reply.body["batch_id"]
    chain.drain()
    assert {"results/rows-00000.jsonl.gz", "results/rows-00001.jsonl.gz"} <= set(artefacts(chain, batch_id))
    whole = chain.api(f"/api/v3/batches/{batch_id}/results?page_size=1501").body["results"]
    assert [row["rank"] for row in whole] == list(range(1, 621))
    across = chain.api(f"/api/v3/batches/{batch_id}/results?page=5&page_size=120").body["results"]
    assert across == whole[480:600]
