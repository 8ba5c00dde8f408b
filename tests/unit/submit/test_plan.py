"""The plan of a screen: its window, how long it may take, and what speaks against it."""

from typing import Any

import pytest

from services.submit import plan
from shared.models.batch import Batch, Configuration, Counts
from tests.support.facts import a_batch


def planned(valid: int, *, window: int | None = None, invalid: int = 0, **changes: Any) -> Batch:
    """A batch with these many ligands and this configuration."""
    sequence = changes.pop("protein_sequence", None)
    counts = Counts(submitted=valid + invalid, valid=valid, invalid=invalid)
    configuration = Configuration(**changes)
    return a_batch(
        valid, window=window, counts=counts, configuration=configuration, protein_sequence=sequence
    )


@pytest.mark.parametrize(
    ("strategy", "most", "jobs", "expected"),
    [
        ("sequential", 999, 10, 1),
        ("adaptive", 999, 10, 10),
        ("adaptive", 4, 10, 4),
        ("parallel", 4, 10, 4),
        ("resource_aware", 999, 1500, 999),
        ("sequential", 999, 1, 1),
    ],
)
def test_the_window_follows_strategy_limit_and_library(
    strategy: Any, most: int, jobs: int, expected: int
) -> None:
    configuration = Configuration(scheduling_strategy=strategy, max_concurrent_jobs=most)
    assert plan.window(configuration, jobs) == expected


@pytest.mark.parametrize(
    ("ligands", "typical", "residues", "score"),
    [(50, 600, 1000, 0.0), (51, 600, 1000, 0.3), (50, 601, 0, 0.2), (1, 1, 1001, 0.1), (51, 601, 1001, 0.6)],
)
def test_each_risk_adds_its_weight_and_says_what_helps(
    ligands: int, typical: float, residues: int, score: float
) -> None:
    batch = planned(ligands, protein_sequence="A" * residues or None)
    risk = plan.risk(batch, typical_seconds=typical)
    assert risk["risk_score"] == score
    assert len(risk["risk_factors"]) == len(risk["mitigation_strategies"])


@pytest.mark.parametrize(
    ("batch", "risk", "words"),
    [
        (planned(20, scheduling_strategy="sequential"), 0.0, []),
        (planned(21, scheduling_strategy="sequential"), 0.0, ["sequential"]),
        (planned(11, retry_failed_jobs=False), 0.0, ["retries"]),
        (planned(3, invalid=2), 0.0, ["2 invalid rows"]),
        (planned(3), 0.6, ["smaller batches"]),
    ],
)
def test_the_recommendations_name_what_could_be_better(batch: Batch, risk: float, words: list[str]) -> None:
    said = plan.recommendations(batch, risk)
    assert len(said) == len(words)
    assert all(word in sentence for word, sentence in zip(words, said, strict=True))


def test_retries_switched_off_leave_one_attempt() -> None:
    assert Configuration(retry_failed_jobs=False, max_retry_attempts=5).max_attempts == 1
    assert Configuration(max_retry_attempts=5).max_attempts == 5
