"""``complete``: artefacts first, the first outcome wins, what may pass is tried again, later each time."""

import contextlib
from datetime import timedelta
from typing import Any

import pytest

from shared import wiring
from shared.models.facts import Outcome
from shared.models.work import Envelope, Failure, FailureClass
from tests.support.boundaries import Fault, Killed
from tests.support.chain import Chain, message_of
from tests.support.facts import LOST, WRONG
from tests.support.screens import (
    answers,
    attempts,
    deliver_all,
    letters,
    one_answer,
    opened,
    status,
    tell,
    waiting,
)

STORED: dict[str, Any] = {"parameters": {"payload_bytes": 64}}


def failed(envelope: Envelope, failure: Failure = LOST) -> Envelope:
    """The same run, had it failed."""
    return envelope.model_copy(
        update={"status": "failed", "failure": failure, "metrics": {}, "artefacts": ()}
    )


def with_file(envelope: Envelope, **changes: Any) -> Envelope:
    """The same answer, with its first file described otherwise."""
    first, *rest = envelope.artefacts
    return envelope.model_copy(update={"artefacts": (first.model_copy(update=changes), *rest)})


def outcomes(chain: Chain, batch_id: str) -> list[Outcome]:
    """Every outcome of the batch."""
    found: list[Outcome] = chain.ledger.outcomes(batch_id, 0, limit=99)
    return found


def test_an_answer_with_its_files_in_place_settles_the_ligand(chain: Chain) -> None:
    batch_id = opened(chain, **STORED)
    answer = one_answer(chain)
    tell(chain, answer)
    [settled] = outcomes(chain, batch_id)
    assert (settled.kind, settled.metrics, settled.artefacts) == (
        "completed",
        answer.metrics,
        answer.artefacts,
    )
    assert (settled.call_id, settled.seed, settled.test_model) == (answer.call_id, answer.seed, True)


TAMPERINGS: dict[str, tuple[dict[str, Any], str]] = {
    "another digest": ({"sha256": "0" * 64}, "payload.bin is not what was uploaded"),
    "another size": ({"size": 1}, "payload.bin is not what was uploaded"),
    "another job": ({"key": "batches/other/jobs/job_1/payload.bin"}, "payload.bin was stored elsewhere"),
    "another name": ({"name": "structure.cif"}, "structure.cif was stored elsewhere"),
    "an absolute key": ({"key": "/etc/passwd", "name": "passwd"}, "passwd was stored elsewhere"),
}


@pytest.mark.parametrize("case", TAMPERINGS)
def test_a_file_that_is_not_what_the_answer_says_is_infrastructure_and_tried_again(
    chain: Chain, case: str
) -> None:
    changes, reason = TAMPERINGS[case]
    batch_id = opened(chain, **STORED)
    tell(chain, with_file(one_answer(chain), **changes))
    assert outcomes(chain, batch_id) == []
    [attempt] = attempts(chain, batch_id)
    assert attempt.failure == Failure(kind=FailureClass.INFRASTRUCTURE, message=reason)
    chain.drain()
    assert status(chain, batch_id)["accounting"]["completed"] == 1


@pytest.mark.parametrize("name", ["../../x", "../results.json", ".part-1", "a b", "\x00"])
def test_a_file_name_that_leads_out_of_the_jobs_folder_is_infrastructure(chain: Chain, name: str) -> None:
    batch_id = opened(chain, **STORED)
    answer = one_answer(chain)
    folder = answer.artefacts[0].key.rpartition("/")[0]
    tell(chain, with_file(answer, name=name, key=f"{folder}/{name}"))
    assert outcomes(chain, batch_id) == []
    assert attempts(chain, batch_id)[0].failure is not None
    assert letters() == []


def test_a_file_that_is_missing_is_infrastructure_and_tried_again(chain: Chain) -> None:
    batch_id = opened(chain, **STORED)
    answer = one_answer(chain)
    wiring.local_blobs().delete(answer.artefacts[0].key)
    tell(chain, answer)
    [attempt] = attempts(chain, batch_id)
    assert attempt.failure is not None
    assert attempt.failure.message == "payload.bin is missing from the object store"
    chain.drain()
    assert outcomes(chain, batch_id)[0].ref.attempt == 2


def test_every_wrong_file_is_named(chain: Chain) -> None:
    batch_id = opened(chain, **STORED)
    answer = one_answer(chain)
    for file in answer.artefacts:
        wiring.local_blobs().put(file.key, b"other")
    tell(chain, answer)
    failure = attempts(chain, batch_id)[0].failure
    assert failure is not None
    assert failure.message == "; ".join(
        f"{name} is not what was uploaded" for name in ("payload.bin", "results.json", "logs.txt")
    )


def test_each_try_waits_longer_and_has_the_next_number(chain: Chain) -> None:
    opened(chain, configuration={"max_retry_attempts": 4})
    answer = one_answer(chain)
    for number, seconds in enumerate((2, 4, 8), start=1):
        assert answer.ref.attempt == number
        tell(chain, failed(answer))
        assert wiring.local_bus().next_visible() == chain.clock.now() + timedelta(seconds=seconds)
        chain.clock.advance(timedelta(seconds=seconds))
        [said] = deliver_all(chain)
        assert said["ref"]["attempt"] == number + 1
        [answer] = answers(chain)
    tell(chain, answer)
    assert set(waiting()) == {"aggregate-batch-finished"}


