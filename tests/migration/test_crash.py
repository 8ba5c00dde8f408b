"""An import that died anywhere is finished by the next one, and nothing of it is ever computed here."""

import hashlib
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from shared import wiring
from shared.domain.lifecycle import first_round
from shared.domain.provenance import SIGNATURE
from shared.events.messages import JobQueued
from tests.cli.program import Omtx, environment, spawn
from tests.migration.test_migrate import batch_of
from tests.support.boundaries import Boundaries, Fault, Killed
from tests.support.old_tree import SMILES, OldTree, figures, odd_tree

PORTS = ("ledger", "blobs", "bus")
Strike = Callable[[int, Fault], Boundaries]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A batch that ends in every way, and a single job."""
    tree = OldTree(tmp_path / "source")
    tree.parent("b", status="cancelled")
    tree.good("done", "b", 0)
    tree.child("failed", "b", 1, status="failed", error_message="no pose")
    tree.child("open", "b", 2, status="running")
    tree.child("bad", "b", 3)["input_data"]["ligand_smiles"] = "C1CC("
    tree.good("alone", None, 4)
    return tree.write()


@pytest.fixture
def striking(monkeypatch: pytest.MonkeyPatch) -> Strike:
    """Puts a boundary around every call to an adapter, and lets one of them go wrong."""
    real = {port: getattr(wiring, port) for port in PORTS}

    def strike(number: int, fault: Fault) -> Boundaries:
        boundaries = Boundaries(lambda met, name: fault if met == number else None)
        for port in PORTS:
            monkeypatch.setattr(wiring, port, lambda port=port: boundaries.wrap(port, real[port]()))
        return boundaries

    return strike


def state(home: Path) -> dict[str, Any]:
    """
    Outcomes, closings and artefacts of all batches of a home: what has to be the same in the end.

    But for the signatures: each home has its own key.
    """
    ledger, blobs = wiring.local_database(), wiring.local_blobs()
    batches = ledger.read("SELECT batch_id, body, cancelled_at, finished FROM batches ORDER BY batch_id", ())
    outcomes = ledger.read("SELECT batch_id, position, body FROM outcomes ORDER BY batch_id, position", ())
    closings = ledger.read("SELECT batch_id, closed_at, status FROM closings ORDER BY batch_id", ())
    keys = [key for key in blobs.list("batches/") if not key.endswith(SIGNATURE)]
    stored = {key: hashlib.sha256(blobs.get(key)).hexdigest() for key in keys}
    return {
        "rows": [[tuple(row) for row in rows] for rows in (batches, outcomes, closings)],
        "stored": stored,
        "attempts": ledger.read("SELECT count(*) AS n FROM attempts", ())[0]["n"],
        "calls": ledger.read("SELECT count(*) AS n FROM calls", ())[0]["n"],
    }


def settings_of(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMTX_HOME", str(home))
    monkeypatch.setenv("OMTX_AGGREGATE_LEASE_SECONDS", "0.001")
    wiring.reset()


@pytest.mark.parametrize("fault", [Fault.KILL_BEFORE, Fault.FAIL_AFTER])
def test_an_import_that_died_at_any_boundary_is_finished_by_the_next(
    omtx: Omtx, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, striking: Strike, fault: Fault
) -> None:
    settings_of(tmp_path / "whole", monkeypatch)
    counted = striking(-1, fault)
    assert omtx("migrate", source).code == 0
    whole, boundaries = state(tmp_path / "whole"), len(counted.met)
    assert (whole["attempts"], whole["calls"]) == (0, 0)
    assert boundaries > 40
    for number in range(1, boundaries + 1):
        settings_of(tmp_path / f"{fault.name}-{number}", monkeypatch)
        striking(number, fault)
        try:
            struck = omtx("migrate", source)
            assert struck.code == 0 or "again" in struck.err, struck.err
        except Killed:
            wiring.reset()
        striking(-1, fault)
        again = omtx("migrate", source)
        assert again.code == 0, (number, again.err, again.out)
        assert state(tmp_path) == whole, (number, counted.met[number - 1])


def half_imported(omtx: Omtx, source: Path, striking: Strike, monkeypatch: pytest.MonkeyPatch) -> str:
    """The id of a batch whose import died when some of its ligands had their outcome and others not."""
    counted = striking(-1, Fault.KILL_BEFORE)
    home = Path(str(wiring.local_blobs().root)).parent
    settings_of(home.with_name("counted"), monkeypatch)
    omtx("migrate", source)
    settles = [n for n, (_, name) in enumerate(counted.met, start=1) if name == "ledger.settle"]
    settings_of(home, monkeypatch)
    striking(settles[1], Fault.KILL_BEFORE)
    with pytest.raises(Killed):
        omtx("migrate", source)
    striking(-1, Fault.KILL_BEFORE)
    wiring.reset()
    [batch] = wiring.local_database().read("SELECT batch_id FROM batches", ())
    return str(batch["batch_id"])


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """A batch of several leaves."""
    tree = OldTree(tmp_path / "source")
    tree.parent("b")
    for n in range(120):
        tree.child(f"job-{n}", "b", n, status="failed")["input_data"]["ligand_smiles"] = "C" * (n + 1)
    return tree.write()


def test_nobody_computes_cancels_or_waits_for_a_batch_that_is_half_imported(
    omtx: Omtx, large: Path, striking: Strike, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMTX_QUIET_SECONDS", "0.001")
    batch_id = half_imported(omtx, large, striking, monkeypatch)
    status = omtx("status", batch_id).json
    assert (status["imported"], status["accounting"]["failed"]) == (True, 40)
    found = omtx("reconcile", "--timeout", "20")
    assert found.code == 0, found.err
    assert "its import is not finished" in {finding["reason"] for finding in found.json["findings"]}
    assert found.json["batches"] == []
    for action in ("pause", "resume", "cancel"):
        refused = omtx(action, batch_id)
        assert (refused.code, "being imported" in refused.err) == (5, True)
    assert omtx("reconcile", "--batch", batch_id, "--timeout", "20").code == 0
    assert wiring.local_bus().waiting() == {}
    assert wiring.local_database().read("SELECT count(*) AS n FROM calls", ())[0]["n"] == 0
    assert omtx("migrate", large).code == 0
    status = omtx("status", batch_id).json
    assert (status["status"], status["accounting"]["failed"]) == ("failed", 120)
    refused = omtx("retry", batch_id)
    assert (refused.code, "older system" in refused.err) == (5, True)


def test_a_message_that_asks_for_an_imported_ligand_starts_nothing(
    omtx: Omtx, large: Path, striking: Strike, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch_id = half_imported(omtx, large, striking, monkeypatch)
    batch = wiring.ledger().batch(batch_id)
    wiring.bus().publish([JobQueued(ref=ref) for ref in wiring.roster().refs(first_round(batch), range(120))])
    library = large.parent / "one.csv"
    library.write_text("name,smiles\nethanol,CCO\n")
    done = omtx("submit", library, "--model", "noop", "--wait", "--timeout", "60")
    assert done.code == 0, done.err
    database = wiring.local_database()
    assert database.read("SELECT count(*) AS n FROM calls", ())[0]["n"] == 1
    assert database.read("SELECT count(*) AS n FROM attempts WHERE batch_id = ?", (batch_id,))[0]["n"] == 0
    assert wiring.local_bus().dead_letters() == []


def test_a_running_server_shows_what_is_imported_beside_it(tmp_path: Path) -> None:
    home = tmp_path / "home"
    arguments = [sys.executable, "-m", "cli.main", "up", "--port", "0", "--workers", "1", "--home", str(home)]
    with subprocess.Popen(arguments, env=environment(home), stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        assert "ready" in server.stdout.readline()
        tree = odd_tree(tmp_path / "source")
        for n in range(100):
            tree.child(f"many-{n}", "large", n)["input_data"]["ligand_smiles"] = SMILES[n % 10]
            tree.store(f"many-{n}", figures(n % 30), structure=n % 10 == 0)
        source = tree.write()
        done = spawn(home, "migrate", source)
        assert done.code == 0, done.err
        batch = batch_of(done.json, "many-0")
        shown = spawn(home, "status", batch)
        assert shown.json["status"] == "completed"
        assert spawn(home, "verify", batch).code == 0
        assert spawn(home, "migrate", "--verify", source).code == 0
        assert spawn(home, "reconcile").json == {"findings": [], "batches": []}
        server.terminate()
        assert server.wait(30) == 0
