"""The log as Cloud Logging reads it: a batch's whole story, and nothing that has no business there."""

import io
import json
import logging
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from shared import logs, wiring
from tests.support.boundaries import Fault
from tests.support.chain import Chain
from tests.support.facts import LOST
from tests.support.functions import call
from tests.support.orders import noop_order
from tests.support.screens import deliver_all, one_answer, opened, tell

ROOT = Path(__file__).resolve().parents[2]
TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
SEQUENCE = "MNIFEMLRIDEGLRLKIYKDTEGYYTIGIGHLLTKSPSLNAAKSELDKAIGR"
SMILES = "Cc1ccc(Br)cc1OC(=O)N2CCNCC2"

Line = dict[str, Any]


class Log:
    """What was written so far."""

    def __init__(self, stream: io.StringIO) -> None:
        self._stream = stream

    def __call__(self, **wanted: Any) -> list[Line]:
        """The lines with these fields."""
        lines = [json.loads(line) for line in self.text.splitlines()]
        return [line for line in lines if wanted.items() <= line.items()]

    @property
    def text(self) -> str:
        """All of it."""
        return self._stream.getvalue()


@pytest.fixture
def log() -> Iterator[Log]:
    """The log of a process in the cloud; the process is put back."""
    root, ours = logging.getLogger(), logging.getLogger("omtx")
    before = list(root.handlers), root.level, ours.level
    stream = io.StringIO()
    logs.to_cloud(project="screens", stream=stream)
    yield Log(stream)
    root.handlers[:] = before[0]
    root.setLevel(before[1])
    ours.setLevel(before[2])


def test_a_batchs_whole_story_is_found_by_its_id(chain: Chain, log: Log) -> None:
    batch_id = opened(chain, 3)
    chain.api(f"/api/v3/batches/{batch_id}/control/pause", "POST")
    chain.api(f"/api/v3/batches/{batch_id}/control/resume", "POST")
    chain.reconcile(batch_id)
    chain.drain()
    story = log(batch_id=batch_id, logger="omtx.steps", outcome="done")
    told = Counter(line["function"] for line in story)
    assert told["submit"] == 1
    assert told["api"] == 2
    assert told["webhook"] == told["complete"] == 3
    assert told["dispatch"] >= 3
    assert told["aggregate"] >= 1
    assert told["reconcile"] == 1
    assert {line["action"] for line in story if line["function"] == "api"} == {"pause", "resume"}
    moments = [datetime.fromisoformat(line["time"]) for line in story]
    assert moments == sorted(moments)
    assert moments[0].tzinfo is not None
    for line in story:
        assert line["severity"] == "INFO"
        assert line["message"] == f"{line['function']} done"
        assert line["milliseconds"] >= 0


def test_a_line_says_which_ligand_which_try_and_which_delivery(chain: Chain, log: Log) -> None:
    batch_id = opened(chain)
    [delivery] = chain.leased()
    chain.settle_delivery(delivery, chain.deliver(delivery))
    [line] = log(function="dispatch")
    assert line["batch_id"] == batch_id
    assert line["job_id"].startswith("job_")
    assert (line["attempt"], line["round"]) == (1, 0)
    assert (line["subscription"], line["delivery_attempt"]) == ("dispatch-job-queued", 1)
    assert line["message_id"] == str(delivery.id)


def test_what_reconcile_helps_is_in_the_story_of_its_batch(chain: Chain, log: Log) -> None:
    batch_id = opened(chain)
    chain.leased()
    chain.clock.advance(timedelta(minutes=5))
    chain.reconcile()
    [line] = log(batch_id=batch_id, function="reconcile")
    assert line["message"].startswith("reconcile: ")
    assert line["did"]
    [whole] = log(function="reconcile", outcome="done")
    assert "batch_id" not in whole


def test_looking_writes_nothing_and_failing_to_look_does(chain: Chain, log: Log) -> None:
    batch_id = opened(chain)
    chain.api(f"/api/v3/batches/{batch_id}/status")
    assert log(function="api") == []
    chain.api("/api/v3/batches/batch_x/status")
    [line] = log(function="api")
    assert (line["outcome"], line["status"], line["batch_id"]) == ("refused", 404, "batch_x")


def test_contents_are_in_no_line(chain: Chain, log: Log) -> None:
    order = noop_order(1, protein_sequence=SEQUENCE)
    good, bad = {"name": "x", "smiles": SMILES}, {"name": "bad", "smiles": f"{SMILES}("}
    accepted = chain.submit({**order, "ligands": [good, bad]})
    assert accepted.status == 202, accepted.body
    batch_id = accepted.body["batch_id"]
    chain.drain()
    for refused in ({**order, "ligands": [bad]}, {**order, SEQUENCE: SMILES}):
        assert chain.submit(refused).status == 422
    chain.submit({"model_name": SEQUENCE})
    chain.api(f"/api/v3/batches/{batch_id}/results")
    [secret] = [key.secret.decode() for key in wiring.secrets().keys("webhook")]
    assert len(log()) > 6
    for content in (SEQUENCE, SMILES, "signature=", secret):
        assert content not in log.text


