"""``omtx check``: what is in a library, without a server."""

import gzip
from pathlib import Path

import pytest

from tests.cli.program import Omtx

TABLE = "name,smiles\nethanol,CCO\nagain,OCC\nsalt,CC(=O)[O-].[Na+]\nbad,C1CC(\nopen,CC(N)C(=O)O\n"


@pytest.mark.parametrize("packed", [False, True])
def test_a_library_is_reported_without_a_server(alone: Omtx, tmp_path: Path, packed: bool) -> None:
    path = tmp_path / ("few.csv.gz" if packed else "few.csv")
    path.write_bytes(gzip.compress(TABLE.encode()) if packed else TABLE.encode())
    answer = alone("check", path, "--json")
    assert answer.code == 0, answer.err
    report = answer.json["chemistry_report"]
    assert (report["submitted"], report["valid"], report["invalid"]) == (5, 4, 1)
    assert report["duplicates"] == {"count": 1, "examples": [{"line": 3, "name": "again"}]}
    assert report["salts_or_mixtures"]["count"] == report["undefined_stereo"]["count"] == 1
    assert [row["line"] for row in answer.json["rejected"]] == [5]
    assert not (tmp_path / "home" / "objects").exists()


def test_strict_fails_for_a_bad_row_and_everything_for_none_good(omtx: Omtx, tmp_path: Path) -> None:
    path = tmp_path / "few.csv"
    path.write_text(TABLE)
    assert (omtx("check", path).code, omtx("check", path, "--strict").code) == (0, 5)
    path.write_text("name,smiles\nok,C\n")
    assert omtx("check", path, "--strict").code == 0
    path.write_text("C1CC( bad\n")
    assert omtx("check", path).code == 5


def test_an_unknown_model_or_a_file_that_is_no_library_is_refused(omtx: Omtx, tmp_path: Path) -> None:
    path = tmp_path / "few.smi"
    path.write_text("CCO\n")
    assert omtx("check", path, "--model", "alphafold9").code == 5
    assert omtx("check", tmp_path / "none.smi").code == 5
    path.write_bytes(gzip.compress(b"CCO\n" * 1000)[:-9])
    answer = omtx("check", path)
    assert (answer.code, "gzip" in answer.err) == (5, True)
