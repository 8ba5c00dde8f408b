"""One attempt: what goes in, what is stored, and what the envelope says when something fails."""

import hashlib
import json
from pathlib import Path

import pytest

from modal_gpu.attempt import attempt
from modal_gpu.predictors.base import Prediction, PredictionFailed
from modal_gpu.results import FIELDS
from modal_gpu.transfer import KEPT_INPUTS
from shared.models.work import Download, Envelope, FailureClass, WorkOrder
from tests.unit.modal_gpu.store import REF, Fixed, Store

GOOD = Prediction(
    metrics={"affinity": -6.5, "plddt_score": None},
    details={"poses": [1, 2]},
    files={"pose.sdf": b"a pose"},
    versions={"vina": "1.2.7"},
)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path)


def run(store: Store, order: WorkOrder, predictor: Fixed) -> Envelope:
    return attempt(order, call_id="call_1", predictor=predictor, transfer=store.transfer, machine="m")


def failed(envelope: Envelope) -> tuple[FailureClass, str]:
    assert envelope.failure is not None
    assert (envelope.status, envelope.metrics, envelope.artefacts) == ("failed", {}, ())
    return envelope.failure.kind, envelope.failure.message


def test_the_envelope_names_the_run_and_every_stored_file(store: Store) -> None:
    envelope = run(store, store.order(), Fixed(GOOD))

    assert (envelope.status, envelope.failure, envelope.ref, envelope.call_id) == (
        *("succeeded", None, REF),
        "call_1",
    )
    assert (envelope.seed, envelope.versions, envelope.machine) == (7, {"vina": "1.2.7"}, "m")
    assert envelope.metrics == {"affinity": -6.5, "plddt_score": None}
    assert envelope.finished_at >= envelope.started_at
    assert [artefact.name for artefact in envelope.artefacts] == ["pose.sdf", "results.json"]
    for artefact in envelope.artefacts:
        stat = store.blobs.stat(artefact.key)
        assert (stat.size, stat.sha256) == (artefact.size, artefact.sha256)


def test_the_predictor_is_asked_with_the_inputs_and_the_number_of_the_try(store: Store) -> None:
    predictor = Fixed(GOOD)
    run(
        store,
        store.order(inputs={"structure": b"ATOM"}, ref=REF.model_copy(update={"attempt": 3})),
        predictor,
    )

    (question,) = predictor.asked
    assert (question.inputs, question.attempt) == ({"structure": b"ATOM"}, 3)
    assert (question.smiles, question.seed, question.search_seed) == ("CCO", 7, 8)
    assert question.parameters == {"exhaustiveness": 8}


def test_inputs_are_fetched_once_per_process_and_only_the_last_few_are_kept(store: Store) -> None:
    orders = [store.order(inputs={f"structure{n}": f"ATOM {n}".encode()}) for n in range(KEPT_INPUTS + 1)]
    for order in (orders[0], orders[0], *orders[1:], orders[-1], orders[0]):
        assert run(store, order, Fixed(GOOD)).status == "succeeded"

    fetched = [line.rpartition("structure")[2] for line in store.seen if line.startswith("GET")]
    assert fetched == [str(n) for n in (*range(KEPT_INPUTS + 1), 0)]


def test_results_json_is_the_same_bytes_whichever_try_wrote_it(store: Store) -> None:
    first = run(store, store.order(), Fixed(GOOD))
    again = run(store, store.order(ref=REF.model_copy(update={"attempt": 2})), Fixed(GOOD))

    assert first.artefacts == again.artefacts


def test_results_json_has_every_comprehensive_field_and_null_where_nothing_was_predicted(
    store: Store,
) -> None:
    run(store, store.order(), Fixed(GOOD))

    results = json.loads(store.blobs.get("batches/batch_1/jobs/job_1/results.json"))
    assert {name: results[name] for name in FIELDS} == dict.fromkeys(FIELDS) | {"affinity": -6.5}
    assert len(FIELDS) == 14 + 2
    assert results["status"] == "completed"
    assert (results["test_model"], results["seed"], results["details"]) == (False, 7, {"poses": [1, 2]})
    assert not {"attempt", "started_at", "finished_at", "execution_time"} & set(results)


