"""What is taken away of a batch: its report as PDF, and its structures as ZIP."""

import csv
import io
import tracemalloc
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import unquote

import gemmi
import pytest
from rdkit import Chem

from services.api.artefacts import MOST_STREAMED, served
from services.api.dependencies import ports
from shared.models.work import Envelope
from shared.settings import settings
from tests.support.chain import Chain, chain_at
from tests.support.functions import Reply
from tests.support.orders import noop_order
from tests.support.screens import answers, assert_problem, deliver_all, finished, paths, store, tell

NAMES = ("aspirin", "../../etc/passwd", "名前 <b>&", "=cmd|' /C calc'!A0", "aspirin", "x" * 90)
SMILES = ("CC(=O)Oc1ccccc1C(=O)O", "CCO", "CCN", "c1ccccc1", "CC(C)Cc1ccc(cc1)C(C)C(=O)O", "C1CC1")
GLYCINE = "ATOM      1  CA  GLY A   1       1.000   2.000   3.000  1.00  0.00           C"
CIF = gemmi.read_pdb_string(GLYCINE).make_mmcif_document().as_string()
ATOM = "    1.0000    0.0000    0.0000 C   0  0"
POSE = f"\n  test\n\n  1  0  0  0  0  0  0  0  0  0999 V2000\n{ATOM}\nM  END\n$$$$\n".encode()


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chain]:
    with chain_at(tmp_path_factory.mktemp("home")) as chain:
        yield chain


def left(envelope: Envelope) -> dict[str, bytes]:
    """What the model leaves of a job: structure and pose; of the fifth one nothing."""
    if envelope.ref.position == 4:
        return {}
    return {"structure.cif": CIF.encode(), "ligand.sdf": POSE}


@pytest.fixture(scope="module")
def batch_id(chain: Chain) -> str:
    """A finished batch whose names are hostile."""
    ligands = [{"name": name, "smiles": smiles} for name, smiles in zip(NAMES, SMILES, strict=True)]
    order = noop_order() | {
        "ligands": [*ligands, {"name": "bad", "smiles": "C1CC("}],
        "job_name": "a <job> & / more",
    }
    made = str(chain.submit(order).body["batch_id"])
    deliver_all(chain)
    for envelope in answers(chain):
        files = (store(made, envelope.ref.job_id, name, content) for name, content in left(envelope).items())
        tell(chain, envelope.model_copy(update={"artefacts": (*envelope.artefacts, *files)}))
    chain.drain()
    return made


def exported(chain: Chain, batch_id: str, form: str) -> Reply:
    return chain.api(f"/api/v3/batches/{batch_id}/export/{form}")


def unpacked(reply: Reply) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(reply.raw)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def index_of(files: dict[str, bytes], batch_id: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(files[f"{batch_id}/index.csv"].decode())))


def test_the_report_is_a_pdf_and_the_same_each_time(chain: Chain, batch_id: str) -> None:
    first, again = (exported(chain, batch_id, "pdf") for _ in range(2))
    assert first.raw.startswith(b"%PDF-")
    assert first.raw.rstrip().endswith(b"%%EOF")
    assert first.raw == again.raw
    assert first.headers["Content-Type"] == "application/pdf"
    assert f"{batch_id}_report.pdf" in first.headers["Content-Disposition"]


def test_a_report_shows_as_many_ligands_as_are_asked_for(chain: Chain, batch_id: str) -> None:
    assert len(exported(chain, batch_id, "pdf?top=1").raw) < len(exported(chain, batch_id, "pdf?top=6").raw)
    refused = exported(chain, batch_id, "pdf?top=201")
    assert_problem(refused, 422)
    assert paths(refused) == ["top"]


def test_a_batch_in_which_all_failed_has_a_report_too(chain: Chain) -> None:
    assert exported(chain, finished(chain, 2, parameters={"failure_rate": 1}), "pdf").raw.startswith(b"%PDF-")


@pytest.mark.parametrize("form", ["cif", "sdf", "pdb"])
def test_structures_are_named_by_rule_and_no_name_leaves_its_folder(
    chain: Chain, batch_id: str, form: str
) -> None:
    files = unpacked(exported(chain, batch_id, f"zip?include_structures=true&format={form}"))
    structures = [name for name in files if "/structures/" in name]
    assert len(structures) == 5
    assert all(name.startswith(f"{batch_id}/structures/a_job_more_") for name in structures)
    assert all(name.endswith(f".{form}") and ".." not in name and name.count("/") == 2 for name in structures)
    assert len(set(structures)) == 5


