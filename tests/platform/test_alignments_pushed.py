"""Alignments on the cloud backend, where the function that searches is a process that is pushed to."""

import hashlib

import httpx
import pytest

from shared import wiring
from tests.local.running import until
from tests.platform.audit import audit, status_of
from tests.support.msa_server import MsaServer
from tests.support.orders import noop_order

pytestmark = [pytest.mark.gcp, pytest.mark.slow, pytest.mark.usefixtures("inside")]
SEQUENCE = "MNIFEMLRIDEGLRLKIYKDTEG"
JOBS = 5


def test_screens_on_one_protein_wait_for_one_search_and_their_results_name_what_it_found(
    client: httpx.Client, msa_server: MsaServer
) -> None:
    msa_server.states = ["PENDING", "RATELIMIT", "RUNNING"]
    batches = [accepted(client) for _ in range(2)]
    until(lambda: all(status_of(client, it)["status"] == "completed" for it in batches))

    assert msa_server.searched == {SEQUENCE: 1}
    assert msa_server.asked["submit"] == msa_server.asked["download"] == 1
    for batch_id in batches:
        audit(client, batch_id, jobs=JOBS)
        found = wiring.ledger().outcomes(batch_id, 0, limit=JOBS)
        said = {
            name: {it.versions[f"alignment {name}"] for it in found} for name in ("msa_1.csv", "msa_1.pqt")
        }
        assert said == {"msa_1.csv": {kept("boltz.csv")}, "msa_1.pqt": {kept("chai.aligned.pqt")}}


def accepted(client: httpx.Client) -> str:
    """A screen whose runs fetch the alignment of its protein."""
    order = noop_order(JOBS, protein_sequence=SEQUENCE, parameters={"alignments": True})
    answer = client.post("/api/v3/batches/submit", json=order)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["batch_id"])


def kept(name: str) -> str:
    """What results call the one stored file of that name."""
    [path] = [it for it in map(str, wiring.blobs().list("alignments/")) if it.endswith(name)]
    return f"sha256 {hashlib.sha256(wiring.blobs().get(path)).hexdigest()}"