@pytest.mark.parametrize("kind", [FailureClass.INVALID_INPUT, FailureClass.OUT_OF_MEMORY])
def test_a_failed_prediction_keeps_its_class_and_reason(store: Store, kind: FailureClass) -> None:
    envelope = run(store, store.order(), Fixed(PredictionFailed(kind, "no\n  such atom")))
    assert failed(envelope) == (kind, "no such atom")
    assert store.seen == []


def test_an_unexpected_error_of_the_model_is_one_line_and_its_traceback_is_logged(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    envelope = run(store, store.order(), Fixed(ZeroDivisionError("by\nzero")))
    assert failed(envelope) == (FailureClass.MODEL_ERROR, "ZeroDivisionError: by zero")
    assert "Traceback" in caplog.text


def test_memory_that_runs_out_has_its_own_class(store: Store) -> None:
    assert failed(run(store, store.order(), Fixed(MemoryError())))[0] is FailureClass.OUT_OF_MEMORY


def test_an_interrupt_is_not_an_answer(store: Store) -> None:
    with pytest.raises(KeyboardInterrupt):
        run(store, store.order(), Fixed(KeyboardInterrupt()))


def test_a_figure_that_is_not_finite_is_an_error_of_the_model(store: Store) -> None:
    envelope = run(store, store.order(), Fixed(Prediction(metrics={"affinity": float("nan")})))
    assert failed(envelope)[0] is FailureClass.MODEL_ERROR
    assert store.seen == []


def test_a_file_the_catalogue_does_not_list_is_an_error_of_the_model(store: Store) -> None:
    envelope = run(store, store.order(), Fixed(Prediction(metrics={}, files={"secret.txt": b""})))
    assert failed(envelope) == (
        FailureClass.MODEL_ERROR,
        "the model wrote what its catalogue entry does not list: secret.txt",
    )


def test_an_input_with_another_digest_is_not_used(store: Store) -> None:
    order = store.order(inputs={"structure": b"ATOM"})
    wrong = {"structure": Download(url=order.inputs["structure"].url, sha256=hashlib.sha256().hexdigest())}
    predictor = Fixed(GOOD)

    assert failed(run(store, order.model_copy(update={"inputs": wrong}), predictor))[0] is (
        FailureClass.INFRASTRUCTURE
    )
    assert predictor.asked == []


def test_a_store_that_recovers_costs_nothing_but_time(store: Store) -> None:
    store.failing = 2
    assert run(store, store.order(), Fixed(GOOD)).status == "succeeded"


def test_a_store_that_stays_away_is_a_failure_that_may_be_retried(store: Store) -> None:
    store.failing = 3
    envelope = run(store, store.order(), Fixed(GOOD))
    assert failed(envelope) == (
        FailureClass.INFRASTRUCTURE,
        "PUT /objects/batches/batch_1/jobs/job_1/pose.sdf failed: status 503",
    )
    assert envelope.failure is not None
    assert envelope.failure.may_be_retried


def test_a_refused_upload_is_not_repeated_and_the_signature_is_not_told(store: Store) -> None:
    order = store.order()
    forged = {name: (key, url[:-4] + "0000") for name, (key, url) in order.uploads.items()}
    kind, message = failed(run(store, order.model_copy(update={"uploads": forged}), Fixed(GOOD)))
    assert (kind, len(store.seen)) == (FailureClass.INFRASTRUCTURE, 1)
    assert "signature" not in message


def test_an_answer_that_is_not_to_be_stored_writes_nothing(store: Store) -> None:
    envelope = run(store, store.order(), Fixed(Prediction(metrics={"affinity": -1.0}, stored=False)))
    assert (envelope.status, envelope.artefacts, store.seen) == ("succeeded", (), [])
