"""Alignments: one search per sequence, checked, kept, and whatever waits for it goes on."""

import csv
import io
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from pyarrow import parquet

from shared import wiring
from shared.domain.alignments import sequence_digest
from shared.events.messages import AlignmentWanted
from tests.support.chain import Chain
from tests.support.facts import a_batch
from tests.support.msa_server import MsaServer, archive_of
from tests.support.orders import noop_order
from tests.support.screens import deliver_all, letters, opened, paths, status, waiting

SEQUENCE = "MNIFEMLRIDEGLRLKIYKDTEG"
OTHER = "MKTAYIAKQRQISFVKSHFSRQLE"
ALIGNED: dict[str, Any] = {"protein_sequence": SEQUENCE, "parameters": {"alignments": True}}


@pytest.fixture
def server(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> Iterator[MsaServer]:
    """A server that the chain asks for alignments."""
    with MsaServer() as made:
        for name, value in made.environment.items():
            monkeypatch.setenv(name, value)
        wiring.reset()
        yield made


def kept(sequence: str = SEQUENCE) -> dict[str, bytes]:
    """What is kept of a sequence, by the end of its key."""
    blobs = wiring.local_blobs()
    folder = f"alignments/{wiring.alignments().source}/{sequence_digest(sequence)}/"
    return {key.removeprefix(folder): blobs.get(key) for key in blobs.list(folder)}


def calls() -> int:
    """How many calls wait or run."""
    return sum(wiring.local_calls().counts().values())


def want(batch_id: str, sequence: str = SEQUENCE) -> None:
    """Ask for an alignment, as a duplicate does."""
    wiring.bus().publish([AlignmentWanted(batch_id=batch_id, sequence=sequence_digest(sequence))])


def errors(chain: Chain, batch_id: str) -> list[dict[str, str]]:
    """Why ligands failed."""
    rows = chain.api(f"/api/v3/batches/{batch_id}/results?page_size=1000").body["results"]
    return [row["error"] for row in rows]


def test_a_batch_of_many_ligands_has_one_search_made_and_another_on_the_protein_none(
    chain: Chain, server: MsaServer
) -> None:
    first = opened(chain, 200, **ALIGNED)
    chain.drain()
    second = opened(chain, 5, **ALIGNED)
    chain.drain()
    assert {status(chain, it)["status"] for it in (first, second)} == {"completed"}
    assert server.searched == {SEQUENCE: 1}
    assert server.asked == {"submit": 1, "download": 1}
    assert letters() == []


def test_nothing_is_started_before_the_alignment_is_there_and_the_status_says_so(
    chain: Chain, server: MsaServer
) -> None:
    batch_id = opened(chain, 3, **ALIGNED)
    assert waiting() == {"align-alignment-wanted": 1}
    assert (status(chain, batch_id)["status"], calls()) == ("pending", 0)
    assert status(chain, batch_id)["waiting_for"] == "alignment of 1 sequence"
    deliver_all(chain)
    assert status(chain, batch_id)["waiting_for"] is None
    assert waiting() == {"dispatch-job-queued": 3}
    deliver_all(chain)
    assert calls() == 3


def test_an_order_brings_both_forms_as_files_and_each_result_names_what_it_was_computed_with(
    chain: Chain, server: MsaServer
) -> None:
    batch_id = opened(chain, 1, **ALIGNED | {"parameters": {"alignments": True, "payload_bytes": 8}})
    for _ in range(2):
        deliver_all(chain)
    [call] = chain.taken()
    assert set(call.order.inputs) == {"msa_1.csv", "msa_1.pqt"}
    assert len(call.order.model_dump_json()) < 8 * 1024
    found = json.loads(kept()["meta.json"])
    assert call.order.inputs["msa_1.csv"].sha256 == found["files"]["boltz.csv"]["sha256"]
    chain.webhook(chain.run(call))
    chain.drain()
    [outcome] = chain.ledger.outcomes(batch_id, 0, limit=9)
    assert outcome.versions["alignment msa_1.csv"] == f"sha256 {found['files']['boltz.csv']['sha256']}"
    [job] = chain.api(f"/api/v3/batches/{batch_id}/results").body["results"]
    stored = wiring.local_blobs().get(f"batches/{batch_id}/jobs/{job['job_id']}/results.json")
    assert json.loads(stored)["versions"] == outcome.versions
    manifest = json.loads(wiring.local_blobs().get(f"batches/{batch_id}/manifest.json"))
    told = manifest["alignments"]["msa_1.pqt"]
    assert (told["sha256"], told["server"]) == (found["files"]["chai.aligned.pqt"]["sha256"], server.url)


def test_what_is_kept_is_the_query_first_in_the_forms_of_both_models_and_where_it_comes_from(
    chain: Chain, server: MsaServer
) -> None:
    opened(chain, 1, **ALIGNED)
    deliver_all(chain)
    files = kept()
    assert set(files) == {"archive.tar.gz", "boltz.csv", "chai.aligned.pqt", "meta.json"}
    rows = list(csv.reader(io.StringIO(files["boltz.csv"].decode())))
    assert rows[:3] == [["key", "sequence"], ["-1", SEQUENCE], ["-1", f"-{SEQUENCE[1:]}"]]
    assert len(rows) == 1 + 1 + 5 + 3
    table = parquet.read_table(io.BytesIO(files["chai.aligned.pqt"])).to_pylist()
    assert list(table[0]) == ["sequence", "source_database", "pairing_key", "comment"]
    assert [row["source_database"] for row in table] == ["query"] + ["uniref90"] * 5 + ["bfd_uniclust"] * 3
    assert [row["sequence"] for row in table] == [row[1] for row in rows[1:]]
    found = json.loads(files["meta.json"])
    assert (found["server"], found["mode"], found["depth"]) == (server.url, "env", 9)
    assert found["rows"] == {"uniref": 5, "environmental": 3}
    assert server.modes == {"env"}


def test_an_alignment_is_no_deeper_than_this_installation_wants(
    chain: Chain, server: MsaServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMTX_MSA_DEPTH", "7")
    wiring.reset()
    opened(chain, 1, **ALIGNED)
    deliver_all(chain)
    assert kept()["boltz.csv"].count(b"\n") == 1 + 7
    assert json.loads(kept()["meta.json"])["rows"] == {"uniref": 5, "environmental": 3}


def test_without_a_server_a_screen_that_needs_an_alignment_is_refused_with_the_ways_out(chain: Chain) -> None:
    reply = chain.submit(noop_order(2, **ALIGNED))
    assert paths(reply) == ["use_msa"]
    said = reply.body["detail"]
    assert all(way in said for way in ("OMTX_MSA_SERVER", "use_msa: false", "as a file")), said
    assert list(wiring.local_blobs().list("batches/")) == []


def test_two_batches_that_wait_for_one_protein_have_one_search_made_and_both_go_on_at_once(
    chain: Chain, server: MsaServer
) -> None:
    server.states = ["PENDING"] * 2 + ["RUNNING"] * 5
    batches = [opened(chain, 2, **ALIGNED) for _ in range(2)]
    for _ in range(5):
        deliver_all(chain)
    assert calls() == 4
    assert server.searched == {SEQUENCE: 1}
    assert server.asked["submit"] == server.asked["download"] == 1
    chain.drain(reconciling=False)
    assert [status(chain, it)["status"] for it in batches] == ["completed"] * 2


def test_a_duplicate_that_comes_in_the_middle_of_a_search_asks_the_server_nothing(
    chain: Chain, server: MsaServer
) -> None:
    batch_id = opened(chain, 1, **ALIGNED)

    def another(what: str) -> None:
        server.on_ask = lambda what: None
        want(batch_id)
        [delivery] = [it for it in chain.leased() if it.topic == "alignment-wanted"]
        assert chain.deliver(delivery)
        assert server.asked == {}

    server.on_ask = another
    deliver_all(chain)
    assert server.asked == {"submit": 1, "download": 1}


@pytest.mark.parametrize("state", ["RATELIMIT", "MAINTENANCE", 429, 503, b"<html>", {"status": "?"}, [1]])
def test_a_server_that_wants_to_be_left_alone_is_and_asked_later(
    chain: Chain, server: MsaServer, state: Any
) -> None:
    server.states = [state]
    batch_id = opened(chain, 1, **ALIGNED)
    deliver_all(chain)
    assert (waiting(), server.asked) == ({}, {"submit": 1})
    for _ in range(3):  # duplicates do not hurry it
        want(batch_id)
        deliver_all(chain)
    assert server.asked == {"submit": 1}
    chain.clock.advance(timedelta(seconds=16))
    findings = chain.reconcile().body["findings"]
    assert [it["action"] for it in findings] == ["published alignment-wanted"]
    chain.drain()
    assert status(chain, batch_id)["status"] == "completed"


def test_the_sweeper_asks_no_more_often_than_a_message_may_be_silent(chain: Chain, server: MsaServer) -> None:
    server.states = ["RATELIMIT"] * 100
    opened(chain, 1, **ALIGNED)
    deliver_all(chain)
    for _ in range(60):
        chain.clock.advance(timedelta(seconds=2))
        chain.reconcile()
        deliver_all(chain)
    assert 3 <= server.asked["submit"] <= 6, "in two minutes, waits double"


def test_a_ticket_that_the_server_forgot_is_asked_for_anew(chain: Chain, server: MsaServer) -> None:
    server.states = ["PENDING", "UNKNOWN"]
    batch_id = opened(chain, 1, **ALIGNED)
    chain.drain()
    assert server.asked == {"submit": 2, "poll": 1, "download": 1}
    assert status(chain, batch_id)["status"] == "completed"


def test_a_sequence_that_the_server_gives_up_on_fails_the_ligands_with_the_reason(
    chain: Chain, server: MsaServer
) -> None:
    server.states = ["ERROR"]
    batch_id = opened(chain, 3, **ALIGNED)
    chain.drain()
    found = status(chain, batch_id)
    assert (found["status"], found["waiting_for"]) == ("failed", None)
    assert found["invariant_holds"]
    assert errors(chain, batch_id) == 3 * [
        {
            "class": "infrastructure",
            "message": "no multiple sequence alignment: the server could not search this sequence",
        }
    ]
    assert {it.ref.attempt for it in chain.ledger.outcomes(batch_id, 0, limit=9)} == {3}
    assert server.asked == {"submit": 1}, "one search, however many ligands and attempts"


def test_failed_ligands_are_computed_with_an_alignment_that_is_found_later(
    chain: Chain, server: MsaServer
) -> None:
    server.states = ["ERROR"]
    batch_id = opened(chain, 3, **ALIGNED)
    chain.drain()
    chain.clock.advance(timedelta(minutes=5))
    assert chain.api(f"/api/v3/batches/{batch_id}/control/retry_failed", "POST").status == 200
    chain.drain()
    found = status(chain, batch_id)
    assert (found["status"], found["accounting"]["completed"]) == ("completed", 3)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"", "the archive cannot be read"),
        (archive_of(SEQUENCE)[:200], "the archive cannot be read"),
        (archive_of(OTHER), "the first row of the uniref alignment is not the sequence"),
    ],
)
def test_an_answer_that_is_no_alignment_of_the_sequence_is_never_used(
    chain: Chain, server: MsaServer, answer: bytes, reason: str
) -> None:
    server.answer = lambda sequence: answer
    batch_id = opened(chain, 1, **ALIGNED)
    chain.drain()
    [error] = errors(chain, batch_id)
    assert error["message"].startswith("no multiple sequence alignment: the server's answer is no use: ")
    assert reason in error["message"]
    assert server.asked["download"] == 3
    assert set(kept()) == {"failure.json"}


