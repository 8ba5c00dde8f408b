"""A screen from its submission to its artefacts, on the real entry points."""

import json
from pathlib import Path

from tests.support.chain import chain_at
from tests.support.orders import noop_order


def test_a_screen_runs_from_submission_to_ranked_results(tmp_path: Path) -> None:
    with chain_at(tmp_path) as chain:
        accepted = chain.submit(noop_order(5, invalid=2))
        assert accepted.status == 202, accepted.body
        batch = accepted.body["batch_id"]
        chain.drain()

        status = chain.api(f"/api/v3/batches/{batch}/status").body
        assert status["status"] == "completed"
        assert status["accounting_sentence"] == (
            "submitted 7 = 5 completed + 0 failed + 2 invalid + 0 filtered + 0 cancelled"
        )
        results = chain.api(f"/api/v3/batches/{batch}/results").body
        assert [row["rank"] for row in results["results"]] == [1, 2, 3, 4, 5, None, None]
        affinities = [row["affinity"] for row in results["results"][:5]]
        assert affinities == sorted(affinities)
        verified = chain.api(f"/api/v3/batches/{batch}/verify").body
        assert verified["ok"], verified
        print(json.dumps(status, indent=1)[:200])
