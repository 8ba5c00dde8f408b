"""What becomes of an old batch, whatever it is a mixture of."""

from collections import Counter
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migration.composing import Importer, compose_batch, compose_outcome
from migration.deciding import decide
from migration.ending import end
from migration.evidence import Evidence
from migration.figures import Figures
from migration.records import Group, Record, Role
from migration.spelling import OldStatus
from migration.verdicts import Verdict
from shared.domain.identity import digest
from shared.domain.lifecycle import Accounting
from shared.models.batch import LibraryRow
from shared.models.facts import OutcomeKind
from tests.support.properties import examples
from tests.support.world import NOON

REAL = Evidence(figures=Figures({"affinity": -1.0, "affinity_prob": 0.9}))
FOUND = [REAL, Evidence(), replace(REAL, failure="it died"), Evidence(problem="results.json is not JSON")]
TIMES = st.none() | st.datetimes(timezones=st.just(NOON.tzinfo))
CHILD = st.builds(
    Record,
    id=st.uuids().map(str),
    place=st.just("jobs.jsonl"),
    role=st.just(Role.CHILD),
    status=st.sampled_from(OldStatus),
    said=st.none() | st.text(max_size=5),
    index=st.none() | st.integers(0, 3),
    model=st.sampled_from([None, "boltz2", "boltz2", "boltz2", "chai1"]),
    task=st.sampled_from([None, "protein_ligand_binding", "protein_ligand_binding", "protein_structure"]),
    ligand_name=st.sampled_from([None, "a", "b"]),
    smiles=st.sampled_from([None, "CCO", "CCO", "c1ccccc1", "C1CC("]),
    sequence=st.sampled_from([None, "MKT", "MKT", "MKT", "GGG"]),
    created_at=TIMES,
    started_at=TIMES,
    completed_at=TIMES,
    error=st.none() | st.text(min_size=1, max_size=9),
)
CHILDREN = st.lists(st.tuples(CHILD, st.sampled_from(FOUND)), max_size=8)
PARENT = st.none() | CHILD.map(lambda record: replace(record, id="parent", role=Role.PARENT))


def group_of(children: list[tuple[Record, Evidence]], parent: Record | None) -> Group:
    numbered = tuple(enumerate((record for record, _ in children), start=1))
    return Group("parent", None if parent is None else (0, parent), numbered)


@given(children=CHILDREN, parent=PARENT)
@examples(600)
def test_every_document_gets_one_word_and_the_accounting_of_every_batch_holds(
    children: list[tuple[Record, Evidence]], parent: Record | None
) -> None:
    evidence = {record.id: found for record, found in children}
    group = group_of(children, parent)
    plan = decide(group, lambda record: evidence[record.id])
    documents = {number for number, _ in group.children} | ({0} if parent else set())
    assert Counter(word.number for word in plan.words) == Counter(documents)
    inside = {word.number for word in plan.words if word.verdict is not Verdict.SKIPPED} - {0}
    assert inside == {job.number for job in plan.jobs}
    assert all(word.reason for word in plan.words)
    if not plan.jobs:
        return
    batch = compose_batch(plan, Importer("ada", "1"), digest("library"), now=NOON)
    outcomes = [compose_outcome(batch, job, ()) for job in plan.valid]
    kinds = Counter(outcome.kind.value for outcome in outcomes)
    counts = batch.counts.model_dump(include={"submitted", "invalid", "filtered"})
    accounting = Accounting(**counts, **{kind.value: kinds[kind.value] for kind in OutcomeKind})
    assert accounting.holds
    assert accounting.submitted == len(plan.jobs)
    assert [job.row.index for job in plan.jobs] == list(range(len(plan.jobs)))
    assert [outcome.ref.position for outcome in outcomes] == list(range(batch.counts.valid))
    assert all(outcome.seconds is None or outcome.seconds >= 0 for outcome in outcomes)
    for job, outcome in zip(plan.valid, outcomes, strict=True):
        completed = outcome.kind is OutcomeKind.COMPLETED
        assert completed == bool(outcome.metrics) == (outcome.failure is None)
        assert not completed or evidence[job.record.id].is_result


@given(children=CHILDREN, parent=PARENT, shuffled=st.randoms(use_true_random=False))
@examples(200)
def test_a_batch_is_the_same_in_whatever_order_its_documents_are_read(
    children: list[tuple[Record, Evidence]], parent: Record | None, shuffled: Random
) -> None:
    parent = parent and replace(parent, sequence="MKT")  # else the first child that names one decides
    evidence = {record.id: found for record, found in children}
    mixed = shuffled.sample(children, len(children))
    first, second = (
        decide(group_of(order, parent), lambda it: evidence[it.id]) for order in (children, mixed)
    )
    if parent is not None:
        assert [job.row for job in first.jobs] == [job.row for job in second.jobs]


def record(status: OldStatus, **changes: object) -> Record:
    given = Record(id="r", place="jobs.jsonl", role=Role.INDIVIDUAL, status=status, said=status.value)
    return replace(given, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize("status", OldStatus)
@pytest.mark.parametrize("evidence", FOUND)
def test_only_a_result_makes_a_job_completed_and_a_failure_stays_one(
    status: OldStatus, evidence: Evidence
) -> None:
    ended = end(record(status), evidence)
    told = status in (OldStatus.FAILED, OldStatus.CANCELLED)
    assert (ended.kind is OutcomeKind.COMPLETED) == (evidence.is_result and not told)
    if told:
        assert ended.kind.value == status.value
    if status in (OldStatus.UNKNOWN, OldStatus.OPEN) and evidence == Evidence():
        assert ended.kind is OutcomeKind.CANCELLED


def test_a_figure_beside_a_failure_is_mentioned() -> None:
    assert "figures are stored all the same" in end(record(OldStatus.FAILED), REAL).reason


def test_of_two_children_in_one_place_the_better_is_kept_and_two_ligands_are_two() -> None:
    common = {"role": Role.CHILD, "index": 0, "task": "protein_ligand_binding", "smiles": "CCO"}
    worse = record(OldStatus.OPEN, id="worse", **common)
    better = record(OldStatus.COMPLETED, id="better", **common)
    other = record(OldStatus.COMPLETED, id="other", **{**common, "smiles": "CCN"})
    loose = record(OldStatus.COMPLETED, id="loose", **{**common, "index": None})
    plan = decide(Group("b", None, tuple(enumerate((worse, better, other, loose)))), lambda it: REAL)
    names = [job.row.data["source_job_id"] for job in plan.jobs if isinstance(job.row, LibraryRow)]
    assert sorted(names[:2]) == ["better", "other"]
    assert names[2:] == ["loose"]
