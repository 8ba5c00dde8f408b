"""
One attempt at one ligand: fetch the inputs, predict, store the artefacts, answer with an envelope.

A plain function: the same in a process of the embedded pool, in a GPU container, and in a test.
"""

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from modal_gpu.predictors.base import Prediction, PredictionFailed, Predictor, Question
from modal_gpu.recording import Recorder, process_recorder, stage
from modal_gpu.results import NAME, results_document
from modal_gpu.runlog import run_log
from modal_gpu.transfer import Transfer, TransferFailed
from shared.domain.alignments import version_name
from shared.domain.naming import LOG
from shared.models.work import Artefact, Envelope, Failure, FailureClass, LogPlace, WorkOrder

log = logging.getLogger("omtx.attempt")
LONGEST_REASON = 500


def utc_now() -> datetime:
    """The time of this machine, in UTC."""
    return datetime.now(UTC)


def attempt(
    order: WorkOrder,
    *,
    call_id: str | None,
    predictor: Predictor,
    transfer: Transfer,
    recorder: Recorder | None = None,
    machine: str | None = None,
    now: Callable[[], datetime] = utc_now,
) -> Envelope:
    """
    Run the order to its envelope; what fails is in the envelope, with its class.

    Only ``Exception`` is caught: an interrupt or a cancellation must end the process.
    """
    started = now()
    recorder = recorder or process_recorder()
    with recorder.recording():
        prediction, artefacts, failure = _tried(order, predictor, transfer)
    envelope = Envelope(
        ref=order.ref,
        call_id=call_id,
        status="succeeded" if failure is None else "failed",
        failure=failure,
        metrics=prediction.metrics,
        artefacts=artefacts,
        seed=order.seed,
        versions=prediction.versions,
        test_model=prediction.test_model,
        machine=machine,
        trace=order.trace,
        started_at=started,
        finished_at=now(),
    )
    if order.log is None:
        _tell(order, recorder.said())
    elif prediction.stored or failure is not None:
        return _with_log(envelope, run_log(order, envelope, recorder.said()), order.log, transfer)
    return envelope


def _tell(order: WorkOrder, said: bytes) -> None:
    """What a run said goes to the log of the process, where there is no other place for it."""
    if said:
        log.warning("%s said: %s", order.ref.job_id, said.decode(errors="replace").rstrip())


def _tried(
    order: WorkOrder, predictor: Predictor, transfer: Transfer
) -> tuple[Prediction, tuple[Artefact, ...], Failure | None]:
    """The answer with its files, or why there is none."""
    try:
        return *_answer(order, predictor, transfer), None
    except PredictionFailed as error:
        failure = _failure(error.kind, str(error))
    except TransferFailed as error:
        failure = _failure(FailureClass.INFRASTRUCTURE, str(error))
    except MemoryError:
        failure = _failure(FailureClass.OUT_OF_MEMORY, "the model ran out of memory")
    except Exception as error:  # the edge to code that is not ours: logged whole, reported in one line
        log.exception("%s failed on %s", order.model, order.ref.job_id)
        failure = _failure(FailureClass.MODEL_ERROR, f"{type(error).__name__}: {error}")
    return Prediction(metrics={}), (), failure


def _with_log(envelope: Envelope, content: bytes, place: LogPlace, transfer: Transfer) -> Envelope:
    """The envelope with its log among the files. An answer is not lost because its log cannot be stored."""
    try:
        stored = transfer.upload_first(LOG, content, place)
    except TransferFailed as error:
        log.warning("no log of %s: %s", envelope.ref.job_id, error)
        return envelope
    return envelope.model_copy(update={"artefacts": (*envelope.artefacts, stored)})


def _answer(
    order: WorkOrder, predictor: Predictor, transfer: Transfer
) -> tuple[Prediction, tuple[Artefact, ...]]:
    """Nothing is uploaded before the whole answer is known to be good."""
    prediction = _with_alignments(order, predictor.predict(_question(order, transfer)))
    if not prediction.stored:
        return prediction, ()
    files = {NAME: results_document(order, prediction), **prediction.files}
    unknown = sorted(set(files) - set(order.uploads))
    if unknown:
        message = f"the model wrote what its catalogue entry does not list: {', '.join(unknown)}"
        raise PredictionFailed(FailureClass.MODEL_ERROR, message)
    with stage("uploads"):
        uploaded = [transfer.upload(name, files[name], order.uploads[name]) for name in sorted(files)]
    return prediction, tuple(uploaded)


def _with_alignments(order: WorkOrder, prediction: Prediction) -> Prediction:
    """Which alignments it was computed with is part of an answer, as is the version of a program."""
    used = {version_name(name): f"sha256 {order.inputs[name].sha256}" for name in order.alignments}
    return replace(prediction, versions={**prediction.versions, **used}) if used else prediction


def _question(order: WorkOrder, transfer: Transfer) -> Question:
    return Question(
        ligand_name=order.ligand_name,
        smiles=order.smiles,
        seed=order.seed,
        parameters=order.parameters,
        inputs=_inputs(order, transfer) if order.inputs else {},
        attempt=order.ref.attempt,
        round=order.ref.round,
        search_seed=order.search_seed,
        task_type=order.task_type,
        item=order.item,
        seconds=order.timeout_seconds,
    )


def _inputs(order: WorkOrder, transfer: Transfer) -> dict[str, bytes]:
    with stage("inputs, fetched or at hand"):
        return {name: transfer.fetch(download) for name, download in order.inputs.items()}


def _failure(kind: FailureClass, text: str) -> Failure:
    return Failure(kind=kind, message=" ".join(text.split())[:LONGEST_REASON] or kind.value)
