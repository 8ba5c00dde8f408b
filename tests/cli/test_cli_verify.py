"""``omtx verify``: of a batch on the server, and of one that was taken away."""

import json
import zipfile
from pathlib import Path

from tests.cli.program import Omtx, submitted


def taken(omtx: Omtx, library: Path, into: Path) -> Path:
    """A finished batch as files, and the public keys of its server."""
    batch = submitted(omtx, library, "--wait", payload_bytes=10)
    assert omtx("results", batch, "--structures", "--output", into / "it.zip").code == 0
    with zipfile.ZipFile(into / "it.zip") as archive:
        archive.extractall(into)
    return into / batch


def test_what_was_taken_away_verifies_with_the_keys_of_the_server(
    omtx: Omtx, library: Path, tmp_path: Path
) -> None:
    folder = taken(omtx, library, tmp_path)
    answer = omtx("verify", folder)
    assert (answer.code, answer.json["ok"], answer.json["batch_id"]) == (0, True, folder.name)
    assert answer.json["sentence"].startswith("submitted 3 = 3 completed")
    assert answer.json["artefacts_checked"] == 3
    assert answer.json["not_covered"] == []
    assert answer.json["signed_by"] == omtx("verify", folder.name).json["signed_by"]


def test_a_changed_file_and_a_changed_manifest_are_found(omtx: Omtx, library: Path, tmp_path: Path) -> None:
    folder = taken(omtx, library, tmp_path)
    table = folder / "batch_results.csv"
    table.write_text(table.read_text().replace("ethanol", "methanol"))
    answer = omtx("verify", folder)
    assert (answer.code, answer.json["problems"]) == (
        9,
        ["batch_results.csv is not what the manifest lists"],
    )
    manifest = folder / "manifest.json"
    manifest.write_text(manifest.read_text().replace("noop", "vina"))
    assert "the signature is of another manifest" in omtx("verify", folder).json["problems"]


def test_only_trusted_keys_count(omtx: Omtx, library: Path, tmp_path: Path) -> None:
    folder = taken(omtx, library, tmp_path)
    (tmp_path / "none.json").write_text(json.dumps({"keys": []}))
    answer = omtx("verify", folder, "--key", tmp_path / "none.json")
    assert answer.code == 9
    assert "whose key is not known" in answer.json["problems"][0]


def test_a_folder_without_a_manifest_and_a_key_that_is_none_are_refused(omtx: Omtx, tmp_path: Path) -> None:
    answer = omtx("verify", tmp_path)
    assert (answer.code, "manifest.json" in answer.err) == (5, True)
    (tmp_path / "key.json").write_text('{"kid": "x", "x": "AAAA"}')
    assert omtx("verify", tmp_path, "--key", tmp_path / "key.json").code == 5
    assert omtx("verify", "batch_x", "--key", tmp_path / "key.json").code == 5
