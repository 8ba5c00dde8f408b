"""The names of downloaded files."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.naming import (
    LOG,
    LONGEST_PART,
    clean,
    file_name,
    job_key,
    model_folder,
    task_folder,
)
from shared.models.work import JobRef


def test_a_file_is_named_by_screen_protein_index_and_ligand() -> None:
    named = file_name("Test Batch", "TRIM25", 0, "ethanol", extension=".cif")
    assert named == "Test_Batch_TRIM25_1_ethanol.cif"


def test_a_ligand_that_is_named_by_its_index_is_not_named_twice() -> None:
    assert file_name("screen", "TRIM25", 6, "7", extension=".sdf") == "screen_TRIM25_7.sdf"


@pytest.mark.parametrize(
    ("text", "expected"),
    [("a  b", "a_b"), ("__x__", "x"), ("α/β", "unnamed"), ("", "unnamed"), ("a-b_c", "a-b_c"), ("../x", "x")],
)
def test_what_a_file_name_cannot_hold_becomes_an_underscore(text: str, expected: str) -> None:
    assert clean(text) == expected


@given(st.text(max_size=300), st.text(max_size=300), st.integers(0, 10**6), st.text(max_size=300))
def test_no_name_leaves_its_folder_or_breaks_a_header(
    job: str, protein: str, position: int, ligand: str
) -> None:
    name = file_name(job, protein, position, ligand, extension=".cif")
    assert re.fullmatch(r"[A-Za-z0-9_-]+\.cif", name)
    assert len(name) < 3 * LONGEST_PART + 20


def test_the_archive_has_a_folder_for_each_model_and_task() -> None:
    assert [model_folder(it) for it in ("boltz2", "chai1", "rfantibody", "vina")] == [
        *("Boltz-2", "Chai-1", "RFAntibody", "Other")
    ]
    assert task_folder("protein_ligand_binding") == "Protein-Ligand"
    assert task_folder("antibody_de_novo_design") == "Antibody-DeNovo"


@pytest.mark.parametrize(
    ("task", "folder"),
    [("my_own_task", "My-Own-Task"), ("../x", "X"), ("", "Unnamed"), ("a b/c", "A-B-C")],
)
def test_a_task_that_is_not_known_has_a_folder_of_its_own_words(task: str, folder: str) -> None:
    assert task_folder(task) == folder


def test_each_attempt_has_a_log_of_its_own_and_all_share_the_other_files() -> None:
    first = JobRef(batch_id="b", job_id="j", position=0)
    second, retry = first.model_copy(update={"attempt": 2}), first.model_copy(update={"round": 1})
    assert [job_key(it, LOG) for it in (first, second, retry)] == [
        *("batches/b/jobs/j/logs.txt", "batches/b/jobs/j/logs_round0_attempt2.txt"),
        "batches/b/jobs/j/logs_round1_attempt1.txt",
    ]
    assert job_key(first, "results.json") == job_key(retry, "results.json")
