"""Every way in which Modal fails to start, to tell or to cancel a run, and what is concluded from it."""

import logging
import random

import pytest

from shared.errors import TooLarge, Unavailable, Unknown
from shared.models.work import FailureClass
from shared.ports.engine import Answered, Died, Load, Pending
from tests.contracts.modal_room import ModalRoom
from tests.modal_server.plane import Fate
from tests.modal_server.service import Mishap
from tests.support.facts import a_batch, envelope, ref, work_order

BATCH = a_batch()
ORDER = work_order(ref(BATCH))
START, ASK, STOP = "FunctionMap", "FunctionGetOutputs", "FunctionCallCancel"


def strike(room: ModalRoom, method: str, mishap: Mishap) -> None:
    """From now on every request of this method goes wrong in this way."""
    room.control_plane.service.strike = lambda name, number: mishap if name == method else None


def spared(room: ModalRoom) -> None:
    """Nothing goes wrong any more."""
    room.control_plane.service.strike = lambda name, number: None


def ended(room: ModalRoom, fate: Fate) -> object:
    """How a call stands that met this fate."""
    room.control_plane.plane.fate = lambda number: fate
    call = room.engine.spawn(ORDER)
    room.control_plane.plane.run()
    return room.engine.poll(call)


@pytest.mark.parametrize(
    ("mishap", "error", "calls"),
    [
        (Mishap.REFUSES_TOKEN, Unavailable, 0),
        (Mishap.FORBIDS, Unavailable, 0),
        (Mishap.THROTTLES, Unavailable, 0),
        (Mishap.THROTTLES_FOR_LONG, Unavailable, 0),
        (Mishap.UNAVAILABLE, Unknown, 0),
        (Mishap.BREAKS, Unknown, 0),
        (Mishap.SILENT, Unknown, 0),
        (Mishap.SILENT_AFTER_EFFECT, Unknown, 1),
        (Mishap.LOSES_REPLY, Unknown, 1),
    ],
)
def test_a_start_that_failed_certainly_is_told_from_one_that_may_have_happened(
    room: ModalRoom, mishap: Mishap, error: type[Exception], calls: int
) -> None:
    strike(room, START, mishap)
    with pytest.raises(error):
        room.engine.spawn(ORDER)
    assert len(room.control_plane.plane.calls) == calls


@pytest.mark.parametrize("mishap", [Mishap.LOSES_FIRST_REPLY, Mishap.THROTTLES_BRIEFLY])
def test_what_the_client_tries_again_by_itself_starts_one_run(room: ModalRoom, mishap: Mishap) -> None:
    strike(room, START, mishap)
    call = room.engine.spawn(ORDER)
    assert list(room.control_plane.plane.calls) == [call]


@pytest.mark.parametrize("mishap", [Mishap.REFUSES_TOKEN, Mishap.UNAVAILABLE, Mishap.SILENT])
def test_nothing_was_started_if_already_the_lookup_failed(room: ModalRoom, mishap: Mishap) -> None:
    strike(room, "ClassGet", mishap)
    with pytest.raises(Unavailable):
        room.engine.spawn(ORDER)
    assert START not in room.control_plane.service.seen


def test_a_model_whose_app_is_not_deployed_waits_for_its_deployment(
    room: ModalRoom, caplog: pytest.LogCaptureFixture
) -> None:
    order = ORDER.model_copy(update={"model": "vina"})
    with pytest.raises(Unavailable, match="omtx-vina"):
        room.engine.spawn(order)
    assert [record.levelno for record in caplog.records] == [logging.ERROR]
    room.control_plane.deployments.have("omtx-vina", most_containers=1)
    assert room.engine.spawn(order) == "fc-000001"


def test_of_a_model_without_an_app_nothing_runs_and_nobody_is_alarmed(
    room: ModalRoom, caplog: pytest.LogCaptureFixture
) -> None:
    assert room.engine.load("vina") == Load(None, running=0, waiting=0)
    assert caplog.records == []


def test_an_app_that_was_stopped_and_deployed_anew_is_found_again(room: ModalRoom) -> None:
    room.engine.spawn(ORDER)
    room.control_plane.deployments.replace("omtx-noop")
    with pytest.raises(Unavailable):
        room.engine.spawn(ORDER)
    assert room.engine.spawn(ORDER) == "fc-000002"


