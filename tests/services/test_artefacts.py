"""The artefacts for other programs: the same rows in every form, exported as one file."""

import csv
import gzip
import io
import json
import zipfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from rdkit import Chem

from shared import wiring
from shared.domain.identity import job_id
from shared.models.work import Envelope
from tests.support.chain import Chain, chain_at
from tests.support.functions import Reply
from tests.support.orders import noop_order
from tests.support.screens import (
    answers,
    assert_problem,
    deliver_all,
    finished,
    opened,
    paths,
    status,
    store,
    tell,
)

FORMATS = ("csv", "json", "parquet", "sdf", "zip")
LIBRARY = "\n".join(
    [
        "name,smiles,note,measured",
        "=1+1,CCO,first,-5.1",
        "$$$$,CCN,,",
        '"two\n\nlines > <rank>",CCC,third,x',
        "benzéne,c1ccccc1,,7",
        "again,OCC,repeats,1",
        "bad,C1CC(,none,2",
        "> <score>,CCCC,,",
    ]
)


def pose(envelope: Envelope) -> bytes:
    """Two poses of one atom, best first, as a model writes them."""
    records = []
    for x in (1.0, 2.0):
        molecule = Chem.MolFromMolBlock(
            f"{envelope.ref.job_id}\n  test\n\n  1  0  0  0  0  0  0  0  0  0999 V2000\n"
            f"{x:10.4f}    0.0000    0.0000 C   0  0\nM  END\n"
        )
        molecule.SetProp("own", "kept")
        text = io.StringIO()
        with Chem.SDWriter(text) as writer:
            writer.write(molecule)
        records.append(text.getvalue())
    return "".join(records).encode()


def docked(chain: Chain, batch_id: str, **poses: bytes | None) -> str:
    """Finish a batch whose model leaves poses and structures; of some jobs others, or none."""
    deliver_all(chain)
    for envelope in answers(chain):
        ref, files = envelope.ref, dict[str, bytes]()
        content = poses.get(f"at_{ref.position}", pose(envelope))
        if envelope.status == "succeeded":
            files = {"structure.cif": b"data_%d\n" % ref.position} | (
                {"ligand.sdf": content} if content else {}
            )
        stored = tuple(store(ref.batch_id, ref.job_id, name, content) for name, content in files.items())
        tell(chain, envelope.model_copy(update={"artefacts": envelope.artefacts + stored}))
    chain.drain()
    return batch_id


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chain]:
    with chain_at(tmp_path_factory.mktemp("home")) as chain:
        yield chain


@pytest.fixture(scope="module")
def screen(chain: Chain) -> str:
    """Five molecules, one of them twice, and a row that is none; all with poses."""
    library = {"ligands": None, "library": {"format": "csv", "content": LIBRARY}}
    return docked(chain, chain.submit(noop_order() | library).body["batch_id"])


def export(chain: Chain, batch_id: str, form: str, query: str = "") -> Reply:
    """A batch as one file."""
    return chain.api(f"/api/v3/batches/{batch_id}/export/{form}{query}")


def rows(chain: Chain, batch_id: str) -> list[dict[str, Any]]:
    """The rows as the JSON tells them."""
    found: list[dict[str, Any]] = json.loads(export(chain, batch_id, "json").raw)["jobs"]
    return found


def parquet(chain: Chain, batch_id: str) -> Any:
    """The table as pyarrow reads it."""
    return pq.read_table(io.BytesIO(export(chain, batch_id, "parquet").raw))


def by_columns(batch_id: str) -> dict[str, Any]:
    """The table by columns."""
    key = f"batches/{batch_id}/results/results.columns.json.gz"
    found: dict[str, Any] = json.loads(gzip.decompress(wiring.local_blobs().get(key)))
    return found


def molecules(content: bytes) -> list[Any]:
    """The records of an SDF as RDKit reads them."""
    return list(Chem.ForwardSDMolSupplier(io.BytesIO(content)))


