"""Whatever users wrote, what leaves is harmless: tables, archives, names of files, pages."""

import csv
import io
import json
import re
import zipfile
from pathlib import PurePosixPath

import pytest

from shared.domain.cells import FORMULA, NUMBER
from tests.security.conftest import NAMES, SCRIPT, Home

TABLES = ("export/csv", "results?format=csv", "enhanced-results?format=csv", "artefacts/rejected.csv")
FILE_NAME = re.compile(r'attachment; filename="[A-Za-z0-9._-]+"')
FILES = ("export/csv", "export/json", "export/parquet", "export/zip", "export/pdf", "artefacts/manifest.json")


def cells(text: bytes) -> list[str]:
    return [cell for row in csv.reader(io.StringIO(text.decode())) for cell in row]


def assert_nothing_runs(text: bytes) -> None:
    """No cell is a formula; there are some that were."""
    found = cells(text)
    assert any(cell.startswith("'") for cell in found)
    assert [cell for cell in found if cell.startswith(FORMULA) and not NUMBER.fullmatch(cell)] == []


@pytest.mark.parametrize("table", TABLES)
def test_no_cell_of_a_table_runs_in_a_spreadsheet(home: Home, table: str) -> None:
    status, raw, _ = home.get(f"/api/v3/batches/{home.batch}/{table}")
    assert status == 200
    assert_nothing_runs(raw)


def test_an_archive_unpacks_below_its_folder_and_its_tables_do_not_run(home: Home) -> None:
    status, raw, _ = home.get(f"/api/v3/batches/{home.batch}/export/zip?include_structures=true")
    assert status == 200
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        for it in archive.infolist():
            path = PurePosixPath(it.filename)
            assert path.parts[0] == home.batch
            assert ".." not in path.parts
            assert not re.search(r"[\\:\x00-\x1f]", it.filename)
            if path.suffix == ".csv":
                assert_nothing_runs(archive.read(it))


@pytest.mark.parametrize("file", FILES)
def test_the_name_of_a_file_breaks_out_of_no_header(home: Home, file: str) -> None:
    status, _, headers = home.get(f"/api/v3/batches/{home.batch}/{file}")
    assert status == 200
    assert FILE_NAME.fullmatch(headers["content-disposition"])
    assert "set-cookie" not in headers


@pytest.mark.parametrize("wanted", ["json", "metadata", "log"])
def test_the_name_of_a_jobs_file_breaks_out_of_no_header(home: Home, wanted: str) -> None:
    page = json.loads(home.get(f"/api/v3/batches/{home.batch}/status?page_size=100")[1])
    assert len(page["jobs"]) == len(NAMES)
    for job in page["jobs"]:
        status, _, headers = home.get(f"/api/jobs/{job['job_id']}/download/{wanted}")
        assert status == 200
        assert FILE_NAME.fullmatch(headers["content-disposition"])
        assert "set-cookie" not in headers


PAGES = (
    "/docs",
    "/openapi.json",
    "/health",
    "/metrics",
    "/api/v3/batches",
    "/api/v3/depict.svg?smiles=CCO",
    f"/api/v3/depict.svg?smiles=CCO&legend={SCRIPT}",
    f"/api/{SCRIPT}",
    f"/api/v3/depict.svg?smiles={SCRIPT}",
    f"/api/v2/results/search?q={SCRIPT}",
)


@pytest.mark.parametrize("page", PAGES)
def test_a_browser_runs_nothing_of_an_answer_and_shows_none_in_a_frame(home: Home, page: str) -> None:
    _, raw, headers = home.get(page)
    assert headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    if "html" in headers["content-type"] or "svg" in headers["content-type"]:
        assert b"<script" not in raw


@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
def test_no_page_of_another_site_reads_anything(home: Home, method: str) -> None:
    headers = {"origin": "http://localhost", "access-control-request-method": "GET"}
    for path in ("/api/v3/batches", "/api/v3/batches/submit", "/health", "/metrics"):
        assert not [it for it in home.ask(method, path, b"", **headers)[2] if it.startswith("access-control")]
    assert home.ask(method, "/api/v3/batches", b"", origin="https://elsewhere.example")[0] == 403