@pytest.mark.parametrize("fault", [Fault.FAIL_BEFORE, Fault.FAIL_AFTER])
def test_what_comes_again_is_a_warning_with_its_reason(chain: Chain, log: Log, fault: Fault) -> None:
    opened(chain)
    chain.boundaries.plan = lambda number, name: fault if name == "engine.spawn" else None
    deliver_all(chain)
    lines = log(function="dispatch")
    if fault is Fault.FAIL_BEFORE:
        assert [(line["severity"], line["outcome"]) for line in lines] == [("WARNING", "unavailable")]
        assert "Unavailable: engine.spawn: refused" in lines[0]["message"]
        assert lines[0]["batch_id"]
    else:
        assert [line["outcome"] for line in lines] == ["done"], "it may run, so nothing is repeated"


def test_what_is_parked_is_an_error_with_its_reason(chain: Chain, log: Log) -> None:
    assert call("complete", "POST", "/", b"{}").status == 204
    [line] = log(function="complete")
    assert (line["severity"], line["outcome"]) == ("ERROR", "parked")
    assert line["message"] == "complete parked: Malformed: no push envelope: 'message' is missing"


def test_a_late_message_about_a_deleted_batch_is_dropped_in_one_line(chain: Chain, log: Log) -> None:
    batch_id = opened(chain)
    answer = one_answer(chain)
    tell(chain, answer)
    chain.drain()
    assert chain.api(f"/api/v3/batches/{batch_id}", "DELETE").status == 200
    assert chain.webhook(answer).status == 204
    deliver_all(chain)
    [line] = log(function="complete", outcome="dropped")
    assert (line["severity"], line["batch_id"]) == ("INFO", batch_id)


def test_an_unexpected_error_is_logged_whole_but_for_its_contents(
    chain: Chain, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> None:
        raise RuntimeError(f"cannot PUT https://x/y?X-Goog-Signature=abc123&z=1 Bearer s3cret {SEQUENCE}")

    monkeypatch.setattr(wiring, "ledger", broken)
    reply = call("submit", "POST", "/", {"model_name": "noop"})
    assert reply.status in (422, 500)
    reply = call("api", "POST", "/api/v3/batches/b/control/pause")
    assert reply.status == 500
    [line] = log(outcome="failed", function="api")
    assert line["severity"] == "ERROR"
    assert line["@type"].endswith("ReportedErrorEvent")
    assert line["serviceContext"] == {"service": "api"}
    assert "Traceback" in line["stack_trace"]
    assert "RuntimeError: cannot PUT https://x/y?X-Goog-Signature=[…]&z=1" in line["stack_trace"]
    assert line["message"].removeprefix("api failed: ") in reply.body["detail"]
    for content in ("abc123", "s3cret", SEQUENCE):
        assert content not in log.text


def test_nothing_of_one_request_is_left_for_the_next_on_its_thread(chain: Chain, log: Log) -> None:
    chain.api("/api/v3/batches/batch_1/control/pause", "POST")
    call("dispatch", "POST", "/", {"message": {"data": "e30=", "messageId": "9"}, "subscription": "a/b"})
    call("dispatch", "POST", "/", b"", {"Function-Execution-Id": "second"})
    logging.getLogger("omtx.later").warning("nobody's line")
    first, second, third = log(logger="omtx.steps")
    assert first["batch_id"] == "batch_1"
    assert (second["subscription"], second["message_id"]) == ("b", "9")
    assert not {"batch_id", "action", "route"} & set(second)
    assert not {"subscription", "message_id", "batch_id"} & set(third)
    assert third["logging.googleapis.com/labels"] == {"execution_id": "second"}
    [last] = log(logger="omtx.later")
    assert set(last) == {"severity", "message", "time", "logger"}


def test_a_request_that_dies_leaves_nothing_behind_either(chain: Chain, log: Log) -> None:
    def died(request: object) -> object:
        logs.note(batch_id="batch_1")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), logs.step("dispatch", {}):
        died(None)
    logging.getLogger("omtx.later").warning("nobody's line")
    assert log(batch_id="batch_1") == []