def test_parquet_holds_the_rows_of_the_csv_with_types_and_nulls(chain: Chain, screen: str) -> None:
    told = parquet(chain, screen)
    table = list(csv.reader(io.StringIO(export(chain, screen, "csv").raw.decode(), newline="")))
    assert told.column_names == table[0]
    for name, cells in zip(table[0], zip(*table[1:], strict=True), strict=True):
        values = told[name].to_pylist()
        as_text = ["" if value is None else cell_text(value) for value in values]
        assert as_text == [cell.removeprefix("'") if cell[:1] == "'" else cell for cell in cells], name
    kinds = {name: str(told.schema.field(name).type) for name in told.column_names}
    assert {kinds[name] for name in ("rank", "index", "line", "duplicate_of", "seed")} == {"int64"}
    assert {kinds[name] for name in ("affinity", "ptm_score", "execution_time")} == {"double"}
    assert {kinds[name] for name in ("smiles", "error", "library_note", "library_measured")} == {"string"}
    assert (kinds["has_structure"], kinds["completed_at"]) == ("bool", "timestamp[us, tz=UTC]")


def cell_text(value: Any) -> str:
    """A value as the CSV shows it."""
    return value.isoformat() if isinstance(value, datetime) else str(value)


def test_parquet_says_what_its_figures_mean(chain: Chain, screen: str) -> None:
    schema = parquet(chain, screen).schema
    assert json.loads(schema.metadata[b"ranking"])["direction"] == "lower is stronger"
    assert schema.metadata[b"batch_id"] == screen.encode()
    described = schema.field("affinity").metadata
    assert (described[b"unit"], described[b"direction"]) == (b"none", b"lower is stronger")


def test_the_columns_are_those_of_the_rows(chain: Chain, screen: str) -> None:
    table, told = by_columns(screen), rows(chain, screen)
    assert table["rows"] == len(told) == 7
    for name in ("rank", "ligand_name", "affinity", "status", "duplicate_of"):
        assert table["columns"][name] == [row[name] for row in told]
    assert table["columns"]["library_note"] == [row["data"].get("note") for row in told]
    assert "ptm_score" in table["empty"]
    assert not set(table["empty"]) & set(table["columns"])


def test_the_columns_are_served_so_that_a_browser_unpacks_them(chain: Chain, screen: str) -> None:
    reply = chain.api(f"/api/v3/batches/{screen}/artefacts/results/results.columns.json.gz")
    assert reply.headers["Content-Encoding"] == "gzip"
    assert reply.headers["Content-Type"] == "application/json"
    assert json.loads(gzip.decompress(reply.raw)) == by_columns(screen)


def test_poses_come_in_the_order_of_rank_each_ligand_once(chain: Chain, screen: str) -> None:
    best = [row for row in rows(chain, screen) if row["rank"] and row["duplicate_of"] is None]
    poses = molecules(export(chain, screen, "sdf").raw)
    assert len(poses) == len(best) == 5
    for found, row in zip(poses, best, strict=True):
        assert found.GetProp("_Name") == row["job_id"] == found.GetProp("job_id")
        assert int(found.GetProp("rank")) == row["rank"]
        assert float(found.GetProp("score")) == row["affinity"]
        assert (found.GetProp("score_key"), found.GetProp("score_unit")) == ("affinity", "none")
        assert found.GetProp("smiles") == row["ligand_smiles"]
        assert found.GetProp("ligand_name").split() == row["ligand_name"].split()
        assert found.GetProp("own") == "kept"
        assert found.GetConformer().GetAtomPosition(0).x == 1.0
    told = json.loads(wiring.local_blobs().get(f"batches/{screen}/manifest.json"))["poses"]
    assert told == {"file": "results/ranked.sdf", "records": 5, "missing": 0, "reason": None}


def test_ligands_without_a_pose_that_can_be_read_are_counted(chain: Chain) -> None:
    batch_id = docked(chain, opened(chain, 4), at_1=None, at_2=b"no pose\n$$$$\n")
    assert len(molecules(export(chain, batch_id, "sdf").raw)) == 2
    told = json.loads(wiring.local_blobs().get(f"batches/{batch_id}/manifest.json"))["poses"]
    assert (told["records"], told["missing"]) == (2, 2)


def test_where_nothing_is_ranked_the_manifest_says_why_there_is_no_sdf(chain: Chain) -> None:
    batch_id = opened(chain, 2, parameters={"failure_rate": 1.0})
    chain.drain()
    told = json.loads(wiring.local_blobs().get(f"batches/{batch_id}/manifest.json"))["poses"]
    assert (told["file"], told["missing"]) == (None, 0)
    assert told["reason"] == "nothing was ranked: no result has affinity"


def test_a_model_that_leaves_no_poses_gives_no_sdf_and_the_manifest_says_so(chain: Chain) -> None:
    batch_id = finished(chain, 2)
    told = json.loads(wiring.local_blobs().get(f"batches/{batch_id}/manifest.json"))["poses"]
    assert told["file"] is None
    assert told["reason"] == "noop left no ligand.sdf for any ranked ligand"
    assert_problem(export(chain, batch_id, "sdf"), 404)