def test_the_index_says_which_file_is_which_ligand_and_why_there_is_none(chain: Chain, batch_id: str) -> None:
    files = unpacked(exported(chain, batch_id, "zip?include_structures=true"))
    index = index_of(files, batch_id)
    assert [it["smiles"] for it in index] == list(SMILES)
    assert index[3]["ligand_name"] == "'=cmd|' /C calc'!A0"
    assert [it["note"] for it in index] == ["", "", "", "", "no structure.cif", ""]
    for it in index:
        assert (f"{batch_id}/{it['file']}" in files) == (it["note"] == "")


def test_the_best_come_by_rank(chain: Chain, batch_id: str) -> None:
    index = index_of(unpacked(exported(chain, batch_id, "zip?include_structures=true&top=2")), batch_id)
    rows = chain.api(f"/api/v3/batches/{batch_id}/results").body["results"]
    assert [it["job_id"] for it in index] == [it["job_id"] for it in rows[:2]]
    assert [it["rank"] for it in index] == ["1", "2"]


def test_parts_are_stretches_of_the_library_and_there_is_none_behind_the_last(
    chain: Chain, batch_id: str
) -> None:
    whole, part = (
        unpacked(exported(chain, batch_id, f"zip?include_structures=true{more}")) for more in ("", "&part=1")
    )
    assert whole == part
    assert_problem(exported(chain, batch_id, "zip?include_structures=true&part=2"), 404)
    assert_problem(exported(chain, batch_id, "zip?include_structures=true&part=1&top=3"), 422)


def test_a_structure_as_pdb_has_the_atoms_of_the_mmcif(chain: Chain, batch_id: str) -> None:
    files = unpacked(exported(chain, batch_id, "zip?include_structures=true&format=pdb&top=6"))
    content = next(it for name, it in files.items() if name.endswith(".pdb"))
    assert gemmi.read_pdb_string(content.decode())[0]["A"][0][0].pos.tolist() == [1.0, 2.0, 3.0]


def test_a_zip_of_thousands_is_never_in_memory(chain: Chain) -> None:
    batch = finished(chain, 1500, parameters={"payload_bytes": 20_000})
    exported(chain, batch, "zip?include_structures=true&top=10")
    tracemalloc.start()
    try:
        reply = exported(chain, batch, "zip?include_structures=true")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    index = index_of(unpacked(reply), batch)
    assert len(index) == 1500
    # The answer itself is what the test holds; beside it a few KiB a file.
    assert peak < 2 * len(reply.raw) + 8 * 2**20


@pytest.mark.parametrize("wanted", ["cif", "pdb", "sdf", "json", "metadata"])
def test_every_file_of_a_job_that_is_advertised_can_be_downloaded(
    chain: Chain, batch_id: str, wanted: str
) -> None:
    job = chain.api(f"/api/v3/batches/{batch_id}/results").body["results"][0]["job_id"]
    reply = chain.api(f"/api/v3/batches/{batch_id}/jobs/{job}/download/{wanted}")
    # The test model leaves results.json only where it leaves files of its own.
    assert reply.status == (404 if wanted == "json" and not reply.raw.startswith(b"{\n") else 200)
    assert reply.raw


def test_the_posed_ligands_carry_what_is_known_of_them(chain: Chain, batch_id: str) -> None:
    supplier = Chem.SDMolSupplier()
    supplier.SetData(exported(chain, batch_id, "sdf").raw.decode())
    first = next(iter(supplier)).GetPropsAsDict()
    assert {"rank", "score", "score_key", "score_unit", "score_direction", "seed", "model"} <= set(first)
    assert (first["rank"], first["model"]) == (1, "noop")
    assert first["smiles"] in SMILES


def test_a_large_artefact_of_the_cloud_is_fetched_from_the_store_by_a_url_that_ends(
    chain: Chain, batch_id: str
) -> None:
    in_the_cloud = replace(ports(settings().owner), artefacts_folder=None)
    closing = in_the_cloud.overview(batch_id).closing
    assert closing is not None
    table = next(it for it in closing.artefacts if it.name == "results/batch_results.csv")

    sent_on = served(in_the_cloud, table.model_copy(update={"size": MOST_STREAMED + 1}), shown="x.csv")
    assert sent_on.status_code == 302
    assert table.key in unquote(sent_on.headers["location"])
    assert sent_on.headers["cache-control"] == "no-store"
    assert exported(chain, batch_id, "csv").status == 200
