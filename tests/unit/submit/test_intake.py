"""From rows to the stored manifest."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.submit.entries import LONGEST_DATA, LONGEST_NAME, Entry
from services.submit.intake import Intake
from shared.adapters.local.blobs import FolderBlobs
from shared.chemistry.smiles import read_ligand
from shared.models.batch import Counts, LibraryRow, RejectedRow
from shared.steps.manifest import CHUNK, Manifest
from tests.support.facts import a_batch
from tests.support.orders import molecule
from tests.support.properties import examples
from tests.support.rows import check

STORE = "batches/b/submitted/f"


def counts(intake: Intake) -> Counts:
    """What became of the rows."""
    return Counts(
        submitted=intake.valid + intake.rejected,
        valid=intake.valid,
        invalid=intake.rejected,
        duplicates=intake.duplicates,
    )


@pytest.fixture
def blobs(tmp_path: Path) -> FolderBlobs:
    return FolderBlobs(tmp_path, base_url="", keys=list, fsync=False)


def test_a_good_row_becomes_a_ligand_with_its_canonical_form() -> None:
    row = check(Entry(4, "OCC", "ethanol", "OCC", data={"ic50": "3"}), index=2, position=1)
    assert row == LibraryRow(
        position=1,
        index=2,
        line=4,
        name="ethanol",
        smiles="OCC",
        canonical_smiles="CCO",
        heavy_atoms=3,
        data={"ic50": "3"},
    )


def test_a_row_without_a_name_is_named_by_its_place() -> None:
    row = check(Entry(4, "C", "", "C"), index=2, position=0)
    assert isinstance(row, LibraryRow)
    assert row.name == "ligand_3"


def test_what_is_odd_about_a_ligand_is_noted_but_accepted() -> None:
    row = check(Entry(1, "", "salt", "CC(=O)[O-].[Na+]"), index=0, position=0)
    assert isinstance(row, LibraryRow)
    assert row.warnings == ("2 fragments; a salt or a mixture.",)


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        (Entry(3, "x", problem="has no 'smiles'"), "has no 'smiles'"),
        (Entry(3, "x", "x", "C1CC("), "Not a valid SMILES"),
        (Entry(3, "x", "x", "C(C)(C)(C)(C)C"), "more bonds than its valence"),
        (Entry(3, "x", "x", "*"), "wildcard"),
        (Entry(3, "x", "x", "[H][H]"), "no atom heavier than hydrogen"),
        (Entry(3, "x", "x", "C" * 501), "at most 500"),
        (Entry(3, "x", "n" * (LONGEST_NAME + 1), "C"), "the name has 201 characters"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_bad_row_is_rejected_with_its_line_its_text_and_the_reason(entry: Entry, reason: str) -> None:
    row = check(entry, index=5, position=0)
    assert isinstance(row, RejectedRow)
    assert (row.index, row.line, row.text, row.kind) == (5, 3, "x", "invalid")
    assert reason in row.reason


@pytest.mark.parametrize("rows", [1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 2 * CHUNK + 7])
def test_the_manifest_gives_every_row_back_in_order(blobs: FolderBlobs, rows: int) -> None:
    intake = Intake(blobs, STORE)
    intake.take_all(
        Entry(n + 1, str(n), f"n{n}", molecule(n), "spoilt" if n % 3 == 2 else None) for n in range(rows)
    )
    batch, manifest = a_batch(counts=counts(intake), store=STORE), Manifest(blobs)
    assert intake.valid + intake.rejected == rows
    library = list(manifest.library(batch))
    assert [row.index for row in library] == list(range(rows))
    assert [row.line for row in library] == list(range(1, rows + 1))
    valid = list(manifest.rows(batch))
    assert [row.position for row in valid] == list(range(intake.valid))
    assert all(manifest.row(batch, row.position) == row for row in valid[::97])
    middle = intake.valid // 2
    assert list(manifest.rows(batch, start=middle)) == valid[middle:]


def test_the_same_library_is_stored_as_the_same_bytes(blobs: FolderBlobs) -> None:
    digests = []
    for _ in range(2):
        Intake(blobs, STORE).take_all([Entry(1, "", "a", "CCO"), Entry(2, "bad", problem="spoilt")])
        digests.append([blobs.stat(key) for key in blobs.list(f"{STORE}/")])
    assert digests[0] == digests[1]
    assert len(digests[0]) == 2


@examples(100)
@given(
    st.lists(
        st.sampled_from(["C", "CC", "OCC", "CCO", "C(O)C", "bad(", "c1ccccc1", "C1=CC=CC=C1"]), min_size=1
    )
)
def test_a_molecule_is_a_job_once_and_its_other_rows_name_it(smiles: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        blobs = FolderBlobs(Path(folder), base_url="", keys=list, fsync=False)
        intake = Intake(blobs, STORE)
        intake.take_all(Entry(n + 1, text, f"n{n}", text) for n, text in enumerate(smiles))
        if not intake.valid:
            return
        batch, manifest = a_batch(counts=counts(intake), store=STORE), Manifest(blobs)
        jobs = list(manifest.rows(batch))
        assert [row.name for row in manifest.library(batch) if not isinstance(row, RejectedRow)] == [
            f"n{n}" for n, text in enumerate(smiles) if text != "bad("
        ]
        assert len({row.canonical_smiles for row in jobs}) == len(jobs) == batch.counts.jobs
        assert sum(row.copies for row in jobs) == batch.counts.valid
        for row in manifest.duplicates(batch):
            first = jobs[row.position]
            assert first.index < row.index
            assert first.canonical_smiles == read_ligand(row.smiles or "").smiles
        assert [manifest.copies(batch, row.position) for row in jobs] == [row.copies for row in jobs]


def test_a_library_of_one_molecule_thousands_of_times_is_one_job(blobs: FolderBlobs) -> None:
    intake = Intake(blobs, STORE)
    intake.take_all(Entry(n + 1, "C", f"n{n}", "C") for n in range(2 * CHUNK + 1))
    assert (intake.jobs, intake.duplicates) == (1, 2 * CHUNK)
    batch = a_batch(counts=counts(intake), store=STORE)
    assert Manifest(blobs).row(batch, 0).copies == 2 * CHUNK + 1
    assert len(list(blobs.list(f"{STORE}/"))) == 3


def test_a_name_may_hold_what_some_take_for_the_end_of_a_line(blobs: FolderBlobs) -> None:
    names = ["a\u2028b", "c\x85d", "e\x1df", "g", "again"]
    intake = Intake(blobs, STORE)
    intake.take_all(Entry(n + 1, "", name, molecule(min(n, 3))) for n, name in enumerate(names))
    batch = a_batch(counts=counts(intake), store=STORE)
    assert [(row.name, row.copies) for row in Manifest(blobs).rows(batch)] == [
        *((name, 1) for name in names[:3]),
        ("g", 2),
    ]


def test_nothing_is_stored_of_a_library_that_breaks_off(blobs: FolderBlobs) -> None:
    def rows() -> Iterator[Entry]:
        for n in range(2 * CHUNK):
            yield Entry(n + 1, "", f"n{n}", "C", "spoilt" if n % 2 else None)
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        Intake(blobs, STORE).take_all(rows())
    assert not list(blobs.root.rglob("*"))


def test_a_row_with_too_much_beside_it_is_rejected() -> None:
    row = check(Entry(1, "x", "x", "C", data={"a": "y" * LONGEST_DATA}), index=0, position=0)
    assert isinstance(row, RejectedRow)
    assert "at most 32,768 are accepted" in row.reason
