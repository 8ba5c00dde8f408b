"""Rows that are no ligands."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from services.submit.entries import Entry
from services.submit.intake import Intake
from services.submit.items import designs, target, variants
from shared.adapters.local.blobs import FolderBlobs
from shared.domain.identity import ligand_seed, subject
from shared.models.batch import Counts, LibraryRow, RejectedRow
from shared.steps.manifest import Manifest, line
from tests.support.facts import a_batch
from tests.support.rows import check

SEQUENCE = "MNIFEMLRIDEGLRLK"
STORE = "batches/b/submitted/f"
SEED_OF_ETHANOL = 1263937049


def rows(entries: list[Entry]) -> list[LibraryRow | RejectedRow]:
    """Each entry as a row of its own."""
    return [check(entry, index=n, position=n) for n, entry in enumerate(entries)]


def test_a_variant_has_its_sequence_and_no_smiles() -> None:
    [row] = rows(list(variants([{"name": " L99A ", "sequence": f">x\n{SEQUENCE.lower()}\n"}])))
    assert row == LibraryRow(
        position=0, index=0, line=1, name="L99A", kind="variant", item={"sequence": SEQUENCE}
    )


def test_a_variant_without_a_name_is_named_by_its_place() -> None:
    named = [
        row.name for row in rows(list(variants([{"sequence": SEQUENCE}] * 2))) if isinstance(row, LibraryRow)
    ]
    assert named == ["variant_1", "variant_2"]


def test_what_is_no_variant_is_rejected_with_the_reason() -> None:
    listed: list[JsonValue] = [
        "ACD",
        {"name": "x"},
        {"sequence": "ACD"},
        {"sequence": SEQUENCE, "smiles": "C"},
        {"name": 7, "sequence": SEQUENCE},
        {"name": "n" * 201, "sequence": SEQUENCE},
    ]
    found = rows(list(variants(listed)))
    assert [type(row) for row in found] == [RejectedRow] * 6
    reasons = [row.reason for row in found if isinstance(row, RejectedRow)]
    expected = ("not an object", "has no 'sequence'", "the sequence has 3 residues", "unknown field smiles")
    assert all(reason.startswith(start) for reason, start in zip(reasons, expected, strict=False))
    assert reasons[4:] == ["'name' is not text", "the name has 201 characters; at most 200 are accepted"]
    assert {row.of for row in found if isinstance(row, RejectedRow)} == {"variant"}


@given(st.integers(1, 1000), st.integers(1, 50))
def test_every_design_is_dealt_to_one_job(count: int, per_job: int) -> None:
    dealt: list[int] = []
    for entry in designs(count, per_job=per_job):
        first, share = entry.item["first_design"], entry.item["designs"]
        assert isinstance(first, int)
        assert isinstance(share, int)
        assert 1 <= share <= per_job
        dealt += range(first, first + share)
    assert dealt == list(range(count))


def test_shares_of_designs_are_named_by_their_numbers_from_1() -> None:
    assert [entry.name for entry in designs(9, per_job=4)] == ["designs 1 to 4", "designs 5 to 8", "design 9"]


def test_the_same_sequence_under_two_names_is_one_job(tmp_path: Path) -> None:
    blobs = FolderBlobs(tmp_path, base_url="", keys=list, fsync=False)
    intake = Intake(blobs, STORE)
    other = SEQUENCE.replace("M", "L")
    listed = [("a", SEQUENCE), ("b", other), ("c", SEQUENCE)]
    intake.take_all(variants([{"name": name, "sequence": sequence} for name, sequence in listed]))
    batch = a_batch(counts=Counts(submitted=3, valid=3, duplicates=1), store=STORE)
    manifest = Manifest(blobs)
    assert [(row.name, row.copies) for row in manifest.rows(batch)] == [("a", 2), ("b", 1)]
    assert [(row.name, row.position, row.smiles) for row in manifest.duplicates(batch)] == [("c", 0, None)]


def test_a_library_without_ligands_says_nothing_of_molecules(tmp_path: Path) -> None:
    intake = Intake(FolderBlobs(tmp_path, base_url="", keys=list, fsync=False), STORE)
    intake.take_all(variants([{"sequence": SEQUENCE}, {"sequence": SEQUENCE}, 7]))
    report = intake.report.as_dict()
    assert set(report) == {
        *("submitted", "valid", "invalid", "filtered", "filters", "duplicates", "rejections")
    }
    assert (report["valid"], report["duplicates"]["count"], report["invalid"]) == (2, 1, 1)


def test_a_ligand_is_stored_and_seeded_as_before_there_were_other_rows() -> None:
    ligand = check(Entry(4, "OCC", "ethanol", "OCC"), index=2, position=1)
    assert isinstance(ligand, LibraryRow)
    assert line(ligand) == (
        '{"position":1,"index":2,"line":4,"name":"ethanol","smiles":"OCC","canonical_smiles":"CCO",'
        '"heavy_atoms":3}\n'
    )
    assert subject(ligand) == "CCO"
    assert ligand_seed(42, subject(ligand), "0" * 64, "vina") == SEED_OF_ETHANOL


def test_rows_of_different_kinds_or_items_have_different_subjects() -> None:
    entries = [*target("x"), *variants([{"sequence": SEQUENCE}]), *designs(7, per_job=4)]
    subjects = [subject(row) for row in rows(entries) if isinstance(row, LibraryRow)]
    assert len(set(subjects)) == 4
    again = [subject(row) for row in rows(entries) if isinstance(row, LibraryRow)]
    assert subjects == again
