"""What may be in an archive, and in which forms it leaves us."""

import io
import tarfile

import pytest
from pyarrow import parquet

from services.align import archive as archives
from services.align import forms
from services.align.archive import Flawed, read
from tests.support.msa_server import ENVIRONMENTAL, UNIREF, a3m, archive_of, packed

SEQUENCE = "MNIFEMLRID"
HITS = f">101\n{SEQUENCE}\n>a\nMN-FEMLRID\n>b\nMNgsIFEMLRI-\n"


def both(uniref: str, environmental: str | None = None) -> bytes:
    """An archive of these files."""
    return packed(
        {UNIREF: uniref, ENVIRONMENTAL: a3m(SEQUENCE, 1) if environmental is None else environmental}
    )


def rows(archive: bytes, *, mode: str = "env", depth: int = 100) -> list[list[str]]:
    """The rows of each database."""
    return [list(it.rows) for it in read(archive, SEQUENCE, mode=mode, depth=depth)]


def test_hits_are_told_from_the_query_and_keep_their_gaps_and_insertions() -> None:
    assert rows(both(f"{HITS}\0"))[0] == ["MN-FEMLRID", "MNgsIFEMLRI-"]


def test_a_sequence_may_be_broken_into_lines_and_the_end_may_be_unmarked() -> None:
    assert rows(both(f">101\n{SEQUENCE[:4]}\n{SEQUENCE[4:]}\n>a\nMN-FE\nMLRID"))[0] == ["MN-FEMLRID"]


@pytest.mark.parametrize("end", ["\0>102\nAAA\n>x\nA-A\n\0", "\0"])
def test_what_follows_the_zero_byte_is_another_query(end: str) -> None:
    assert len(rows(both(HITS + end))[0]) == 2


def test_a_query_without_hits_is_an_alignment_of_one_row() -> None:
    alone = f">101\n{SEQUENCE}\n\0"
    assert rows(both(alone, alone)) == [[], []]


@pytest.mark.parametrize(
    ("depth", "kept"), [(1, (0, 0)), (2, (1, 0)), (6, (5, 0)), (7, (5, 1)), (99, (5, 3))]
)
def test_the_first_rows_stay_and_all_are_counted(depth: int, kept: tuple[int, int]) -> None:
    hits = read(archive_of(SEQUENCE), SEQUENCE, mode="env", depth=depth)
    assert tuple(len(it.rows) for it in hits) == kept
    assert [it.found for it in hits] == [5, 3]


def test_without_environmental_databases_their_file_is_not_asked_for() -> None:
    assert len(rows(packed({UNIREF: HITS}), mode="all")) == 1
    with pytest.raises(Flawed, match=f"has no {ENVIRONMENTAL}"):
        rows(packed({UNIREF: HITS}))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "first row"),
        (">101\n\n", "first row"),
        (f">101\n{SEQUENCE}A\n", "first row"),
        (f">101\n{SEQUENCE.lower()}\n", "first row"),
        (f"{HITS}>c\nMNIFEMLRI\n", "row 4 of the uniref alignment"),
        (f"{HITS}>c\nMNIFEMLR*D\n", "row 4 of the uniref alignment"),
        (f"{HITS}>c\n=cmd|'/c x'!\n", "row 4 of the uniref alignment"),
        (f"{HITS}>c\né\n", "cannot be read"),
    ],
)
def test_what_is_no_alignment_of_the_sequence_is_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(Flawed, match=reason):
        rows(both(text))


@pytest.mark.parametrize("missing", [1, 8, 30, 100, 200, 300])
def test_an_archive_that_broke_off_anywhere_is_refused(missing: int) -> None:
    with pytest.raises(Flawed):
        rows(archive_of(SEQUENCE)[:-missing])


def test_an_archive_that_would_fill_the_memory_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MOST_UNPACKED_BYTES", 5_000)
    with pytest.raises(Flawed, match="more than 5,000 bytes"):
        rows(packed({UNIREF: "A" * 100_000}))


def test_a_link_in_place_of_a_file_is_not_followed() -> None:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w:gz") as archive:
        entry = tarfile.TarInfo(UNIREF)
        entry.type, entry.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(entry)
    with pytest.raises(Flawed, match=f"has no {UNIREF}"):
        rows(target.getvalue())


def test_both_forms_begin_with_the_query_and_hold_every_row_once() -> None:
    hits = read(both(HITS), SEQUENCE, mode="env", depth=99)
    lines = forms.boltz_csv(SEQUENCE, hits).decode().splitlines()
    assert lines[:4] == ["key,sequence", f"-1,{SEQUENCE}", "-1,MN-FEMLRID", "-1,MNgsIFEMLRI-"]
    table = parquet.read_table(io.BytesIO(forms.chai_parquet(SEQUENCE, hits))).to_pylist()
    assert [row["sequence"] for row in table] == [line.partition(",")[2] for line in lines[1:]]
    assert [row["source_database"] for row in table] == ["query", "uniref90", "uniref90", "bfd_uniclust"]
    assert {(row["pairing_key"], row["comment"]) for row in table} == {("", "")}


def test_the_same_rows_give_the_same_bytes() -> None:
    made = [read(archive_of(SEQUENCE), SEQUENCE, mode="env", depth=99) for _ in range(2)]
    assert len({forms.chai_parquet(SEQUENCE, hits) for hits in made}) == 1
    assert len({forms.boltz_csv(SEQUENCE, hits) for hits in made}) == 1
