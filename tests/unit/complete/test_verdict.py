"""What an attempt's answer means."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.complete.verdict import LONGEST_BACKOFF, Again, Final, outcome_of, verdict
from shared.models.facts import OutcomeKind
from shared.models.work import Artefact, Failure, FailureClass
from tests.support.facts import a_batch, envelope, ref
from tests.support.world import NOON

BATCH = a_batch()
PASSING = {FailureClass.INFRASTRUCTURE, FailureClass.TIMEOUT, FailureClass.OUT_OF_MEMORY}
FIRST = timedelta(seconds=2)


def judged(kind: FailureClass | None, attempt: int, most: int) -> Final | Again:
    """The verdict on one attempt."""
    failure = None if kind is None else Failure(kind=kind, message="why")
    answer = envelope(ref(BATCH, attempt=attempt), failure)
    return verdict(answer, most_attempts=most, first_backoff=FIRST, now=NOON)


@given(st.sampled_from([None, *FailureClass]), st.integers(1, 9), st.integers(1, 5))
def test_only_a_failure_that_may_pass_is_tried_again_and_only_while_attempts_are_left(
    kind: FailureClass | None, attempt: int, most: int
) -> None:
    assert isinstance(judged(kind, attempt, most), Again) == (kind in PASSING and attempt < most)


@pytest.mark.parametrize(
    ("attempt", "seconds"), [(1, 2), (2, 4), (3, 8), (4, 16), (9, 512), (10, 600), (40, 600)]
)
def test_the_wait_before_another_try_doubles_up_to_ten_minutes(attempt: int, seconds: int) -> None:
    again = judged(FailureClass.TIMEOUT, attempt, 99)
    assert isinstance(again, Again)
    assert again.due_at == NOON + timedelta(seconds=seconds)
    assert again.due_at <= NOON + LONGEST_BACKOFF


def test_the_next_attempt_is_the_same_ligand_with_the_next_number() -> None:
    again = judged(FailureClass.INFRASTRUCTURE, 2, 3)
    assert isinstance(again, Again)
    assert (again.failed, again.next) == (ref(BATCH, attempt=2), ref(BATCH, attempt=3))
    assert again.failure.message == "why"


@pytest.mark.parametrize("kind", [None, *FailureClass])
def test_an_outcome_says_how_the_attempt_ended(kind: FailureClass | None) -> None:
    expected = {None: OutcomeKind.COMPLETED, FailureClass.CANCELLED: OutcomeKind.CANCELLED}
    failure = None if kind is None else Failure(kind=kind, message="why")
    found = outcome_of(envelope(ref(BATCH), failure), copies=1, test_model=False)
    assert (found.kind, found.failure) == (expected.get(kind, OutcomeKind.FAILED), failure)


def test_an_outcome_keeps_all_that_the_run_said() -> None:
    file = Artefact(name="results.json", key="k", size=1, sha256="0" * 64)
    said: dict[str, Any] = {
        "metrics": {"affinity": -5.5},
        "artefacts": (file,),
        "seed": 7,
        "versions": {"vina": "1.2.7"},
        "test_model": True,
        "machine": "m1",
        "call_id": "call",
    }
    answer = envelope(ref(BATCH, 2, 3), **said)
    found = outcome_of(answer, copies=1, test_model=False)
    assert {field: getattr(found, field) for field in said} == said
    assert (found.ref, found.seconds) == (answer.ref, 2.0)


def test_the_failures_of_a_test_model_say_that_it_is_one() -> None:
    failure = Failure(kind=FailureClass.MODEL_ERROR, message="drawn to fail")
    assert outcome_of(envelope(ref(BATCH), failure), copies=1, test_model=True).test_model