def test_the_archive_holds_a_copy_that_is_verified(chain: Chain, screen: str) -> None:
    key = f"archive/{screen}/batch_metadata.json"
    stored = wiring.local_blobs().get(key)
    assert stored == wiring.local_blobs().get(f"batches/{screen}/batch_metadata.json")
    named = chain.api(f"/api/v3/batches/{screen}/artefacts/archive/batch_metadata.json")
    assert named.raw == stored
    wiring.local_blobs().put(key, stored + b" ")
    found = chain.api(f"/api/v3/batches/{screen}/verify").body
    wiring.local_blobs().put(key, stored)
    assert [problem.startswith(f"{key} is not") for problem in found["problems"]] == [True]


def test_the_record_of_a_batch_does_not_grow_with_its_library(chain: Chain) -> None:
    small, large = (finished(chain, n, parameters={"payload_bytes": 8}) for n in (2, 40))
    names = [
        [file["name"] for file in chain.api(f"/api/v3/batches/{it}/artefacts").body["artefacts"]]
        for it in (small, large)
    ]
    assert names[0] == names[1]
    described = f"jobs/{job_id(large, 3)}/metadata.json"
    assert chain.api(f"/api/v3/batches/{large}/artefacts/{described}").body["job_id"] == job_id(large, 3)
    wiring.local_blobs().delete(f"batches/{large}/{described}")
    found = chain.api(f"/api/v3/batches/{large}/verify").body
    assert found["problems"] == [f"batches/{large}/{described} is missing"]


@pytest.mark.parametrize("form", FORMATS)
def test_an_export_is_an_attachment_of_its_kind(chain: Chain, screen: str, form: str) -> None:
    reply = export(chain, screen, form)
    assert reply.status == 200
    assert reply.headers["Content-Disposition"].startswith(f'attachment; filename="{screen}')
    assert reply.headers["Content-Disposition"].endswith(f'.{form}"')


@pytest.mark.parametrize("form", FORMATS)
def test_before_the_end_there_is_no_export_and_the_reason_is_said(chain: Chain, form: str) -> None:
    batch_id = opened(chain)
    reply = export(chain, batch_id, form)
    assert_problem(reply, 409)
    assert status(chain, batch_id)["status"] in reply.body["detail"]
    chain.drain()


def test_a_format_that_is_none_is_refused_with_those_there_are(chain: Chain, screen: str) -> None:
    reply = export(chain, screen, "docx")
    assert paths(reply) == ["format"]
    assert all(form in reply.body["detail"] for form in FORMATS)
    assert paths(export(chain, screen, "zip", "?include_structures=maybe")) == ["include_structures"]


def test_a_zip_holds_table_summary_and_manifest(chain: Chain, screen: str) -> None:
    with zipfile.ZipFile(io.BytesIO(export(chain, screen, "zip").raw)) as archive:
        assert archive.testzip() is None
        names = {Path(name).name for name in archive.namelist()}
        assert names == {"batch_results.csv", "summary.json", "manifest.json", "manifest.dsse.json"}
        assert archive.read(f"{screen}/batch_results.csv") == export(chain, screen, "csv").raw


def test_a_zip_with_structures_holds_each_under_its_name(chain: Chain, screen: str) -> None:
    reply = export(chain, screen, "zip", "?include_structures=true")
    with zipfile.ZipFile(io.BytesIO(reply.raw)) as archive:
        assert archive.testzip() is None
        found = {name: archive.read(name) for name in archive.namelist() if "/structures/" in name}
    assert sorted(found.values()) == [b"data_%d\n" % n for n in range(5)]
    assert f"{screen}/structures/a_screen_T4_lysozyme_1_1_1.cif" in found


def test_a_failed_batch_is_exported_too(chain: Chain) -> None:
    batch_id = finished(chain, 2, parameters={"failure_rate": 1.0})
    assert parquet(chain, batch_id)["affinity"].to_pylist() == [None, None]
    assert by_columns(batch_id)["columns"]["error_class"] == ["model_error"] * 2
    assert export(chain, batch_id, "zip").status == 200


def test_no_column_is_lost_by_a_null_type(chain: Chain, screen: str) -> None:
    assert pa.null() not in parquet(chain, screen).schema.types
