"""The log of a run: what it was asked, what it said, how it ended; short, and without credentials."""

import ctypes
import logging
import os
from pathlib import Path
from typing import Any

import pytest

from modal_gpu.attempt import attempt
from modal_gpu.predictors.base import Prediction, PredictionFailed, Question
from modal_gpu.recording import MOST_BYTES, stage
from shared.models.work import Envelope, FailureClass, LogPlace, WorkOrder
from tests.unit.modal_gpu.store import REF, Store

KEY = "batches/batch_1/jobs/job_1/logs.txt"
GOOD = Prediction(metrics={"affinity": -6.5}, versions={"vina": "1.2.7"})
C = ctypes.CDLL(None)


class Talking:
    """A predictor that says things in every way there is, then answers or fails."""

    def __init__(self, *texts: bytes, answer: Prediction | Exception = GOOD) -> None:
        self.texts = texts
        self.answer = answer

    def predict(self, question: Question) -> Prediction:
        """See ``Predictor.predict``."""
        with stage("search"):
            for text in self.texts:
                os.write(1, text)
            C.puts(b"from C")
            os.write(2, b"to stderr\n")
            logging.getLogger("a.program").warning("a bond is odd")
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path)


def order(store: Store, **changes: Any) -> WorkOrder:
    """One whose run may leave a log."""
    urls = {name: getattr(store.blobs, name)(KEY, until=store.until) for name in ("put_url", "get_url")}
    return store.order(**{"log": LogPlace(key=KEY, **urls)} | changes)


def run(store: Store, predictor: Talking, **changes: Any) -> Envelope:
    return attempt(
        order(store, **changes),
        call_id="call_1",
        predictor=predictor,
        transfer=store.transfer,
        machine="gpu-7",
    )


def text(store: Store) -> str:
    return store.blobs.get(KEY).decode()


def test_a_log_is_a_file_of_the_run_like_any_other(store: Store) -> None:
    envelope = run(store, Talking())
    [listed] = [file for file in envelope.artefacts if file.name == "logs.txt"]
    stat = store.blobs.stat(KEY)
    assert (listed.key, listed.size, listed.sha256) == (KEY, stat.size, stat.sha256)


def test_it_says_what_was_asked_and_where_it_ran(store: Store) -> None:
    run(store, Talking(), ref=REF.model_copy(update={"attempt": 2}))
    for said in (
        *(
            "attempt      2 of round 0",
            "machine      gpu-7",
            "versions     vina 1.2.7",
            "call         call_1",
        ),
        *("seed         7, of the search 8", '"exhaustiveness": 8', "ligand       ethanol: CCO"),
    ):
        assert said in text(store)


def test_it_holds_what_the_programs_printed_and_logged_in_order_with_times(store: Store) -> None:
    run(store, Talking(b"Performing docking\n"))
    lines = text(store).splitlines()
    at = [
        next(number for number, line in enumerate(lines) if said in line)
        for said in ("Performing docking", "to stderr", "WARNING a.program: a bond is odd", "search: 0.")
    ]
    assert at == sorted(at)
    assert "from C" in lines
    assert lines[at[-1]].startswith("[    0.")
    assert lines[-1].startswith("stored       results.json: ")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (PredictionFailed(FailureClass.INVALID_INPUT, "no such atom"), "invalid_input: no such atom"),
        (ZeroDivisionError("by zero"), "model_error: ZeroDivisionError: by zero"),
    ],
)
def test_a_failed_run_leaves_its_log_with_the_reason(store: Store, error: Exception, said: str) -> None:
    envelope = run(store, Talking(b"before it broke\n", answer=error))
    assert [file.name for file in envelope.artefacts] == ["logs.txt"]
    assert "before it broke" in text(store)
    assert said in text(store).splitlines()
    assert ("Traceback" in text(store)) == isinstance(error, ZeroDivisionError)


def test_a_long_log_is_cut_in_the_middle_and_says_so(store: Store) -> None:
    run(store, Talking(b"the beginning\n", *[b"x" * 99_999 + b"\n"] * 10, b"the end\n"))
    log = text(store)
    assert MOST_BYTES < len(log) < 256 * 1024
    assert "the beginning" in log
    assert "the end\n" in log
    assert "bytes are left out here ...]" in log


def test_what_was_said_before_is_not_said_again(store: Store) -> None:
    run(store, Talking(b"of the first\n"))
    store.blobs.delete(KEY)
    run(store, Talking(b"of the second\n"))
    assert "of the first" not in text(store)
    assert "\0" not in text(store)


def test_no_credential_of_a_url_is_in_it(store: Store) -> None:
    url = order(store).uploads["pose.sdf"][1]
    run(store, Talking(f"PUT {url} failed\n&X-Goog-Signature=abcdef0123&x=1\n".encode()))
    assert "/jobs/job_1/pose.sdf?..." in text(store)
    assert url.rpartition("=")[2] not in text(store)
    assert "abcdef0123" not in text(store)


def test_a_run_that_is_repeated_keeps_the_log_that_was_named_first(store: Store) -> None:
    first, again = (run(store, Talking(word)) for word in (b"first\n", b"again\n"))
    assert first.artefacts[-1] == again.artefacts[-1]
    assert "first" in text(store)


def test_an_answer_is_not_lost_because_its_log_cannot_be_stored(store: Store) -> None:
    place = order(store).log
    assert place is not None
    forged = place.model_copy(update={"put_url": place.put_url[:-4] + "0000"})
    envelope = run(store, Talking(), log=forged)
    assert (envelope.status, [file.name for file in envelope.artefacts]) == ("succeeded", ["results.json"])


def test_what_is_printed_goes_where_it_went_before_once_the_run_is_over(
    store: Store, capfd: pytest.CaptureFixture[str]
) -> None:
    run(store, Talking(b"during\n"))
    os.write(1, b"after\n")
    assert capfd.readouterr() == ("after\n", "")
