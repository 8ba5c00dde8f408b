"""Results by the verdict on their pose: those in the pocket, or out of it."""

from typing import Any

import pytest

from services.api import sifting
from services.api.answers import ResultPage
from tests.support.chain import Chain
from tests.support.screens import answers, assert_problem, deliver_all, opened, paths, tell


def posed(chain: Chain, batch_id: str, verdicts: dict[str, str | None]) -> None:
    """Tell what the ligands of a screen got, by name; a verdict is a figure as any other."""
    names = {row["job_id"]: row["ligand_name"] for row in page(chain, batch_id)["results"] if row["job_id"]}
    deliver_all(chain)
    for envelope in answers(chain):
        found = {"pocket": verdicts[names[envelope.ref.job_id]]}
        tell(chain, envelope.model_copy(update={"metrics": {**envelope.metrics, **found}}))


def page(chain: Chain, batch_id: str, query: str = "") -> dict[str, Any]:
    """A page of results."""
    reply = chain.api(f"/api/v3/batches/{batch_id}/results{query}")
    assert reply.status == 200, reply.raw
    ResultPage.model_validate(reply.body, extra="forbid")
    found: dict[str, Any] = reply.body
    return found


VERDICTS = {"ligand 0": "in", "ligand 1": "out", "ligand 2": "in", "ligand 3": None, "ligand 4": "in"}


@pytest.mark.parametrize("ended", [False, True])
def test_only_poses_of_that_verdict_come_in_their_order(chain: Chain, ended: bool) -> None:
    batch_id = opened(chain, 5, invalid=1)
    posed(chain, batch_id, VERDICTS)
    if ended:
        chain.drain()
    everything = page(chain, batch_id)
    assert everything["partial"] is not ended
    for verdict in ("in", "out"):
        found = page(chain, batch_id, f"?pocket={verdict}")
        wanted = [row for row in everything["results"] if row["metrics"].get("pocket") == verdict]
        assert found["results"] == wanted
        assert found["pagination"]["total_results"] == len(wanted) > 0
        assert (found["pagination"]["next_after"], found["pagination"]["looked_at"]) == (None, 6)
    columns = chain.api(f"/api/v3/batches/{batch_id}/results?pocket=out&format=columnar").body["columns"]
    assert columns["ligand_name"] == ["ligand 1"]


def test_the_cursor_goes_on_where_a_request_stopped_looking(
    chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sifting, "MOST_LOOKED_AT", 2)
    batch_id = opened(chain, 5, invalid=1)
    posed(chain, batch_id, VERDICTS)
    chain.drain()
    names, query, looked_at = list[str](), "?pocket=in&page_size=2", list[int]()
    while True:
        found = page(chain, batch_id, query)
        names += [row["ligand_name"] for row in found["results"]]
        looked_at.append(found["pagination"]["looked_at"])
        if not found["pagination"]["has_next"]:
            break
        query = f"?pocket=in&page_size=2&after={found['pagination']['next_after']}"
    assert sorted(names) == ["ligand 0", "ligand 2", "ligand 4"]
    assert max(looked_at) <= 2
    assert len(looked_at) == 3


def test_what_would_be_passed_over_is_refused(chain: Chain) -> None:
    batch_id = opened(chain, 1)
    for query, field in (
        ("pocket=inside", "pocket"),
        ("pocket=in&format=csv", "pocket"),
        ("after=3", "after"),
        ("pocket=in&after=-1", "after"),
    ):
        reply = chain.api(f"/api/v3/batches/{batch_id}/results?{query}")
        assert_problem(reply, 422)
        assert paths(reply) == [field]
