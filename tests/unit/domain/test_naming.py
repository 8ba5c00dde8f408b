"""The names of downloaded files."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.naming import LONGEST_PART, clean, file_name


def test_a_file_is_named_by_screen_protein_index_and_ligand() -> None:
    named = file_name("Test Batch", "TRIM25", 0, "ethanol", extension="cif")
    assert named == "Test_Batch_TRIM25_1_ethanol.cif"


def test_a_ligand_that_is_named_by_its_index_is_not_named_twice() -> None:
    assert file_name("screen", "TRIM25", 6, "7", extension="sdf") == "screen_TRIM25_7.sdf"


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
    name = file_name(job, protein, position, ligand, extension="cif")
    assert re.fullmatch(r"[A-Za-z0-9_-]+\.cif", name)
    assert len(name) < 3 * LONGEST_PART + 20