def test_an_answer_that_broke_off_once_is_fetched_again(chain: Chain, server: MsaServer) -> None:
    answers = [archive_of(SEQUENCE)[:200]]
    server.answer = lambda sequence: answers.pop() if answers else archive_of(sequence)
    batch_id = opened(chain, 1, **ALIGNED)
    chain.drain()
    assert status(chain, batch_id)["status"] == "completed"


def test_a_search_that_takes_too_long_is_given_up_with_the_last_that_was_seen(
    chain: Chain, server: MsaServer
) -> None:
    server.states = ["MAINTENANCE"] * 1000
    batch_id = opened(chain, 1, **ALIGNED)
    chain.drain(rounds=200)
    [error] = errors(chain, batch_id)
    assert error["message"].endswith("no alignment within 3600 s: it is being maintained")
    assert server.asked["submit"] < 30


def test_a_login_that_is_refused_is_told_without_the_servers_words(chain: Chain, server: MsaServer) -> None:
    server.login = "Basic other"
    batch_id = opened(chain, 1, **ALIGNED)
    chain.drain()
    [error] = errors(chain, batch_id)
    assert error["message"] == "no multiple sequence alignment: the server answered 401"


@pytest.mark.parametrize(
    ("login", "sent"), [("ada:secret", "Basic YWRhOnNlY3JldA=="), ("X-Key=a:b=", "a:b=")]
)
def test_a_server_may_ask_for_a_login_and_is_told_who_asks(
    chain: Chain, server: MsaServer, login: str, sent: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMTX_MSA_LOGIN", login)
    monkeypatch.setenv("OMTX_MSA_CONTACT", "ada@example.org")
    wiring.reset()
    server.login = sent
    batch_id = opened(chain, 1, **ALIGNED)
    chain.drain()
    assert status(chain, batch_id)["status"] == "completed"
    assert server.agents == {"omtx-hub/0.1 ada@example.org"}


def test_a_batch_that_is_cancelled_while_it_waits_ends_and_leaves_no_wish(
    chain: Chain, server: MsaServer
) -> None:
    batch_id = opened(chain, 3, **ALIGNED)
    assert f"waiting/{batch_id}" in kept()
    chain.api(f"/api/v3/batches/{batch_id}/control/cancel", "POST")
    chain.drain()
    assert status(chain, batch_id)["accounting_sentence"].endswith("+ 3 cancelled")
    assert server.asked == {}, "nobody wants it any more"
    assert kept() == {}
    assert chain.api(f"/api/v3/batches/{batch_id}", "DELETE").status == 200
    chain.clock.advance(timedelta(seconds=700))
    chain.reconcile()
    chain.reconcile()
    assert chain.ledger.deleted(limit=9) == []


def test_a_batch_that_is_paused_while_it_waits_goes_on_when_it_is_resumed(
    chain: Chain, server: MsaServer
) -> None:
    batch_id = opened(chain, 3, **ALIGNED)
    chain.api(f"/api/v3/batches/{batch_id}/control/pause", "POST")
    deliver_all(chain)
    assert (calls(), server.searched) == (0, {SEQUENCE: 1})
    chain.api(f"/api/v3/batches/{batch_id}/control/resume", "POST")
    chain.drain()
    assert status(chain, batch_id)["status"] == "completed"


def test_a_change_of_server_does_not_reach_a_batch_that_waits_for_the_former(
    chain: Chain, server: MsaServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch_id = opened(chain, 1, **ALIGNED)
    monkeypatch.setenv("OMTX_MSA_MODE", "all")
    wiring.reset()
    chain.drain()
    [error] = errors(chain, batch_id)
    assert "no longer the one that this installation asks" in error["message"]
    assert server.asked == {}


def test_a_want_that_names_another_sequence_is_parked(chain: Chain, server: MsaServer) -> None:
    batch_id = opened(chain, 1, **ALIGNED)
    want(batch_id, OTHER)
    deliver_all(chain)
    [letter] = letters()
    assert letter.reason.startswith("Malformed: ")


def test_a_batch_of_two_proteins_goes_on_when_the_last_of_their_searches_ends(
    chain: Chain, server: MsaServer
) -> None:
    aligned = {"msa_1.csv": SEQUENCE, "msa_2.csv": OTHER}
    source = wiring.alignments().source
    batch = chain.ledger.open(a_batch(2, owner="local", alignments=aligned, alignment_source=source))
    assert wiring.alignments().look(batch, now=chain.clock.now()).sentence() == "alignment of 2 sequences"
    chain.clock.advance(timedelta(seconds=16))
    chain.reconcile()
    assert waiting() == {"align-alignment-wanted": 2}
    first, last = chain.leased()
    chain.settle_delivery(first, chain.deliver(first))
    assert waiting() == {"align-alignment-wanted": 1}
    assert wiring.alignments().look(batch, now=chain.clock.now()).sentence() == "alignment of 1 sequence"
    chain.settle_delivery(last, chain.deliver(last))
    assert waiting() == {"dispatch-job-queued": 2}
