"""Alignments on the embedded runner: two screens on one protein, at once, and a real worker pool."""

from pathlib import Path

import pytest

from shared import wiring
from tests.local.running import QUICK, Running, until
from tests.support.msa_server import MsaServer
from tests.support.orders import noop_order

SEQUENCE = "MNIFEMLRIDEGLRLKIYKDTEG"


def test_screens_on_one_protein_wait_for_one_search_and_their_runs_fetch_what_it_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with MsaServer() as server:
        for name, value in (QUICK | server.environment).items():
            monkeypatch.setenv(name, value)
        server.states = ["PENDING", "RATELIMIT", "RUNNING", "RUNNING", "RUNNING", "RUNNING"]
        order = noop_order(20, protein_sequence=SEQUENCE, parameters={"alignments": True})
        with Running(tmp_path / "home") as running:
            batches = [running.submit(order) for _ in range(2)]
            for batch in batches:
                outcomes = running.settled(batch, 20)
                assert {outcome.kind for outcome in outcomes} == {"completed"}
                digests = {outcome.versions["alignment msa_1.csv"] for outcome in outcomes}
                assert len(digests) == 1
            until(lambda: not wiring.ledger().batches(owner=None, unfinished=True, limit=9, after=None))
        assert server.searched == {SEQUENCE: 1}
        assert server.asked["submit"] == server.asked["download"] == 1
