"""Lists of results and jobs: every page another, totals that are true, filters, and what they cost."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from services.api import entries
from services.api.answers import examples
from services.api.answers import jobs as of_jobs
from services.api.answers import lists as of_lists
from shared.domain.identity import job_id
from tests.support.chain import Chain
from tests.support.screens import answers, assert_problem, deliver_all, finished, opened, paths, tell

NEWEST = ("/api/v2/results/ultra-fast", "/api/v2/results/fast", "/api/v3/batches/fast-results")
STORED: dict[str, Any] = {"parameters": {"payload_bytes": 8}}


def several(chain: Chain, count: int, **changes: Any) -> list[str]:
    """The ids of screens that wait, newest first."""
    made = []
    for number in range(count):
        chain.clock.advance(timedelta(seconds=1))
        made.append(opened(chain, 2, **{"job_name": f"screen {number}"} | changes))
    return made[::-1]


def body(chain: Chain, path: str) -> dict[str, Any]:
    """An answer."""
    reply = chain.api(path)
    assert reply.status == 200, reply.raw
    found: dict[str, Any] = reply.body
    return found


def ids(found: dict[str, Any], key: str = "results") -> list[str]:
    """The batches of a list."""
    return [it["batch_id"] for it in found[key]]


@pytest.mark.parametrize("route", NEWEST)
def test_every_page_is_another_and_all_together_are_the_list(chain: Chain, route: str) -> None:
    made = several(chain, 5)
    pages = [body(chain, f"{route}?limit=2&page={page}") for page in (1, 2, 3, 4)]
    assert [ids(page) for page in pages] == [made[:2], made[2:4], made[4:], []]
    assert [page["has_more"] for page in pages] == [True, True, False, False]
    assert {page["total"] for page in pages} == {5}
    following = body(chain, f"{route}?limit=2&after={pages[0]['next_after']}")
    assert ids(following) == made[2:4]
    assert all(0 < page["performance"]["response_time_seconds"] < 60 for page in pages)


def test_a_total_that_is_too_large_to_count_is_null(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    several(chain, 4)
    monkeypatch.setattr(entries, "MOST_COUNTED", 3)
    assert body(chain, "/api/v2/results/ultra-fast?limit=2")["total"] is None
    assert body(chain, "/api/jobs?per_page=2")["total"] is None
    assert body(chain, "/api/v2/results/ultra-fast?limit=2&page=2")["total"] == 4


def test_a_page_too_far_is_refused_and_says_how_to_go_on(chain: Chain) -> None:
    reply = chain.api("/api/v2/results/ultra-fast?limit=100&page=102")
    assert paths(reply) == ["page"]
    assert "after=<next_after>" in reply.body["detail"]


@pytest.mark.parametrize("ended", [False, True])
def test_a_page_costs_the_same_however_many_batches_there_are(chain: Chain, ended: bool) -> None:
    def calls() -> Counter[str]:
        chain.boundaries.met.clear()
        body(chain, "/api/v2/results/ultra-fast?limit=2")
        return Counter(name for _, name in chain.boundaries.met)

    several(chain, 3)
    if ended:
        chain.drain()
    few = calls()
    several(chain, 6)
    if ended:
        chain.drain()
    assert calls() == few
    assert few["ledger.listed"] == 1
    assert set(few) == ({"ledger.listed", "ledger.count"} if ended else set(few))


def test_a_single_prediction_is_an_entry_with_the_id_of_its_job(chain: Chain) -> None:
    single = finished(chain, 1, **STORED)
    chain.clock.advance(timedelta(seconds=1))
    screen = finished(chain, 2, invalid=1, **STORED)
    first, second = body(chain, "/api/v2/results/ultra-fast")["results"]
    assert (first["id"], first["job_type"]) == (screen, "batch_parent")
    assert (second["id"], second["job_id"], second["job_type"]) == (*[job_id(single, 0)] * 2, "individual")
    assert first["progress"]["total_jobs"] == 3
    assert body(chain, f"/api/jobs/{second['id']}")["job_type"] == "individual"
    assert body(chain, f"/api/jobs/{job_id(screen, 0)}")["job_type"] == "batch_child"
    for it, kind in ((first, "batch_parent"), (second, "individual")):
        [only] = body(chain, f"/api/v2/results/my-jobs?job_type={kind}")["jobs"]
        assert only["id"] == it["id"]
        assert body(chain, f"/api/v2/results/job/{it['id']}")["job"]["id"] == it["id"]


def test_a_finished_entry_tells_its_best_and_an_open_one_nothing(chain: Chain) -> None:
    done = finished(chain, 3, **STORED)
    chain.clock.advance(timedelta(seconds=1))
    opened(chain, 2)
    running, ended = body(chain, "/api/v2/results/fast")["results"]
    rows = body(chain, f"/api/v3/batches/{done}/results")["results"]
    assert running["results"] is None
    assert ended["results"]["best_affinity"] == rows[0]["affinity"]
    assert [it["job_id"] for it in ended["results"]["top"]] == [row["job_id"] for row in rows]


def test_an_entry_says_the_same_as_the_status_of_its_batch(chain: Chain) -> None:
    failed = finished(chain, 2, parameters={"failure_rate": 1.0, "failing_rounds": 1})
    cancelled, paused = opened(chain, 2), opened(chain, 2)
    running = opened(chain, 3, configuration={"max_concurrent_jobs": 1})
    tell(chain, *[one_answer_of(chain, running)])
    chain.api(f"/api/v3/batches/{cancelled}/control/cancel", "POST")
    chain.reconcile()
    chain.api(f"/api/v3/batches/{paused}/control/pause", "POST")
    chain.api(f"/api/v3/batches/{failed}/control/retry_failed", "POST")
    for it in body(chain, "/api/v2/results/ultra-fast")["results"]:
        told = body(chain, f"/api/v3/batches/{it['batch_id']}/status")
        assert (it["status"], it["progress"]["completed_jobs"]) == (
            told["status"],
            told["progress"]["completed"],
        )
        [listed] = [
            job
            for job in body(chain, f"/api/v2/jobs/status/{told['status']}")["jobs"]
            if job["batch_id"] == it["batch_id"]
        ]
        assert listed["status"] == told["status"]
        assert it["batch_id"] in ids(body(chain, f"/api/v2/results/status/{told['status']}"))


def one_answer_of(chain: Chain, batch_id: str) -> Any:
    """Run all that waits; the answer of one job of this batch."""
    deliver_all(chain)
    return next(it for it in answers(chain) if it.ref.batch_id == batch_id)


# filters


def test_a_search_finds_names_in_any_case(chain: Chain) -> None:
    made = [opened(chain, 1, job_name=name, protein_name="Kinase A") for name in ("Alpha one", "beta")]
    for words, found in (("ALPHA", made[:1]), ("one", made[:1]), ("kinase", made), ("gamma", [])):
        answer = body(chain, f"/api/v2/results/search?q={words}")
        assert set(ids(answer)) == set(found)
        assert (answer["total"], answer["complete"], answer["looked_at"]) == (len(found), True, 2)


def test_a_filter_looks_at_a_bounded_number_and_says_where_to_go_on(
    chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = several(chain, 2, job_name="wanted")
    several(chain, 5)
    monkeypatch.setattr(entries, "MOST_LOOKED_AT", 3)
    seen, after, asked = list[str](), "", 0
    while True:
        answer = body(chain, f"/api/v2/results/search?q=wanted{after and f'&after={after}'}")
        seen, asked = seen + ids(answer), asked + 1
        assert answer["looked_at"] <= 3
        if answer["complete"]:
            break
        assert answer["total"] is None
        after = answer["next_after"]
    assert (seen, asked) == (old, 3)


def test_filtered_pages_make_the_whole(chain: Chain) -> None:
    wanted = several(chain, 5, protein_name="ours")
    several(chain, 3)
    pages = [body(chain, f"/api/v2/my-results?search=ours&per_page=2&page={page}") for page in (1, 2, 3)]
    assert [ids(page) for page in pages] == [wanted[:2], wanted[2:4], wanted[4:]]
    assert [page["pagination"]["has_next"] for page in pages] == [True, True, False]
    assert pages[2]["pagination"]["total_results"] == 5
    assert pages[0]["filters_applied"] == {"search": "ours"}


def test_results_are_filtered_by_date_model_and_status_together(chain: Chain) -> None:
    first = finished(chain, 1)
    chain.clock.advance(timedelta(days=2))
    second = finished(chain, 1)
    day = (chain.clock.now() - timedelta(days=1)).date().isoformat()
    assert ids(body(chain, f"/api/v2/my-results?date_from={day}&model=noop&status=completed")) == [second]
    assert ids(body(chain, f"/api/v2/my-results?date_to={day}")) == [first]
    assert ids(body(chain, "/api/v2/my-results?model=vina")) == []
    assert ids(body(chain, "/api/v2/my-results?status=running")) == []
    assert paths(chain.api("/api/v2/my-results?status=odd")) == ["status"]


def test_statistics_are_of_what_is_there(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    finished(chain, 3)
    finished(chain, 1, parameters={"failure_rate": 1.0})
    opened(chain, 2)
    found = body(chain, "/api/v2/results/statistics")
    assert found["by_status"] == {"completed": 1, "failed": 1, "pending": 1}
    assert found["by_job_type"] == {"batch_parent": 2, "individual": 1}
    assert (found["success_rate"], found["total_jobs"], found["complete"]) == (75.0, 3, True)
    assert found["rows"] == {"submitted": 6, "completed": 3, "failed": 1, "open": 2}
    chain.clock.advance(timedelta(days=8))
    assert body(chain, "/api/v2/results/statistics")["recent_activity"] == 0
    monkeypatch.setattr("services.api.lists.MOST_COUNTED", 2)
    part = body(chain, "/api/v2/user/me/batch-summary")
    assert (part["counted"], part["complete"], part["total_batches"]) == (2, False, 3)


def test_totals_of_another_user_do_not_exist(chain: Chain) -> None:
    assert body(chain, "/api/v2/user/local/batch-summary")["user_id"] == "local"
    assert_problem(chain.api("/api/v2/user/eve/batch-summary"), 404)


# children


def test_the_jobs_of_a_batch_come_in_pages_in_the_order_of_the_library(chain: Chain) -> None:
    batch_id = finished(chain, 5, parameters={"failure_rate": 0.5}, seed=3)
    whole = body(chain, f"/api/jobs/{batch_id}/batch-status")["individual_jobs"]
    assert [job["input_data"]["batch_index"] for job in whole] == [0, 1, 2, 3, 4]
    pages = [
        body(chain, f"/api/v2/results/batch/{batch_id}/children?per_page=2&page={page}") for page in (1, 2, 3)
    ]
    assert [job["job_id"] for page in pages for job in page["children"]] == [job["job_id"] for job in whole]
    ended = Counter(job["status"] for job in whole)
    assert set(ended) == {"completed", "failed"}
    only = body(chain, f"/api/v2/results/batch/{batch_id}/results?status_filter=failed")
    assert len(only["children"]) == ended["failed"] == only["summary"]["failed"]
    assert all(job["results"] is None or job["results"]["affinity"] is None for job in only["children"])
    assert body(chain, f"/api/jobs/{whole[2]['job_id']}/batch-status")["batch_id"] == batch_id


def test_examples_of_the_document_are_what_routes_answer() -> None:
    for kind, example in (
        (of_lists.ResultList, examples.RESULTS),
        (of_lists.Found, examples.FOUND),
        (of_jobs.BatchJobs, examples.CHILDREN),
        (of_jobs.Logs, examples.LOGS),
    ):
        kind.model_validate(example, extra="forbid")