@pytest.mark.parametrize(
    ("headers", "span", "sampled"),
    [
        ({"traceparent": f"00-{TRACE}-{SPAN}-01"}, SPAN, True),
        ({"traceparent": f"00-{TRACE}-{SPAN}-00"}, SPAN, False),
        ({"X-Cloud-Trace-Context": f"{TRACE}/{int(SPAN, 16)};o=1"}, SPAN, True),
        ({"X-Cloud-Trace-Context": f"{TRACE}/1;o=0"}, "0000000000000001", False),
        ({"X-Cloud-Trace-Context": TRACE}, None, False),
        ({"traceparent": "nonsense", "X-Cloud-Trace-Context": f"{TRACE}/1"}, "0000000000000001", False),
    ],
)
def test_a_line_belongs_to_the_trace_of_its_request(
    chain: Chain, log: Log, headers: dict[str, str], span: str | None, sampled: bool
) -> None:
    call("dispatch", "POST", "/", b"", headers)
    [line] = log(function="dispatch")
    assert line["logging.googleapis.com/trace"] == f"projects/screens/traces/{TRACE}"
    assert line.get("logging.googleapis.com/spanId") == span
    assert line["logging.googleapis.com/trace_sampled"] is sampled


@pytest.mark.parametrize(
    "headers",
    [
        {"traceparent": f"00-{'0' * 32}-{SPAN}-01"},
        {"traceparent": f"00-{TRACE}"},
        {"traceparent": ""},
        {"X-Cloud-Trace-Context": "1/2;o=1"},
        {"X-Cloud-Trace-Context": f"{TRACE}/-1"},
    ],
)
def test_what_is_no_trace_begins_one_that_nobody_records(
    chain: Chain, log: Log, headers: dict[str, str]
) -> None:
    call("dispatch", "POST", "/", b"", headers)
    [line] = log(function="dispatch")
    trace = line["logging.googleapis.com/trace"].removeprefix("projects/screens/traces/")
    assert re.fullmatch("[0-9a-f]{32}", trace)
    assert trace not in (TRACE, "0" * 32)
    assert line["logging.googleapis.com/trace_sampled"] is False


def test_long_values_are_cut_and_every_record_is_one_line(chain: Chain, log: Log) -> None:
    logs.tell("a\nb", batch_id="x" * 10_000)
    [line] = log(message="a\nb")
    assert line["batch_id"] == "x" * logs.LONGEST_VALUE + "…"


def test_a_second_set_up_writes_no_line_twice(log: Log) -> None:
    stream = io.StringIO()
    logs.to_cloud(project="screens", stream=stream)
    logs.tell("once")
    assert log() == []
    assert len(stream.getvalue().splitlines()) == 1


def test_the_words_of_a_run_that_failed_are_not_in_the_log(chain: Chain, log: Log) -> None:
    opened(chain)
    answer = one_answer(chain)
    tell(chain, answer.model_copy(update={"status": "failed", "failure": LOST}))
    assert LOST.message not in log.text


PROGRAM = """
import logging
from functions_framework import create_app
client = create_app("dispatch", "services/dispatch/main.py").test_client()
client.post("/", data=b"", headers={"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"})
client.post("/", data=b"x")
logging.getLogger("google.something").warning("a library's warning")
logging.getLogger("google.something").info("a library's url")
"""


@pytest.mark.parametrize("execution_ids", ["", "true"])
def test_a_process_of_the_framework_writes_each_line_once_and_all_of_them_as_json(
    tmp_path: Path, execution_ids: str
) -> None:
    env = os.environ | {"OMTX_LOG": "json", "OMTX_HOME": str(tmp_path), "OMTX_PROJECT": "screens"}
    env |= {"LOG_EXECUTION_ID": execution_ids, "PYTHONPATH": str(ROOT)}
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=ROOT, env=env, capture_output=True, text=True, timeout=60
    )
    assert ran.returncode == 0, ran.stderr
    lines = [json.loads(line) for line in ran.stdout.splitlines()]
    assert [line["message"] for line in lines] == [
        "dispatch parked: Malformed: the body is empty",
        "dispatch parked: Malformed: the body is not JSON",
        "a library's warning",
    ]
    assert lines[0]["logging.googleapis.com/trace"] == f"projects/screens/traces/{TRACE}"
    assert all(line["logging.googleapis.com/labels"]["execution_id"] for line in lines[:2])
    assert lines[1]["logging.googleapis.com/trace"] != lines[0]["logging.googleapis.com/trace"]
    assert "logging.googleapis.com/trace" not in lines[2]
    assert ran.stderr == ""


@pytest.mark.parametrize("before", ["", "X-API-Key: ", "'x-api-key': '", "Authorization: Bearer ", "key="])
def test_a_key_is_struck_out_of_whatever_is_logged(before: str) -> None:
    secret = "A1b2" * 12
    assert secret not in logs.clean(f"sent {before}omtx_abcdefgh0123_{secret} there", 1000)