def test_an_order_that_is_no_small_message_is_not_sent(room: ModalRoom) -> None:
    content = random.Random(1).randbytes(8_000).hex()
    with pytest.raises(TooLarge, match="at most 8,128"):
        room.engine.spawn(ORDER.model_copy(update={"parameters": {"structure": content}}))
    assert room.control_plane.service.seen == []


@pytest.mark.parametrize(
    ("fate", "kind", "message"),
    [
        (Fate.TIMES_OUT, FailureClass.TIMEOUT, "longer than its limit"),
        (Fate.RAISES, FailureClass.INFRASTRUCTURE, "RuntimeError: no space left"),
        (Fate.RAISES_UNKNOWN, FailureClass.INFRASTRUCTURE, "cannot be read"),
        (Fate.EXITS, FailureClass.INFRASTRUCTURE, "SystemExit: 3"),
        (Fate.IS_LOST, FailureClass.INFRASTRUCTURE, "lost the run: the worker is gone"),
        (Fate.IS_EVICTED, FailureClass.INFRASTRUCTURE, "ended the run: out of memory"),
        (Fate.DOES_NOT_BEGIN, FailureClass.INFRASTRUCTURE, "no such module"),
        (Fate.EXPIRES, FailureClass.INFRASTRUCTURE, "no longer keeps"),
        (Fate.IS_FORGOTTEN, FailureClass.INFRASTRUCTURE, "does not know"),
    ],
)
def test_a_run_that_ended_without_an_envelope_has_a_class_and_may_be_retried(
    room: ModalRoom, fate: Fate, kind: FailureClass, message: str
) -> None:
    room.control_plane.plane.body = lambda order, call_id: order
    state = ended(room, fate)
    assert isinstance(state, Died)
    assert state.failure.kind is kind
    assert message in state.failure.message
    assert state.failure.may_be_retried


@pytest.mark.parametrize("fate", [Fate.NEVER_ENDS, Fate.RAISES_TIMEOUT])
def test_a_run_that_never_answers_and_one_that_raised_a_timeout_look_alike(
    room: ModalRoom, fate: Fate
) -> None:
    assert ended(room, fate) == Pending()


def test_an_answer_that_is_no_envelope_ends_the_run(room: ModalRoom) -> None:
    room.control_plane.plane.body = lambda order, call_id: b"thanks"
    state = ended(room, Fate.ANSWERS)
    assert isinstance(state, Died)
    assert "Envelope" in state.failure.message


@pytest.mark.parametrize(
    "mishap", [it for it in Mishap if it not in (Mishap.LOSES_FIRST_REPLY, Mishap.THROTTLES_BRIEFLY)]
)
def test_whatever_keeps_modal_from_telling_says_nothing_about_the_run(
    room: ModalRoom, mishap: Mishap
) -> None:
    call = room.engine.spawn(ORDER)
    room.machine.end([(call, envelope(ref(BATCH), call_id=call))])
    for method, deed in ((ASK, room.engine.poll), (STOP, room.engine.cancel)):
        strike(room, method, mishap)
        with pytest.raises(Unavailable):
            deed(call)
    spared(room)
    assert isinstance(room.engine.poll(call), Answered)


@pytest.mark.parametrize("mishap", [Mishap.LOSES_FIRST_REPLY, Mishap.THROTTLES_BRIEFLY])
def test_a_brief_trouble_on_the_way_is_not_noticed(room: ModalRoom, mishap: Mishap) -> None:
    room.control_plane.service.strike = lambda name, number: mishap
    call = room.engine.spawn(ORDER)
    assert room.engine.poll(call) == Pending()
    room.engine.cancel(call)
    assert room.engine.load("noop").size == 2


def test_a_refused_token_is_an_alarm_and_the_next_try_reads_it_anew(
    room: ModalRoom, caplog: pytest.LogCaptureFixture
) -> None:
    call = room.engine.spawn(ORDER)
    strike(room, ASK, Mishap.REFUSES_TOKEN)
    with pytest.raises(Unavailable, match="does not let us in"):
        room.engine.poll(call)
    assert [record.levelno for record in caplog.records] == [logging.ERROR]
    spared(room)
    assert room.engine.poll(call) == Pending()
