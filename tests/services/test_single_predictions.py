"""A single prediction is a batch of one: it has the folders of a job and of the archive as well."""

import json
from datetime import timedelta
from typing import Any

import pytest

from shared import wiring
from shared.domain.identity import job_id
from tests.support.boundaries import Fault
from tests.support.chain import Chain
from tests.support.screens import (
    answers,
    deliver_all,
    finished,
    one_answer,
    opened,
    status,
    store,
    tell,
)

STORED: dict[str, Any] = {"parameters": {"payload_bytes": 8}}
FILES = ["affinity.json", "confidence.json", "metadata.json", "results.json", "structure.cif"]
SHELF = "archive/Other/Batch-Screen"


def predicted(chain: Chain, **files: bytes) -> str:
    """A finished single prediction with a structure, and what else the model left."""
    batch_id = opened(chain, 1, **STORED)
    answer = one_answer(chain)
    left = {"structure.cif": b"data_complex\n"} | {f"{name}.json": it for name, it in files.items()}
    stored = tuple(store(batch_id, answer.ref.job_id, name, content) for name, content in left.items())
    tell(chain, answer.model_copy(update={"artefacts": answer.artefacts + stored}))
    chain.drain()
    return batch_id


def folders(batch_id: str) -> tuple[str, str]:
    """Where the two copies are."""
    job = job_id(batch_id, 0)
    return f"jobs/{job}/", f"{SHELF}/{job}/"


def contents(folder: str) -> dict[str, bytes]:
    """The objects of a folder by name."""
    blobs = wiring.local_blobs()
    return {key.removeprefix(folder): blobs.get(key) for key in blobs.list(folder)}


def test_both_folders_hold_the_files_of_the_job(chain: Chain) -> None:
    batch_id = predicted(chain)
    one, other = map(contents, folders(batch_id))
    assert sorted(one) == FILES
    assert one == other
    own = contents(f"batches/{batch_id}/jobs/{job_id(batch_id, 0)}/")
    for name in ("results.json", "structure.cif", "metadata.json"):
        assert one[name] == own[name]


def test_scores_that_the_model_does_not_predict_are_null(chain: Chain) -> None:
    files = contents(folders(predicted(chain))[0])
    affinity, confidence = json.loads(files["affinity.json"]), json.loads(files["confidence.json"])
    assert affinity["affinity"] == json.loads(files["results.json"])["affinity"]
    assert (affinity["unit"], affinity["direction"]) == ("none", "lower is stronger")
    assert (affinity["affinity_pred_value"], affinity["affinity_probability_binary"]) == (None, None)
    assert affinity["test_model"] is confidence["test_model"] is True
    named = {"job_id", "model", "test_model"}
    assert {value for key, value in confidence.items() if key not in named} == {None}


def test_scores_that_the_model_wrote_itself_are_kept_as_they_are(chain: Chain) -> None:
    files = contents(folders(predicted(chain, affinity=b'{"mine": 1}'))[0])
    assert files["affinity.json"] == b'{"mine": 1}'


def test_the_folders_are_listed_served_and_verified(chain: Chain) -> None:
    batch_id = predicted(chain)
    listed = {it["name"]: it for it in chain.api(f"/api/v3/batches/{batch_id}/artefacts").body["artefacts"]}
    names = {f"{folder}{name}" for folder in ("job/", f"{SHELF}/") for name in FILES}
    assert names <= set(listed)
    manifest = json.loads(wiring.local_blobs().get(f"batches/{batch_id}/manifest.json"))
    assert {it["key"] for it in manifest["artefacts"]} >= {listed[name]["key"] for name in names}
    assert chain.api(f"/api/v3/batches/{batch_id}/artefacts/job/structure.cif").raw == b"data_complex\n"

    key = f"{folders(batch_id)[1]}structure.cif"
    wiring.local_blobs().put(key, b"other")
    found = chain.api(f"/api/v3/batches/{batch_id}/verify").body["problems"]
    assert [problem.startswith(f"{key} is not") for problem in found] == [True]


def test_a_second_run_writes_the_same_bytes(chain: Chain) -> None:
    batch_id = opened(chain, 1, **STORED)
    deliver_all(chain)
    tell(chain, *answers(chain))
    chain.boundaries.plan = lambda number, name: Fault.FAIL_BEFORE if name == "ledger.finish" else None
    deliver_all(chain)
    first = [contents(folder) for folder in folders(batch_id)]
    assert [sorted(it) for it in first] == [[name for name in FILES if name != "structure.cif"]] * 2
    assert status(chain, batch_id)["status"] == "aggregating"
    chain.boundaries.plan = lambda number, name: None
    chain.clock.advance(timedelta(hours=1))
    chain.drain()
    assert [contents(folder) for folder in folders(batch_id)] == first


@pytest.mark.parametrize(
    ("ligands", "changes"),
    [(2, STORED), (1, STORED | {"invalid": 1}), (1, {"parameters": {"failure_rate": 1.0}})],
    ids=["two ligands", "a rejected row beside it", "no result"],
)
def test_what_is_no_single_prediction_with_a_result_has_no_such_folder(
    chain: Chain, ligands: int, changes: dict[str, Any]
) -> None:
    batch_id = finished(chain, ligands, **changes)
    assert [contents(folder) for folder in folders(batch_id)] == [{}, {}]


def test_a_failed_prediction_that_is_retried_gets_its_folders_then(chain: Chain) -> None:
    batch_id = finished(chain, 1, parameters={"failure_rate": 1.0, "failing_rounds": 1, "payload_bytes": 8})
    chain.api(f"/api/v3/batches/{batch_id}/control/retry_failed", "POST")
    chain.reconcile()
    chain.drain()
    assert [len(contents(folder)) for folder in folders(batch_id)] == [4, 4]


def test_they_are_erased_with_their_batch_and_no_others(chain: Chain) -> None:
    batch_id, kept = predicted(chain), predicted(chain)
    chain.api(f"/api/v3/batches/{batch_id}", "DELETE")
    for _ in range(3):
        chain.reconcile()
        chain.clock.advance(timedelta(minutes=11))
    assert [contents(folder) for folder in folders(batch_id)] == [{}, {}]
    assert chain.api(f"/api/v3/batches/{kept}/verify").body["ok"]
