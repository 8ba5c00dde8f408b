"""How older documents spell things."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migration import spelling
from migration.records import Role, role
from migration.spelling import OldStatus

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("COMPLETED", OldStatus.COMPLETED),
        ("JobStatus.COMPLETED", OldStatus.COMPLETED),
        (" Complete ", OldStatus.COMPLETED),
        ("completed_reconstructed", OldStatus.COMPLETED),
        ("partially_completed", OldStatus.COMPLETED),
        ("Failed", OldStatus.FAILED),
        ("canceled", OldStatus.CANCELLED),
        ("In Progress", OldStatus.OPEN),
        ("registered", OldStatus.OPEN),
        ("", OldStatus.UNKNOWN),
        (None, OldStatus.UNKNOWN),
        (True, OldStatus.UNKNOWN),
        ("not completed", OldStatus.UNKNOWN),
    ],
)
def test_a_status_is_read_in_every_spelling_and_never_guessed(said: Any, meant: OldStatus) -> None:
    assert spelling.status(said) is meant


@pytest.mark.parametrize(
    "said",
    [
        "2025-06-01T10:00:00",
        "2025-06-01T10:00:00Z",
        "2025-06-01T12:00:00+02:00",
        "2025-06-01 10:00:00.000000",
        1748772000,
        1748772000.0,
        {"_seconds": 1748772000, "_nanoseconds": 0},
        {"seconds": 1748772000, "nanos": 0},
    ],
)
def test_a_time_is_read_in_every_form(said: Any) -> None:
    assert spelling.instant(said) == datetime(2025, 6, 1, 10, tzinfo=UTC)


@given(value=ANYTHING)
def test_whatever_a_field_holds_it_is_read_or_left_out(value: Any) -> None:
    spelling.status(value)
    spelling.model(value)
    spelling.whole(value)
    assert spelling.instant(value) is None or spelling.instant(value).tzinfo is UTC  # type: ignore[union-attr]
    text = spelling.text(value)
    assert text is None or (text == text.strip() and text.encode())


@pytest.mark.parametrize(
    ("job_type", "task", "parent", "meant"),
    [
        (None, "batch_protein_ligand_screening", None, Role.PARENT),
        (None, "batch_protein_ligand_screening", "p", Role.PARENT),
        ("batch_parent", None, "p", Role.PARENT),
        ("batch_child", "batch_protein_ligand_screening", "p", Role.CHILD),
        (None, "protein_ligand_binding", "p", Role.CHILD),
        ("individual", "protein_ligand_binding", "p", Role.CHILD),
        ("batch_child", "protein_ligand_binding", None, Role.INDIVIDUAL),
        (None, None, None, Role.INDIVIDUAL),
    ],
)
def test_what_a_document_stands_for(
    job_type: str | None, task: str | None, parent: str | None, meant: Role
) -> None:
    assert role(job_type, task, parent) is meant
