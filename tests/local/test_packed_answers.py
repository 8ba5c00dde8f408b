"""Answers of the embedded platform to clients as users have them."""

import gzip
import json
import shutil
import subprocess

import httpx
import pytest

from tests.local.running import Running, until
from tests.support.orders import noop_order


@pytest.fixture
def screen(running: Running) -> str:
    """A finished screen whose results are worth packing."""
    batch_id = running.submit(noop_order(60))
    path = f"/api/v3/batches/{batch_id}/status"
    until(lambda: running.client.get(path).json()["finished_at"] is not None)
    return f"{running.runner.url}/api/v3/batches/{batch_id}"


def test_a_client_unpacks_what_it_asked_for(running: Running, screen: str) -> None:
    for name in ("status", "results", "artefacts/results/batch_results.csv"):
        plain = httpx.get(f"{screen}/{name}", headers={"Accept-Encoding": "identity"}, trust_env=False)
        packed = httpx.get(f"{screen}/{name}", headers={"Accept-Encoding": "gzip"}, trust_env=False)
        assert (plain.headers.get("content-encoding"), packed.headers["content-encoding"]) == (None, "gzip")
        assert packed.content == plain.content
        again = httpx.get(
            f"{screen}/{name}", headers={"If-None-Match": packed.headers["etag"]}, trust_env=False
        )
        assert (again.status_code, again.content) == (304, b"")


def test_a_connection_stays_usable_after_answers_without_a_body(running: Running, screen: str) -> None:
    for name in ("status", "artefacts/results/batch_results.csv", "export/csv"):
        whole = running.client.get(f"{screen}/{name}")
        assert running.client.head(f"{screen}/{name}").status_code == 200
        asked = {"If-None-Match": whole.headers["etag"]}
        assert running.client.get(f"{screen}/{name}", headers=asked).status_code == 304
        assert running.client.get(f"{screen}/{name}").content == whole.content


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_curl_asks_for_what_it_can_unpack(running: Running, screen: str) -> None:
    asked = ["curl", "--silent", "--compressed", "--noproxy", "*", f"{screen}/results?page_size=50"]
    answer = subprocess.run(asked, capture_output=True, check=True, timeout=30)
    assert len(json.loads(answer.stdout)["results"]) == 50


def test_a_packed_order_is_refused_and_nothing_is_unpacked(running: Running) -> None:
    bomb = gzip.compress(bytes(64 * 2**20))
    for path in ("/api/v3/batches/submit", "/api/predict", "/api/v3/batches/x/control/pause"):
        answer = running.client.post(path, content=bomb, headers={"Content-Encoding": "gzip"})
        assert answer.status_code in (400, 415, 422), (path, answer.text)
    assert running.client.get("/api/v3/batches").json()["batches"] == []