@pytest.mark.parametrize(("retry", "most", "tries"), [(True, 1, 1), (True, 3, 3), (False, 5, 1)])
def test_a_ligand_is_tried_no_more_often_than_asked(chain: Chain, retry: bool, most: int, tries: int) -> None:
    configuration = {"retry_failed_jobs": retry, "max_retry_attempts": most}
    batch_id = opened(chain, configuration=configuration)
    for number in range(1, tries + 1):
        answer = one_answer(chain)
        assert answer.ref.attempt == number
        assert outcomes(chain, batch_id) == []
        tell(chain, failed(answer))
        chain.clock.advance(timedelta(minutes=1))
    [settled] = outcomes(chain, batch_id)
    assert (settled.kind, settled.failure, settled.ref.attempt) == ("failed", LOST, tries)


@pytest.mark.parametrize(
    "kind", [FailureClass.INVALID_INPUT, FailureClass.MODEL_ERROR, FailureClass.CANCELLED]
)
def test_a_failure_that_another_try_cannot_change_is_final(chain: Chain, kind: FailureClass) -> None:
    batch_id = opened(chain)
    tell(chain, failed(one_answer(chain), Failure(kind=kind, message="why")))
    [settled] = outcomes(chain, batch_id)
    assert settled.kind == ("cancelled" if kind is FailureClass.CANCELLED else "failed")
    assert settled.ref.attempt == 1


def second_try(chain: Chain, batch_id: str) -> tuple[Envelope, Envelope]:
    """The answers of the first try, given up, and of the second, which runs."""
    first = one_answer(chain)
    tell(chain, failed(first))
    chain.clock.advance(timedelta(seconds=2))
    return first, one_answer(chain)


def test_a_late_success_of_an_older_try_is_taken_while_there_is_no_outcome(chain: Chain) -> None:
    batch_id = opened(chain, **STORED)
    first, second = second_try(chain, batch_id)
    tell(chain, first)
    [settled] = outcomes(chain, batch_id)
    assert (settled.kind, settled.ref.attempt) == ("completed", 1)
    tell(chain, second)
    assert outcomes(chain, batch_id) == [settled]


@pytest.mark.parametrize("late", [LOST, WRONG, None], ids=["lost", "wrong", "success"])
def test_whatever_comes_after_the_outcome_changes_nothing(chain: Chain, late: Failure | None) -> None:
    batch_id = opened(chain, 2, **STORED)
    deliver_all(chain)
    first, other = answers(chain)
    tell(chain, first)
    before = outcomes(chain, batch_id), chain.ledger.leaves(batch_id, 0)
    again = first.model_copy(update={"ref": first.ref.model_copy(update={"attempt": 2})})
    tell(
        chain, first if late is None else failed(first, late), again if late is None else failed(again, late)
    )
    assert (outcomes(chain, batch_id), chain.ledger.leaves(batch_id, 0)) == before
    assert waiting() == {}
    tell(chain, other)
    assert chain.ledger.closing(batch_id, 0) is not None


def test_a_late_failure_of_an_older_try_does_not_disturb_the_newer_one(chain: Chain) -> None:
    batch_id = opened(chain)
    first, second = second_try(chain, batch_id)
    tell(chain, failed(first))
    chain.clock.advance(timedelta(seconds=2))
    deliver_all(chain)
    assert answers(chain) == []
    tell(chain, second)
    assert [settled.ref.attempt for settled in outcomes(chain, batch_id)] == [2]


def test_a_settled_ligand_releases_the_next_one_of_its_leaf(chain: Chain) -> None:
    opened(chain, 4, configuration={"max_concurrent_jobs": 1})
    for position in range(4):
        [delivery] = chain.leased()
        assert message_of(delivery)["ref"]["position"] == position
        chain.settle_delivery(delivery, chain.deliver(delivery))
        tell_only(chain, answers(chain)[0])


def tell_only(chain: Chain, envelope: Envelope) -> None:
    """Complete one answer, and deliver nothing else."""
    chain.webhook(envelope)
    bus = wiring.local_bus()
    for delivery in bus.lease("complete-job-finished", limit=9, visibility=timedelta(minutes=1)):
        chain.settle_delivery(delivery, chain.deliver(delivery))


@pytest.mark.parametrize("fault", list(Fault))
def test_a_duplicate_releases_what_its_twin_could_not(chain: Chain, fault: Fault) -> None:
    opened(chain, 2, configuration={"max_concurrent_jobs": 1})
    chain.webhook(one_answer(chain))
    [delivery] = chain.leased()
    chain.boundaries.plan = lambda number, name: fault if name == "bus.publish" else None
    with contextlib.suppress(Killed):
        assert not chain.deliver(delivery)
    chain.boundaries.plan = lambda number, name: None
    assert chain.deliver(delivery)
    queued = [message_of(item)["ref"]["position"] for item in chain.leased()]
    assert set(queued) == {1}


def test_a_paused_batch_settles_but_releases_nothing(chain: Chain) -> None:
    batch_id = opened(chain, 3, configuration={"max_concurrent_jobs": 1})
    answer = one_answer(chain)
    chain.ledger.intend(batch_id, paused=True)
    tell(chain, answer)
    assert len(outcomes(chain, batch_id)) == 1
    assert waiting() == {}
    assert status(chain, batch_id)["status"] == "paused"


def test_the_last_ligand_announces_the_batch_once(chain: Chain) -> None:
    opened(chain, 2)
    deliver_all(chain)
    first, last = answers(chain)
    tell_only(chain, first)
    assert "aggregate-batch-finished" not in waiting()
    tell_only(chain, last)
    tell_only(chain, last)
    assert waiting()["aggregate-batch-finished"] == 1
