"""A batch that was taken away: whose each structure is, as ``index.csv`` of a ZIP says it."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from cli.taken import Taken
from shared.adapters.local.world import FolderSecrets
from shared.adapters.notary import SecretNotary
from shared.domain import provenance

JOBS = {"job_0a": b"the pose of ethanol", "job_0b": b"the pose of methanol"}
BATCH = "batch_0"


def listed(job: str, content: bytes) -> dict[str, Any]:
    """A line of the manifest."""
    key, digest = f"batches/{BATCH}/jobs/{job}/structure.cif", hashlib.sha256(content).hexdigest()
    return {"name": "structure.cif", "key": key, "size": len(content), "sha256": digest}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A ZIP unpacked: two structures, each in the index under its job."""
    lines = ",\n".join(json.dumps(listed(job, content)) for job, content in JOBS.items())
    head = {"batch_id": BATCH, "status": "completed", "accounting_sentence": "submitted 2 = 2 completed"}
    manifest = json.dumps(head, indent=1).removesuffix("\n}") + f',\n "artefacts": [\n{lines}\n ]\n}}'
    (tmp_path / "manifest.json").write_text(manifest)
    (tmp_path / "structures").mkdir()
    rows = [f"structures/{job}.cif,{job}" for job in JOBS]
    for job, content in JOBS.items():
        (tmp_path / "structures" / f"{job}.cif").write_bytes(content)
    (tmp_path / "index.csv").write_text("\r\n".join(["file,job_id", *rows, ",job_0c"]))
    return tmp_path


def audited(folder: Path, home: Path) -> dict[str, Any]:
    """What is found of a folder whose manifest is signed as it stands."""
    notary = SecretNotary(FolderSecrets(home))
    digest = hashlib.sha256((folder / "manifest.json").read_bytes()).hexdigest()
    payload = provenance.statement(digest, {})
    signature, public = notary.sign(provenance.to_sign(payload))
    (folder / provenance.SIGNATURE).write_bytes(provenance.sealed(payload, [signature]))
    return Taken(folder, {signature.key_id: public}, notary.is_signed).audit()


def test_what_the_index_says_is_checked(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    found = audited(folder, tmp_path_factory.mktemp("keys"))
    assert (found["ok"], found["artefacts_checked"], found["not_covered"]) == (True, 3, [])


def test_structures_under_each_others_names_are_found(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    one, other = (folder / "structures" / f"{job}.cif" for job in JOBS)
    one.write_bytes(JOBS["job_0b"])
    other.unlink()
    found = audited(folder, tmp_path_factory.mktemp("keys"))
    assert found["problems"] == [
        "index.csv calls structures/job_0a.cif that of job_0a, which it is not",
        "index.csv names structures/job_0b.cif, which is not here",
    ]


def test_what_was_converted_on_its_way_out_is_named_and_not_vouched_for(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    (folder / "structures" / "job_0a.pdb").write_bytes(b"ATOM")
    (folder / "structures" / "job_0a.txt").write_bytes(b"anything")
    found = audited(folder, tmp_path_factory.mktemp("keys"))
    assert found["not_covered"] == ["structures/job_0a.pdb"]
    assert found["problems"] == ["structures/job_0a.txt is not what the manifest lists"]
