"""A container's work: orders in, envelopes out, the webhook on the way."""

from dataclasses import replace
from pathlib import Path

import httpx
import modal.exception
import pytest

from modal_gpu.body import Body, Weighed, machine_name
from modal_gpu.predictors.base import Prediction, Question, is_spent
from modal_gpu.report import Reporter
from shared.errors import Malformed
from shared.events.runs import packed, unpacked
from shared.models.work import Envelope
from tests.unit.modal_gpu.store import Fixed, Store

GOOD = Prediction(metrics={"affinity": -6.5}, versions={"vina": "1.2.7"})


class Outside:
    """The webhook's end."""

    def __init__(self, status: int = 204) -> None:
        self.status = status
        self.heard: list[Envelope] = []
        self.client = httpx.Client(transport=httpx.MockTransport(self._take))

    def _take(self, request: httpx.Request) -> httpx.Response:
        self.heard.append(Envelope.model_validate_json(request.read()))
        return httpx.Response(self.status)


def body(store: Store, outside: Outside, prediction: Prediction | BaseException = GOOD) -> Body:
    """A container with a model that gives this answer."""
    reporter = Reporter(key_id="1", secret=b"key", client=outside.client)
    return Body(Fixed(prediction), store.transfer, reporter, machine="NVIDIA L40S")


@pytest.mark.parametrize("status", [204, 403])
def test_the_answer_is_returned_whether_or_not_the_webhook_took_it(tmp_path: Path, status: int) -> None:
    store, outside = Store(tmp_path), Outside(status)
    answer = unpacked(body(store, outside).answer(packed(store.order()), "fc-1"), Envelope)
    assert (answer.status, answer.call_id, answer.machine) == ("succeeded", "fc-1", "NVIDIA L40S")
    assert outside.heard == [answer]


def test_a_prediction_that_failed_is_an_answer_too(tmp_path: Path) -> None:
    store, outside = Store(tmp_path), Outside()
    answered = body(store, outside, TimeoutError("read")).answer(packed(store.order()), "fc-1")
    answer = unpacked(answered, Envelope)
    assert answer.failure is not None
    assert answer.failure.message == "TimeoutError: read"


def test_what_is_no_order_is_the_containers_own_trouble(tmp_path: Path) -> None:
    with pytest.raises(Malformed):
        body(Store(tmp_path), Outside()).answer(b"?", "fc-1")


def test_an_interruption_ends_the_run_without_an_answer(tmp_path: Path) -> None:
    store, outside = Store(tmp_path), Outside()
    with pytest.raises(modal.exception.InputCancellation):
        body(store, outside, modal.exception.InputCancellation()).answer(packed(store.order()), "fc-1")
    assert outside.heard == []


def test_an_answer_names_the_weights_beside_the_programs(tmp_path: Path) -> None:
    store, outside = Store(tmp_path), Outside()
    container = body(store, outside)
    weighed = replace(container, predictor=Weighed(container.predictor, {"fold weights": "2024-01"}))
    weighed.answer(packed(store.order()), None)
    assert outside.heard[0].versions == {"fold weights": "2024-01", "vina": "1.2.7"}
    stored = store.blobs.get("batches/batch_1/jobs/job_1/results.json").decode()
    assert '"fold weights": "2024-01"' in stored


def a_program(folder: Path, says: str, *, fails: bool = False) -> None:
    """An ``nvidia-smi`` that says this."""
    program = folder / "nvidia-smi"
    program.write_text(f"#!/bin/sh\nprintf '{says}'\nexit {int(fails)}\n")
    program.chmod(0o755)


def test_the_machine_is_named_after_its_gpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    a_program(tmp_path, r"NVIDIA H100 80GB HBM3\n")
    assert machine_name() == "NVIDIA H100 80GB HBM3"
    a_program(tmp_path, r"NVIDIA L4\nNVIDIA L4\n")
    assert machine_name() == "NVIDIA L4, NVIDIA L4"


def test_a_machine_whose_gpu_cannot_be_asked_has_its_own_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("platform.node", lambda: "worker-7")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert machine_name() == "worker-7"
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    a_program(tmp_path, "no devices were found", fails=True)
    assert machine_name() == "worker-7"


def test_the_wrapper_runs_its_hooks_and_answers_like_the_body(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMTX_WEBHOOK_KEY_ID", "1")
    monkeypatch.setenv("OMTX_WEBHOOK_KEY", "key")
    from modal_gpu.apps.noop import Model

    order = Store(tmp_path).order(parameters={}, webhook_url="http://127.0.0.1:1/", uploads={})
    model = Model()
    answers = [unpacked(model.run.local(packed(order)), Envelope) for _ in range(2)]
    assert [answer.status for answer in answers] == ["succeeded"] * 2
    assert answers[0].metrics == answers[1].metrics
    assert answers[0].test_model


class Breakable:
    """A model on a GPU that breaks at its first question."""

    usable = True

    def predict(self, question: Question) -> Prediction:
        """See ``Predictor.predict``."""
        self.usable = False
        return GOOD


def test_a_model_that_broke_its_process_is_spent_with_or_without_weights(tmp_path: Path) -> None:
    model = Breakable()
    weighed = Weighed(model, {"weights": "1"})
    assert not is_spent(weighed)
    Body(
        weighed, Store(tmp_path).transfer, Reporter(key_id="1", secret=b"k", client=Outside().client), ""
    ).answer(packed(Store(tmp_path).order()), "fc-1")
    assert is_spent(weighed)
    assert is_spent(model)
    assert not is_spent(Fixed(GOOD))  # most models have nothing to break
